#include "app/config_keys.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "app/config_environment.h"
#include "app/config_text.h"

namespace easel::app {
namespace {

using config::v1::UpstreamKey;

std::string ReadEntry(const Environment& environment, const UpstreamKey& entry, const std::string& where,
                      const std::string& path, Problems& problems) {
  if (entry.api_key_env().empty() == entry.api_key_file().empty()) {
    problems.Add(where, absl::StrCat(path, ": expected either api_key_env or api_key_file"));
    return "";
  }
  if (!entry.api_key_file().empty()) return ReadSecretFile(where, entry.api_key_file(), problems);
  const auto value = environment.Get(entry.api_key_env());
  if (!value) {
    problems.Add(where, absl::StrCat(path, ": the environment variable ", entry.api_key_env(), " is not set"));
  }
  return value.value_or("");
}

// A key goes into an HTTP header: what cannot stand there is a broken key, or an attempt to add a header.
bool IsPrintable(const std::string& key) {
  return std::all_of(key.begin(), key.end(), [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

void AddKeys(const std::string& where, const std::string& text, std::vector<std::string>& keys, Problems& problems) {
  for (const std::string& key : SplitList(absl::StrReplaceAll(text, {{"\n", ","}}))) {
    if (!IsPrintable(key)) {
      problems.Add(where, "the key holds a space, a control character or a letter beyond ASCII; was it copied whole?");
    } else if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      keys.push_back(key);
    }
  }
}

using Entries = google::protobuf::RepeatedPtrField<UpstreamKey>;

void AddEntries(const Environment& environment, Entries& entries, const std::string& list, const Sources& sources,
                std::vector<std::string>& keys, Problems& problems) {
  for (int i = 0; i < entries.size(); ++i) {
    const std::string path = absl::StrCat(list, "[", i, "]");
    const std::string& where = sources.at(path);
    entries[i].set_api_key(ReadEntry(environment, entries[i], where, path, problems));
    AddKeys(where, entries[i].api_key(), keys, problems);
  }
}

}  // namespace

std::vector<std::string> CollectKeys(const Environment& environment, Settings& settings, const Sources& sources,
                                     Problems& problems) {
  std::vector<std::string> keys;
  auto& upstream = *settings.mutable_upstream();
  if (!upstream.api_key().empty()) AddKeys(sources.at("upstream.api_key"), upstream.api_key(), keys, problems);
  AddEntries(environment, *upstream.mutable_keys(), "upstream.keys", sources, keys, problems);
  return keys;
}

std::vector<std::vector<std::string>> CollectFallbackKeys(const Environment& environment, Settings& settings,
                                                          const Sources& sources, Problems& problems) {
  std::vector<std::vector<std::string>> all;
  auto& fallbacks = *settings.mutable_upstream()->mutable_fallbacks();
  for (int i = 0; i < fallbacks.size(); ++i) {
    const std::string path = absl::StrCat("upstream.fallbacks[", i, "]");
    const std::size_t before = problems.lines().size();
    std::vector<std::string>& keys = all.emplace_back();
    AddEntries(environment, *fallbacks[i].mutable_keys(), path + ".keys", sources, keys, problems);
    if (keys.empty() && problems.lines().size() == before) problems.Add(sources.at(path), absl::StrCat(path, ": has no key"));
  }
  return all;
}

}  // namespace easel::app
