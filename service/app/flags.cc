#include "app/flags.h"


#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "app/config_text.h"

namespace easel::app {
namespace {

const std::vector<std::string>& Names() {
  static const auto* const names = new std::vector<std::string>{
      "--config", "--check", "--print-config", "--sandbox", "--insecure", "--ready-file", "--help", "--version"};
  return *names;
}

absl::Status SeeHelp(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(what, "; easeld --help lists what there is"));
}

// The first of these wins over the others, whatever their order: a call for help is never answered with a start.
void Raise(Flags& flags, Action action) {
  if (static_cast<int>(action) > static_cast<int>(flags.action)) flags.action = action;
}

bool SetSwitch(const std::string& name, Flags& flags) {
  if (name == "--sandbox") {
    flags.sandbox = true;
  } else if (name == "--insecure") {
    flags.insecure = true;
  } else if (name == "--check") {
    Raise(flags, Action::kCheck);
  } else if (name == "--print-config") {
    Raise(flags, Action::kPrintConfig);
  } else if (name == "--help" || name == "-h") {
    Raise(flags, Action::kHelp);
  } else if (name == "--version") {
    Raise(flags, Action::kVersion);
  } else {
    return false;
  }
  return true;
}

std::optional<std::string>* ValueOf(const std::string& name, Flags& flags) {
  if (name == "--config") return &flags.config_file;
  if (name == "--ready-file") return &flags.ready_file;
  return nullptr;
}

}  // namespace

absl::StatusOr<Flags> ParseFlags(const std::vector<std::string>& arguments) {
  Flags flags;
  if (!arguments.empty() && arguments.front() == "sandbox") {
    flags.action = Action::kSandboxAlone;
    flags.sandbox_arguments.assign(arguments.begin() + 1, arguments.end());
    return flags;
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto equals = arguments[i].find('=');
    const std::string name = arguments[i].substr(0, equals);
    const bool has_value = equals != std::string::npos;
    if (auto* const value = ValueOf(name, flags)) {
      if (!has_value && i + 1 == arguments.size()) return SeeHelp(absl::StrCat(name, " needs a file behind it"));
      *value = has_value ? arguments[i].substr(equals + 1) : arguments[++i];
      if (value->value().empty()) return SeeHelp(absl::StrCat(name, " needs a file behind it"));
    } else if (!absl::StartsWith(name, "-")) {
      return SeeHelp(absl::StrCat("easeld takes no argument ", Quoted(name)));
    } else if (!SetSwitch(name, flags)) {
      return SeeHelp(absl::StrCat("there is no flag ", Quoted(name), DidYouMean(name, Names())));
    } else if (has_value) {
      return SeeHelp(absl::StrCat(name, " takes no value"));
    }
  }
  return flags;
}

std::string HelpText() {
  return R"(easeld: images from GLM-Image and CogView-4 over gRPC, never lost and never paid twice.

Usage: easeld [flags]
       easeld sandbox --listen 127.0.0.1:0 [flags]     the local Z.AI alone; easeld sandbox --help

  --config FILE       settings as YAML; EASEL_CONFIG names it too
  --check             check the configuration, say what it comes to, and exit
  --print-config      print every setting as YAML, secrets masked, and exit
  --sandbox           serve sample pictures from the built-in sandbox; nothing is paid
  --insecure          listen beyond this machine although callers need no credentials
  --ready-file PATH   written once easeld serves: {"grpc": "host:port", "http": "host:port"}
  --version           print the version and exit
  --help              print this and exit

The key comes from ZAI_API_KEY, or from the file that ZAI_API_KEY_FILE names. Without one, easeld serves its sandbox.
Every setting is an environment variable too, which wins over the file: EASEL_GRPC_LISTEN=127.0.0.1:0 easeld

  ZAI_API_KEY=... easeld                      images from Z.AI on 127.0.0.1:50051
  easeld --config easel.yaml --check          is this file right?
  easeld --sandbox --ready-file ready.json    try it, without a key
)";
}

std::string Version() { return EASEL_VERSION; }

}  // namespace easel::app
