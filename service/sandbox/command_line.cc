#include "sandbox/command_line.h"

#include <cmath>
#include <functional>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace easel::sandbox {
namespace {

using FlagSetter = std::function<bool(CommandLine&, const std::string&)>;

bool ReadScale(const std::string& text, double& scale) {
  return absl::SimpleAtod(text, &scale) && std::isfinite(scale) && scale >= 0;
}

bool ReadCount(const std::string& text, int& count) { return absl::SimpleAtoi(text, &count) && count >= 0; }

bool AddKey(SandboxOptions& options, const std::string& key) {
  if (key.empty()) return false;
  options.keys.push_back(key);
  return true;
}

bool ReadText(const std::string& text, std::string& value) {
  value = text;
  return !text.empty();
}

const std::map<std::string, FlagSetter> kWithValue = {
    {"--listen", [](CommandLine& line, const std::string& v) { return ReadText(v, line.options.listen); }},
    {"--ready-file", [](CommandLine& line, const std::string& v) { return ReadText(v, line.ready_file); }},
    {"--state-dir", [](CommandLine& line, const std::string& v) { return ReadText(v, line.options.state_directory); }},
    {"--latency-scale", [](CommandLine& line, const std::string& v) { return ReadScale(v, line.options.latency_scale); }},
    {"--concurrency", [](CommandLine& line, const std::string& v) { return ReadCount(v, line.options.concurrency); }},
    {"--key", [](CommandLine& line, const std::string& v) { return AddKey(line.options, v); }},
    {"--prompt-limit",
     [](CommandLine& line, const std::string& v) { return absl::SimpleAtoi(v, &line.options.max_prompt_code_points); }},
};

// Sets what a word without a value stands for; false if it is none of these.
bool SetSwitch(CommandLine& line, const std::string& word) {
  if (word == "--help" || word == "-h") {
    line.help = true;
  } else if (word == "--signed-urls") {
    line.options.signed_urls = true;
  } else if (word == "--reject-duplicates") {
    line.options.reject_duplicates = true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

const char kUsage[] =
    "Usage: easeld sandbox [options]\n"
    "\n"
    "Runs a local Z.AI: glm-image and cogview-4-250304, sync and async, with its own image host.\n"
    "Nothing is paid and nothing leaves this machine; the pictures say SANDBOX.\n"
    "\n"
    "  --listen HOST:PORT    where it listens (127.0.0.1:0, a free port)\n"
    "  --ready-file PATH     gets {\"http\": \"HOST:PORT\"} once it serves\n"
    "  --latency-scale X     times of generation are multiplied by X (1: about 20 s for hd, 7 s for standard)\n"
    "  --concurrency N       unfinished generations for each key and model before 1302 (5; 0: no limit)\n"
    "  --key KEY             an API key that is let in; may be repeated (none: any key is)\n"
    "  --state-dir DIR       keeps tasks and ledger there, across restarts\n"
    "  --prompt-limit N      longest prompt in characters (65536)\n"
    "  --signed-urls         image URLs with a signed query\n"
    "  --reject-duplicates   1231 for a request_id that was accepted before\n"
    "\n"
    "Try it:\n"
    "  easeld sandbox --listen 127.0.0.1:8090 --latency-scale 0.1 &\n"
    "  curl -H 'Authorization: Bearer any' -H 'Content-Type: application/json' \\\n"
    "    -d '{\"model\": \"glm-image\", \"prompt\": \"a poster that says \\\"Hello\\\"\"}' \\\n"
    "    http://127.0.0.1:8090/api/paas/v4/images/generations\n"
    "  curl http://127.0.0.1:8090/sandbox/ledger\n"
    "\n"
    "A prompt may ask for trouble, [[sandbox: code=1302 times=2]]; POST /sandbox/faults does the same from outside.\n";

absl::StatusOr<CommandLine> ReadCommandLine(const std::vector<std::string>& args) {
  CommandLine line;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (SetSwitch(line, args[i])) continue;
    const std::size_t equals = args[i].find('=');
    const std::string word = args[i].substr(0, equals);
    const auto setter = kWithValue.find(word);
    if (setter == kWithValue.end()) return absl::InvalidArgumentError(absl::StrCat("unknown word \"", args[i], "\""));
    if (equals == std::string::npos && i + 1 == args.size()) {
      return absl::InvalidArgumentError(absl::StrCat(word, " needs a value"));
    }
    const std::string value = equals == std::string::npos ? args[++i] : args[i].substr(equals + 1);
    if (!setter->second(line, value)) {
      return absl::InvalidArgumentError(absl::StrCat(word, " cannot be \"", word == "--key" ? "" : value, "\""));
    }
  }
  return line;
}

}  // namespace easel::sandbox
