#include "app/config_live.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "app/config_value.h"

namespace easel::app {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Everything else is built into objects that live as long as the process.
bool IsLive(const std::string& path) {
  static const auto* const live = new std::set<std::string>{
      "admission.queue_max",     "callers",
      "grpc.tls_cert_file",      "grpc.tls_client_ca_file",
      "grpc.tls_key_file",       "log.level",
      "upstream.api_key",        "upstream.concurrency_max",
      "upstream.concurrency_start", "upstream.keys",
      "upstream.prices"};
  return live->contains(path);
}

// As text; of a list of entries, what is not live itself.
std::string Shown(const Settings& settings, const Leaf& leaf) {
  const Message& holder = Holder(settings, leaf);
  std::string shown;
  if (!IsMessageList(leaf.field)) {
    for (const std::string& text : Texts(holder, leaf.field)) absl::StrAppend(&shown, text, "\n");
    return shown;
  }
  const auto* reflection = holder.GetReflection();
  for (int i = 0; i < reflection->FieldSize(holder, leaf.field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(holder, leaf.field, i);
    if (const auto* fallback = dynamic_cast<const config::v1::FallbackUpstream*>(&entry)) {
      config::v1::FallbackUpstream rest = *fallback;
      rest.clear_keys();
      rest.clear_prices();
      absl::StrAppend(&shown, rest.SerializeAsString(), "\n");
    } else {
      absl::StrAppend(&shown, entry.SerializeAsString(), "\n");
    }
  }
  return shown;
}

void Add(const std::string& path, std::vector<std::string>& files) {
  if (!path.empty()) files.push_back(path);
}

void AddKeys(const google::protobuf::RepeatedPtrField<config::v1::UpstreamKey>& keys, std::vector<std::string>& files) {
  for (const auto& key : keys) Add(key.api_key_file(), files);
}

}  // namespace

std::vector<std::string> NeedRestart(const Settings& running, const Settings& fresh) {
  std::vector<std::string> paths;
  for (const Leaf& leaf : Leaves()) {
    if (!IsLive(leaf.path) && Shown(running, leaf) != Shown(fresh, leaf)) paths.push_back(leaf.path);
  }
  const auto& now = running.grpc();
  const auto& then = fresh.grpc();
  if (now.tls_cert_file().empty() != then.tls_cert_file().empty()) paths.push_back("grpc.tls_cert_file");
  if (now.tls_client_ca_file().empty() != then.tls_client_ca_file().empty()) paths.push_back("grpc.tls_client_ca_file");
  return paths;
}

std::vector<std::string> FilesOf(const Flags& flags, const Environment& environment, const Settings& settings) {
  std::vector<std::string> files;
  const auto own = flags.config_file ? flags.config_file : environment.Get("EASEL_CONFIG");
  if (own) Add(*own, files);
  for (const Leaf& leaf : Leaves()) {
    const auto& setting = SettingOf(leaf.field);
    if (setting.secret() && !setting.env().empty()) Add(environment.Get(setting.env() + "_FILE").value_or(""), files);
  }
  AddKeys(settings.upstream().keys(), files);
  for (const auto& fallback : settings.upstream().fallbacks()) AddKeys(fallback.keys(), files);
  const auto& grpc = settings.grpc();
  for (const std::string& path : {grpc.tls_cert_file(), grpc.tls_key_file(), grpc.tls_client_ca_file()}) Add(path, files);
  return files;
}

}  // namespace easel::app
