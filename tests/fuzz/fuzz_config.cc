// The configuration: any file with any environment is either refused in plain words, or printed and read again it is the
// same.
// Input: YAML; a line "--- environment"; lines NAME=VALUE.
#include "app/config_environment.h"
#include "app/config_print.h"
#include "app/config_rules.h"
#include "app/config_yaml.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/fuzz/fuzz.h"

namespace easel::fuzz {
namespace {

using app::Environment;
using app::Problems;
using app::Settings;
using app::Sources;

constexpr char kSecret[] = "k3ysecretABCDEF";

Environment ReadVariables(std::string_view text) {
  Environment environment;
  while (!text.empty()) {
    std::string_view line = TakeUntil(text, "\n");
    const std::string name(TakeUntil(line, "="));
    if (!name.ends_with("_FILE")) environment.variables[name] = std::string(line);  // no file of this machine is read
  }
  environment.variables["ZAI_API_KEY"] = kSecret;
  return environment;
}

void CheckProblems(const Problems& problems) {
  for (const std::string& line : problems.lines()) {
    Require(!line.empty() && !HasControl(line), "a problem is one line", line);
    Require(line.find(kSecret) == line.npos, "a problem shows no key", line);
  }
}

void CheckPrinted(const Settings& settings) {
  const std::string printed = app::PrintYaml(settings);
  Require(printed.find(kSecret) == printed.npos, "no key is printed", printed);
  Settings again;
  Sources sources;
  Problems problems;
  // What is empty stays away from the file, and the key does not belong there.
  Settings plain = settings;
  plain.mutable_upstream()->clear_api_key();
  app::ReadYaml("printed", app::PrintYaml(plain), again, sources, problems);
  Require(problems.lines().empty(), "what is printed can be read", problems.lines().empty() ? "" : problems.lines()[0]);
  Require(app::PrintYaml(again) == app::PrintYaml(plain), "printed and read again it is the same", printed);
}

}  // namespace
}  // namespace easel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace easel::fuzz;
  std::string_view input = View(data, size);
  if (input.find(kSecret) != input.npos) return 0;  // whoever writes the key into the file is shown what is wrong there
  const std::string yaml(TakeUntil(input, "--- environment\n"));
  Settings settings;
  Sources sources;
  Problems problems;
  easel::app::ReadYaml("easel.yaml", yaml, settings, sources, problems);
  easel::app::ApplyEnvironment(ReadVariables(input), settings, sources, problems);
  easel::app::ApplyDefaults(settings, sources);
  easel::app::CheckConsistency(settings, sources, problems);
  easel::app::CheckSafety(settings, sources, {.has_key = true}, problems);
  CheckProblems(problems);
  if (problems.lines().empty()) CheckPrinted(settings);
  return 0;
}
