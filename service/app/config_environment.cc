#include "app/config_environment.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "app/config_text.h"
#include "app/config_value.h"
#include "app/read_file.h"

namespace easel::app {
namespace {

// Variables that are no settings, and yet right: of the client, and the file's own.
const char* const kOtherVariables[] = {"EASEL_CONFIG", "EASEL_SERVER", "EASEL_CALLER", "EASEL_API_KEY", "EASEL_API_KEY_FILE"};

std::vector<std::string> KnownVariables() {
  std::vector<std::string> names(std::begin(kOtherVariables), std::end(kOtherVariables));
  for (const Leaf& leaf : Leaves()) {
    const auto& setting = SettingOf(leaf.field);
    if (setting.env().empty()) continue;
    names.push_back(setting.env());
    if (setting.secret()) names.push_back(absl::StrCat(setting.env(), "_FILE"));
  }
  return names;
}

}  // namespace

std::string ReadSecretFile(const std::string& where, const std::string& path, Problems& problems) {
  // What holds no slash may be the secret itself, put into the wrong place.
  const std::string file = absl::StrContains(path, '/') ? Quoted(path) : "the file that it names";
  auto content = ReadSmallFile(path);
  if (!content.ok()) {
    problems.Add(where, absl::StrCat("cannot read ", file, ": ", content.status().message()));
    return "";
  }
  absl::StripAsciiWhitespace(&*content);
  if (content->empty()) problems.Add(where, absl::StrCat(file, " is empty; expected a secret in it"));
  return *content;
}

std::string ReadSecret(const Environment& environment, const std::string& env, Problems& problems) {
  const auto value = environment.Get(env);
  const std::string file_variable = absl::StrCat(env, "_FILE");
  const auto file = environment.Get(file_variable);
  if (value && file) {
    problems.Add(env, absl::StrCat("set either it or ", file_variable, ", not both"));
    return "";
  }
  return file ? ReadSecretFile(file_variable, *file, problems) : value.value_or("");
}

void ApplyEnvironment(const Environment& environment, Settings& settings, Sources& sources, Problems& problems) {
  for (const Leaf& leaf : Leaves()) {
    const auto& setting = SettingOf(leaf.field);
    if (setting.env().empty()) continue;
    const std::string text = setting.secret() ? ReadSecret(environment, setting.env(), problems)
                                              : environment.Get(setting.env()).value_or("");
    if (text.empty()) continue;
    if (SetWholeFromText(Holder(settings, leaf), leaf.field, text)) {
      sources[leaf.path] = setting.env();
    } else {
      problems.Add(setting.env(), Unfit(leaf.field, text));
    }
  }
}

void ApplyDefaults(Settings& settings, const Sources& sources) {
  for (const Leaf& leaf : Leaves()) {
    const std::string& text = SettingOf(leaf.field).default_value();
    if (!text.empty() && !sources.contains(leaf.path)) SetFromText(Holder(settings, leaf), leaf.field, text);
  }
}

std::vector<std::string> HintsOnVariables(const Environment& environment) {
  const std::vector<std::string> known = KnownVariables();
  std::vector<std::string> hints;
  for (const auto& [name, value] : environment.variables) {
    if (!absl::StartsWith(name, "EASEL_") || std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string nearest = Nearest(name, known, 2);
    if (!nearest.empty()) hints.push_back(absl::StrCat(name, " is no setting; did you mean ", nearest, "?"));
  }
  return hints;
}

}  // namespace easel::app
