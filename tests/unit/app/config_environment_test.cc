#include "app/config_environment.h"

#include <gmock/gmock.h>

#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

class ConfigEnvironmentTest : public ConfigTest {};

TEST_F(ConfigEnvironmentTest, WinsOverTheFile) {
  UseYaml("grpc: {listen: 127.0.0.1:1}\nupstream: {image_hosts: [a.example.com]}\n");
  environment.variables["EASEL_GRPC_LISTEN"] = "127.0.0.1:2";
  environment.variables["EASEL_IMAGE_HOSTS"] = "b.example.com, *.c.example.com";
  environment.variables["EASEL_POLL_INTERVAL"] = "200ms";
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->settings.grpc().listen(), "127.0.0.1:2");
  EXPECT_THAT(config->settings.upstream().image_hosts(), testing::ElementsAre("b.example.com", "*.c.example.com"));
  EXPECT_EQ(ToDuration(config->settings.upstream().poll_interval()), absl::Milliseconds(200));
}

TEST_F(ConfigEnvironmentTest, AnEmptyVariableCountsAsAbsent) {
  UseYaml("grpc: {listen: 127.0.0.1:1}\n");
  environment.variables["EASEL_GRPC_LISTEN"] = "";
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->settings.grpc().listen(), "127.0.0.1:1");
}

TEST_F(ConfigEnvironmentTest, NamesEveryVariableThatIsWrong) {
  environment.variables["EASEL_GRPC_LISTEN"] = "nowhere";
  environment.variables["EASEL_IMAGE_HOSTS"] = "good.example.com,bad host";
  environment.variables["EASEL_STORE"] = "mysql://ada:secret@db/easel";
  EXPECT_EQ(Problems(),
            "EASEL_GRPC_LISTEN: expected host:port, such as 127.0.0.1:8080 or [::1]:0, got \"nowhere\"\n"
            "EASEL_IMAGE_HOSTS: expected host names without port, such as images.example.com or *.example.com, got "
            "\"good.example.com,bad host\"\n"
            "EASEL_STORE: expected sqlite, memory or postgres://USER@HOST:PORT/DATABASE, got \"mysql://***\"");
}

TEST_F(ConfigEnvironmentTest, NamesTheFileThatCannotBeRead) {
  environment.variables["EASEL_CONFIG"] = Path("missing.yaml");
  EXPECT_EQ(Problems(), "EASEL_CONFIG: cannot read \"DIR/missing.yaml\": No such file or directory");
  flags.config_file = Path("");
  EXPECT_EQ(Problems(), "--config: cannot read \"DIR/\": Is a directory");
}

TEST_F(ConfigEnvironmentTest, HintsAtMistypedVariablesOnly) {
  environment.variables["EASEL_RETENTON"] = "1d";
  environment.variables["EASEL_PORT_50051_TCP_ADDR"] = "10.0.0.1";
  environment.variables["EASEL_SERVER"] = "127.0.0.1:50051";
  EXPECT_THAT(HintsOnVariables(environment),
              testing::ElementsAre("EASEL_RETENTON is no setting; did you mean EASEL_RETENTION?"));
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->warnings.size(), 1u);
}

TEST(EnvironmentTest, ReadsThisProcess) {
  setenv("EASEL_ENVIRONMENT_TEST", "a=b", 1);
  EXPECT_EQ(ReadEnvironment().Get("EASEL_ENVIRONMENT_TEST"), "a=b");
  EXPECT_EQ(ReadEnvironment().Get("EASEL_ENVIRONMENT_TEST_2"), std::nullopt);
}

}  // namespace
}  // namespace easel::app
