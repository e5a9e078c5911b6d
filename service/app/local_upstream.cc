#include <fstream>

#include "absl/strings/str_cat.h"
#include "app/files.h"
#include "app/parts.h"
#ifdef EASEL_HAS_SANDBOX
#include "sandbox/sandbox.h"
#endif

namespace easel::app {

#ifdef EASEL_HAS_SANDBOX

// At the port of the last time if it is free: addresses of images in its tasks and in our records stay good.
absl::StatusOr<LocalUpstream> StartLocalUpstream(const Config& config) {
  sandbox::SandboxOptions options;
  options.keys = {"sandbox"};
  options.latency_scale = config.settings.sandbox().latency_scale();
  const std::string port_file = NeedsDirectory(config) ? DataPath(config, "upstream.address") : "";
  if (NeedsDirectory(config)) options.state_directory = DataPath(config, "upstream");
  if (std::ifstream last(port_file); last) std::getline(last, options.listen);
  auto started = sandbox::Sandbox::Start(options);
  if (!started.ok() && options.listen != sandbox::SandboxOptions().listen) {
    options.listen = sandbox::SandboxOptions().listen;
    started = sandbox::Sandbox::Start(options);
  }
  if (!started.ok()) return started.status();
  const std::shared_ptr<sandbox::Sandbox> running = *std::move(started);
  if (!port_file.empty()) {
    if (absl::Status written = WriteWhole(port_file, running->address() + "\n", 0600); !written.ok()) return written;
  }
  return LocalUpstream{running, running->base_url()};
}

#else

absl::StatusOr<LocalUpstream> StartLocalUpstream(const Config&) {
  return absl::FailedPreconditionError("this easeld was built without the sandbox; set ZAI_API_KEY");
}

#endif

}  // namespace easel::app
