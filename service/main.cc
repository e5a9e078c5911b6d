// easeld: images from GLM-Image and CogView-4 over gRPC. Flags -> Config -> App -> run -> exit code.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/app.h"
#include "app/config.h"
#include "app/config_print.h"
#include "app/drain.h"
#include "app/environment.h"
#include "app/flags.h"
#ifdef EASEL_HAS_SANDBOX
#include "sandbox/command.h"
#endif

namespace {

int Refuse(const absl::Status& status) {
  std::fprintf(stderr, "easeld: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

int Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace easel::app;
  const absl::StatusOr<Flags> flags = ParseFlags({argv + 1, argv + argc});
  if (!flags.ok()) return Refuse(flags.status());
  if (flags->action == Action::kHelp) return Print(HelpText());
  if (flags->action == Action::kVersion) return Print("easeld " + Version() + "\n");
#ifdef EASEL_HAS_SANDBOX
  if (flags->action == Action::kSandboxAlone) return easel::sandbox::RunSandbox(flags->sandbox_arguments);
#endif

  const ConfigSource source{.flags = *flags, .environment = ReadEnvironment()};
  absl::StatusOr<Config> config = LoadConfig(source.flags, source.environment);
  if (!config.ok()) return Refuse(config.status());
  if (flags->action == Action::kPrintConfig) return Print(PrintYaml(config->settings));
  if (flags->action == Action::kCheck) return Print(Summary(*config) + "\n");

  const Signals signals;
  absl::StatusOr<std::unique_ptr<App>> app = App::Start(*std::move(config), source, flags->ready_file);
  if (!app.ok()) return Refuse(app.status());
  (*app)->RunUntil(signals);
  return 0;
}
