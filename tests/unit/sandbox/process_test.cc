// `easeld sandbox` as a process.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/sandbox/sandbox_client.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "easel-sandbox-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~ProcessTest() override {
    if (child > 0) Kill(SIGKILL);
    std::filesystem::remove_all(directory);
  }

  void Spawn(std::vector<std::string> args) {
    args.insert(args.begin(), SANDBOX_ALONE);
    std::vector<char*> words;
    for (std::string& arg : args) words.push_back(arg.data());
    words.push_back(nullptr);
    child = ::fork();
    if (child != 0) return;
    if (std::freopen((directory + "/out").c_str(), "w", stdout) == nullptr) ::_exit(99);
    if (std::freopen((directory + "/err").c_str(), "w", stderr) == nullptr) ::_exit(99);
    ::execv(words[0], words.data());
    ::_exit(99);
  }

  // Starts it and waits for the ready file; answers with the address in it.
  std::string Serve() {
    const std::string ready = directory + "/ready";
    std::filesystem::remove(ready);
    Spawn({"--ready-file", ready, "--latency-scale", "0", "--state-dir", directory + "/state"});
    while (!std::filesystem::exists(ready) && ::waitpid(child, nullptr, WNOHANG) == 0) std::this_thread::yield();
    return json::value_to<std::string>(json::parse(ReadFile(ready)).at("http"));
  }

  int Wait() {
    int status = 0;
    ::waitpid(child, &status, 0);
    child = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  int Kill(int signal) {
    ::kill(child, signal);
    return Wait();
  }

  std::string directory;
  pid_t child = 0;
};

TEST_F(ProcessTest, SaysWhereItListensAndEndsOnEitherSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const std::string address = Serve();
    EXPECT_EQ(SandboxClient(address).Async(Ask("a cat")).status, 200);
    EXPECT_EQ(Kill(signal), 0);
    EXPECT_EQ(ReadFile(directory + "/out"),
              "easeld sandbox: a local Z.AI at http://" + address + "/api/paas/v4, any API key is let in\n");
    EXPECT_EQ(ReadFile(directory + "/err"), "");
  }
}

TEST_F(ProcessTest, AKilledSandboxKnowsItsTasksAgain) {
  std::string address = Serve();
  const Answer accepted = SandboxClient(address).Async(Ask("a cat"));
  const std::string id = json::value_to<std::string>(accepted.Json().at("id"));
  EXPECT_EQ(Kill(SIGKILL), -SIGKILL);
  address = Serve();
  const SandboxClient client(address);
  EXPECT_EQ(client.Fetch(ImageUrl(client.Poll(id))).status, 200);
  EXPECT_EQ(client.Ledger().at("charged"), 1);
}

TEST_F(ProcessTest, ErrorsAreOneLineAndAnExitCode) {
  Spawn({"--listen", "nonsense"});
  EXPECT_EQ(Wait(), 1);
  EXPECT_EQ(ReadFile(directory + "/err"), "easeld sandbox: \"nonsense\" is no address to listen on: give host:port, such as "
                                          "127.0.0.1:8080 or [::1]:0\n");
  Spawn({"--colour", "red"});
  EXPECT_EQ(Wait(), 2);
  EXPECT_THAT(ReadFile(directory + "/err"), StartsWith("easeld sandbox: unknown word \"--colour\""));
  Spawn({"--ready-file", directory + "/missing/ready"});
  EXPECT_EQ(Wait(), 1);
  EXPECT_THAT(ReadFile(directory + "/err"), HasSubstr("cannot write the ready file"));
}

TEST_F(ProcessTest, HelpTeaches) {
  Spawn({"--help"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_THAT(ReadFile(directory + "/out"), HasSubstr("--latency-scale"));
}

}  // namespace
}  // namespace easel::sandbox
