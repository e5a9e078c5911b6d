#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "app/config_kinds.h"
#include "app/config_schema.h"
#include "app/config_tls.h"
#include "app/environment.h"
#include "app/flags.h"
#include "google/protobuf/duration.pb.h"

namespace easel::app {

// A checked configuration: file, environment and defaults in one. Immutable after LoadConfig.
struct Config {
  // Every setting with its value, by the names of proto/easel/config/v1/config.proto, as settings.upstream().base_url();
  // durations through ToDuration. Always set: data_dir, URLs (without a slash at the end), both listen addresses. Empty
  // or 0 where the schema says "worked out at start": http.public_url, runtime.io_threads,
  // admission.prompt_max_code_points.
  Settings settings;

  // Secret. Keys of the upstream, each once, in the order to be tried; empty only with `sandbox`.
  std::vector<std::string> api_keys;

  // Secret. The same of each of upstream.fallbacks; none of them is empty.
  std::vector<std::vector<std::string>> fallback_keys;

  // Serve from the built-in sandbox: asked for with --sandbox (keys are then ignored), or for want of a key.
  bool sandbox = false;

  // Set if the gRPC listener speaks TLS.
  std::optional<TlsIdentity> grpc_tls;

  ListenAddress grpc_listen;
  ListenAddress http_listen;

  // For the log, one line each; without secrets.
  std::vector<std::string> warnings;
};

inline absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

// Where a configuration comes from: the same for as long as the process lives, unlike what the files say.
struct ConfigSource {
  Flags flags;
  Environment environment;
};

// Reads the file that --config or EASEL_CONFIG names, lays the environment over it, fills in defaults, reads secrets and
// certificates, and checks it all. INVALID_ARGUMENT: every problem, one a line, in words for the operator.
absl::StatusOr<Config> LoadConfig(const Flags& flags, const Environment& environment);

// What `easeld --check` says: one line.
std::string Summary(const Config& config);

}  // namespace easel::app
