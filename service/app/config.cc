#include "app/config.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "app/config_callers.h"
#include "app/config_environment.h"
#include "app/config_keys.h"
#include "app/config_problems.h"
#include "app/config_rules.h"
#include "app/config_sources.h"
#include "app/config_text.h"
#include "app/config_yaml.h"
#include "app/read_file.h"

namespace easel::app {
namespace {

void ReadConfigFile(const Flags& flags, const Environment& environment, Settings& settings, Sources& sources,
                    Problems& problems) {
  const auto file = flags.config_file ? flags.config_file : environment.Get("EASEL_CONFIG");
  if (!file) return;
  const auto text = ReadSmallFile(*file);
  if (!text.ok()) {
    const std::string where = flags.config_file ? "--config" : "EASEL_CONFIG";
    problems.Add(where, absl::StrCat("cannot read ", Quoted(*file), ": ", text.status().message()));
    return;
  }
  ReadYaml(*file, *text, settings, sources, problems);
}

// Relative paths are taken from where easeld was started, for good: nothing later depends on the working directory.
void ResolveDataDir(const Environment& environment, Settings& settings, Problems& problems) {
  if (settings.data_dir().empty()) settings.set_data_dir(DefaultDataDir(environment, problems));
  if (settings.data_dir().empty()) return;
  std::error_code error;
  const auto path = std::filesystem::absolute(settings.data_dir(), error).lexically_normal();
  if (!error) settings.set_data_dir(path.string());
}

void AddWarnings(const Environment& environment, const Sources& sources, Config& config) {
  if (config.sandbox && !config.api_keys.empty()) {
    config.warnings.push_back("--sandbox is given, so the upstream key is not used");
  } else if (config.sandbox && sources.contains("upstream.base_url")) {
    config.warnings.push_back("ZAI_BASE_URL is set, but no ZAI_API_KEY: the sandbox is used instead");
  }
  for (std::string& hint : HintsOnVariables(environment)) config.warnings.push_back(std::move(hint));
}

// A secret that is missing must not turn a service with upstreams into one of sample pictures.
void CheckFirstKey(const Config& config, const Flags& flags, const Sources& sources, Problems& problems) {
  if (!config.api_keys.empty() || flags.sandbox || config.settings.upstream().fallbacks().empty()) return;
  problems.Add(sources.at("upstream.fallbacks"),
               "there are fallbacks, but no key of the first upstream: set ZAI_API_KEY (or ZAI_API_KEY_FILE), or add "
               "--sandbox to serve sample pictures on purpose");
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const Flags& flags, const Environment& environment) {
  Config config;
  Settings& settings = config.settings;
  Sources sources;
  Problems problems;
  ReadConfigFile(flags, environment, settings, sources, problems);
  ApplyEnvironment(environment, settings, sources, problems);
  ApplyDefaults(settings, sources);
  ResolveDataDir(environment, settings, problems);

  config.api_keys = CollectKeys(environment, settings, sources, problems);
  config.fallback_keys = CollectFallbackKeys(environment, settings, sources, problems);
  config.sandbox = flags.sandbox || config.api_keys.empty();
  config.grpc_tls = ReadTls(settings, sources, problems, config.warnings);
  CheckFirstKey(config, flags, sources, problems);
  CheckConsistency(settings, sources, problems);
  CheckCallers(settings, sources, problems);
  const bool callers_known = CallersNeedCredentials(settings) || settings.grpc().tls_client_required();
  CheckSafety(settings, sources, {flags.sandbox, flags.insecure, !config.api_keys.empty(), callers_known}, problems);
  if (const absl::Status status = problems.ToStatus(); !status.ok()) return status;

  config.grpc_listen = *ParseListenAddress(settings.grpc().listen());
  config.http_listen = *ParseListenAddress(settings.http().listen());
  AddWarnings(environment, sources, config);
  return config;
}

namespace {

std::string WithFallbacks(const Config& config) {
  const std::size_t count = config.fallback_keys.size();
  if (count == 0) return "";
  return absl::StrCat(" and ", count, count == 1 ? " fallback" : " fallbacks");
}

}  // namespace

std::string Summary(const Config& config) {
  const auto& settings = config.settings;
  const std::string upstream =
      config.sandbox ? "the built-in sandbox"
                     : absl::StrCat(settings.upstream().base_url(), " with ", config.api_keys.size(),
                                    config.api_keys.size() == 1 ? " key" : " keys", WithFallbacks(config));
  return absl::StrCat("The configuration is fine: gRPC on ", settings.grpc().listen(), config.grpc_tls ? " with TLS" : "",
                      ", HTTP on ", settings.http().listen(), ", upstream ", upstream, ", data in ",
                      settings.data_dir(), ".");
}

}  // namespace easel::app
