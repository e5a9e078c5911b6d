#include "app/config_print.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "app/config_environment.h"
#include "app/config_yaml.h"
#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

using testing::HasSubstr;
using testing::Not;

class ConfigPrintTest : public ConfigTest {};

constexpr char kEveryKindOfSetting[] = R"(http: {public_url: "https://easel.example.com"}
upstream:
  image_hosts: ["*.example.com", "::1"]
  poll_first: 1h30m
  prices:
    - {model: glm-image, quality: standard, cost_micros: 1, currency: EUR}
images: {max_bytes: 1MiB}
runtime: {io_threads: 2}
sandbox: {latency_scale: 0.1}
traces: {otlp_endpoint: "http://127.0.0.1:4318"}
)";

TEST_F(ConfigPrintTest, PrintsWhatCanBeReadBack) {
  UseYaml(kEveryKindOfSetting);
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  Settings again;
  Sources sources;
  class Problems problems;
  ReadYaml("printed", PrintYaml(config->settings), again, sources, problems);
  EXPECT_TRUE(problems.ToStatus().ok()) << problems.ToStatus();
  ApplyDefaults(again, sources);
  EXPECT_EQ(again.DebugString(), config->settings.DebugString());
}

TEST_F(ConfigPrintTest, PrintsReadableValues) {
  UseYaml(kEveryKindOfSetting);
  const std::string yaml = PrintYaml(Load()->settings);
  EXPECT_THAT(yaml, HasSubstr("grpc:\n  listen: 127.0.0.1:50051\n"));
  EXPECT_THAT(yaml, HasSubstr("  poll_first: 1h30m\n"));
  EXPECT_THAT(yaml, HasSubstr("  glm_image_mode: async\n"));
  EXPECT_THAT(yaml, HasSubstr("  max_bytes: 1MiB\n"));
  EXPECT_THAT(yaml, HasSubstr("  latency_scale: 0.1\n"));
}

TEST_F(ConfigPrintTest, MasksEverySecret) {
  environment.variables["ZAI_API_KEY"] = "key.SECRET";
  environment.variables["EASEL_PROXY"] = "http://ada:SECRET@proxy:3128";
  environment.variables["SECOND_KEY"] = "second.SECRET";
  UseYaml("upstream: {keys: [{api_key_env: SECOND_KEY}]}\n");
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string yaml = PrintYaml(config->settings);
  EXPECT_THAT(yaml, Not(HasSubstr("SECRET")));
  EXPECT_THAT(yaml, HasSubstr("  api_key: \"***\"\n"));
  EXPECT_THAT(yaml, HasSubstr("http://***@proxy:3128"));
  EXPECT_THAT(yaml, HasSubstr("api_key_env: SECOND_KEY"));
}

TEST_F(ConfigPrintTest, TheTableHasEverySetting) {
  const std::string table = PrintTable();
  EXPECT_THAT(table, HasSubstr("| `grpc.listen` | `EASEL_GRPC_LISTEN` | `127.0.0.1:50051` | "));
  EXPECT_THAT(table, HasSubstr("|  | `ZAI_API_KEY`, `ZAI_API_KEY_FILE` |  | "));
  for (const Leaf& leaf : Leaves()) {
    if (!SettingOf(leaf.field).secret()) {
      EXPECT_THAT(table, HasSubstr("`" + leaf.path + "`"));
    }
  }
}

TEST_F(ConfigPrintTest, TheReadmeHasThisTable) {
  const std::string begin = "<!-- settings -->\n", end = "<!-- /settings -->";
  std::ifstream file(README_PATH);
  std::stringstream readme;
  readme << file.rdbuf();
  const std::string text = readme.str();
  const auto from = text.find(begin);
  if (from == std::string::npos) GTEST_SKIP() << "README.md has no place for the table of settings yet";
  const auto first = from + begin.size();
  EXPECT_EQ(text.substr(first, text.find(end) - first), PrintTable())
      << "Put what bin/easel_config_table prints between the marks.";
}

}  // namespace
}  // namespace easel::app
