#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/digest.h"
#include "tests/unit/sandbox/png_file.h"
#include "tests/unit/sandbox/sandbox_client.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "easel-sandbox-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~LedgerTest() override { std::filesystem::remove_all(directory); }

  SandboxOptions Kept() const {
    SandboxOptions options;
    options.state_directory = directory + "/deep/state";
    return options;
  }
  std::string Journal() const { return Kept().state_directory + "/sandbox.jsonl"; }

  std::string directory;
};

TEST_F(LedgerTest, TellsWhatWasSubmittedChargedAndFetched) {
  Fixture fixture;
  json::object body = Ask("a secret prompt");
  body["user_id"] = "user-123";
  body["request_id"] = "request-1";
  const Answer accepted = fixture.client.Async(body);
  const std::string id = json::value_to<std::string>(accepted.Json().at("id"));
  const Answer result = fixture.client.Poll(id);
  fixture.client.Poll(id);
  fixture.client.Fetch(ImageUrl(result));
  body["size"] = "1x1";
  fixture.client.Async(body);

  const json::object ledger = fixture.client.Ledger();
  EXPECT_EQ(ledger.at("submitted"), 2);
  EXPECT_EQ(ledger.at("refused"), 1);
  EXPECT_EQ(ledger.at("charged"), 1);
  EXPECT_EQ(ledger.at("charged_micros"), 15000);
  EXPECT_EQ(ledger.at("fetched"), 1);
  EXPECT_EQ(ledger.at("polls"), 2);
  const json::object first = ledger.at("entries").as_array().at(0).as_object();
  EXPECT_EQ(first.at("endpoint"), "async");
  EXPECT_EQ(first.at("model"), "glm-image");
  EXPECT_EQ(first.at("quality"), "hd");
  EXPECT_EQ(first.at("size"), "512x512");
  EXPECT_EQ(first.at("key"), json::string(Fingerprint("a-key")));
  EXPECT_EQ(first.at("request_id"), "request-1");
  EXPECT_EQ(first.at("user_id"), "user-123");
  EXPECT_EQ(first.at("prompt_sha256"), json::string(Sha256Hex("a secret prompt")));
  EXPECT_EQ(first.at("accepted"), true);
  EXPECT_EQ(first.at("task_id"), json::string(id));
  EXPECT_EQ(first.at("polls"), 2);
  EXPECT_EQ(first.at("fetched"), 1);
  const json::object second = ledger.at("entries").as_array().at(1).as_object();
  EXPECT_EQ(second.at("accepted"), false);
  EXPECT_EQ(second.at("code"), "1214");
  EXPECT_EQ(second.at("http"), 400);
  EXPECT_EQ(second.at("task_id"), nullptr);
  EXPECT_THAT(json::serialize(ledger), Not(HasSubstr("secret")));
  EXPECT_THAT(json::serialize(ledger), Not(HasSubstr("a-key")));
}

TEST_F(LedgerTest, TheTotalsCanBeHadAlone) {
  Fixture fixture;
  fixture.client.Async(Ask("a cat"));
  const json::object totals = fixture.client.Call("GET", fixture.client.Url("/sandbox/ledger?entries=0")).Json();
  EXPECT_EQ(totals.at("charged"), 1);
  EXPECT_FALSE(totals.contains("entries"));
}

TEST_F(LedgerTest, ResetForgetsEverything) {
  Fixture fixture(Kept());
  const std::string url = MakeImage(fixture.client, "a cat");
  fixture.client.AskForFault({{"hang", true}});
  EXPECT_EQ(fixture.client.Call("POST", fixture.client.Url("/sandbox/reset")).status, 200);
  EXPECT_EQ(fixture.client.Ledger().at("submitted"), 0);
  EXPECT_EQ(fixture.client.Fetch(url).status, 404);
  EXPECT_EQ(fixture.client.Async(Ask("a cat")).status, 200);
  EXPECT_EQ(std::filesystem::file_size(Journal()) > 0, true);
}

TEST_F(LedgerTest, ARestartKeepsTasksPicturesAndTheLedger) {
  std::string id, path, before;
  {
    Fixture fixture(Kept());
    id = json::value_to<std::string>(fixture.client.Async(Ask("“春节” [[sandbox: filter=3 signed]]")).Json().at("id"));
    fixture.client.Async(Ask("[[sandbox: code=1302]]"));
    const std::string url = ImageUrl(fixture.client.Poll(id));
    path = url.substr(url.find("/images/"));
    before = fixture.client.Fetch(url).body;
  }
  Fixture fixture(Kept());
  EXPECT_EQ(fixture.client.Ledger().at("submitted"), 2);
  EXPECT_EQ(fixture.client.Ledger().at("charged"), 1);
  EXPECT_EQ(fixture.client.Ledger().at("polls"), 1);
  EXPECT_EQ(fixture.client.Ledger().at("fetched"), 1);
  const Answer result = fixture.client.Poll(id);
  EXPECT_EQ(result.Json().at("task_status"), "SUCCESS");
  EXPECT_TRUE(result.Json().contains("content_filter"));
  EXPECT_EQ(ImageUrl(result), fixture.client.Url(path));
  EXPECT_EQ(fixture.client.Fetch(ImageUrl(result)).body, before);
}

TEST_F(LedgerTest, ARestartKeepsTheTimeAndThePlaceOfARunningTask) {
  SandboxOptions options = Kept();
  options.concurrency = 1;
  std::string id;
  {
    Fixture fixture(options, 1000);
    id = json::value_to<std::string>(fixture.client.Async(Ask("a cat")).Json().at("id"));
  }
  Fixture fixture(options, 1000);
  EXPECT_EQ(fixture.client.Poll(id).Json().at("task_status"), "PROCESSING");
  EXPECT_EQ(fixture.client.Async(Ask("a dog")).Code(), "1302");
}

TEST_F(LedgerTest, HalfALineAtTheEndOfTheJournalIsNoTrouble) {
  { Fixture(Kept()).client.Async(Ask("a cat")); }
  std::ofstream(Journal(), std::ios::app) << R"({"event":"submit","entry":{"at")";
  { Fixture(Kept()).client.Async(Ask("a dog")); }
  Fixture fixture(Kept());
  EXPECT_EQ(fixture.client.Ledger().at("charged"), 2);
}

TEST_F(LedgerTest, AForeignJournalOrDirectoryIsRefusedByName) {
  std::filesystem::create_directories(Kept().state_directory);
  std::ofstream(Journal()) << "{\"something\":1}\n";
  EXPECT_THAT(std::string(Sandbox::Start(Kept()).status().message()), HasSubstr(Journal()));
  SandboxOptions options;
  options.state_directory = Journal() + "/below-a-file";
  EXPECT_THAT(std::string(Sandbox::Start(options).status().message()), HasSubstr(options.state_directory));
}

}  // namespace
}  // namespace easel::sandbox
