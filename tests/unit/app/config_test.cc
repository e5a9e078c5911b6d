#include "app/config.h"

#include <gmock/gmock.h>

#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

using testing::HasSubstr;

TEST_F(ConfigTest, HasTheDefaultsOfTheSchema) {
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  const Settings& settings = config->settings;
  EXPECT_EQ(settings.grpc().listen(), "127.0.0.1:50051");
  EXPECT_EQ(settings.http().listen(), "127.0.0.1:8080");
  EXPECT_EQ(settings.http().public_url(), "");
  EXPECT_EQ(settings.upstream().base_url(), "https://api.z.ai/api/paas/v4");
  EXPECT_EQ(settings.upstream().glm_image_mode(), config::v1::GLM_IMAGE_MODE_ASYNC);
  EXPECT_EQ(ToDuration(settings.upstream().poll_first()), absl::Seconds(5));
  EXPECT_EQ(ToDuration(settings.upstream().timeout()), absl::Seconds(330));
  EXPECT_EQ(settings.upstream().concurrency_start(), 2);
  EXPECT_EQ(settings.upstream().concurrency_max(), 32);
  EXPECT_EQ(settings.store().location(), "sqlite");
  EXPECT_EQ(ToDuration(settings.store().retention()), absl::Hours(168));
  EXPECT_EQ(settings.images().location(), "file");
  EXPECT_EQ(settings.images().max_bytes(), 64 << 20);
  EXPECT_EQ(settings.admission().queue_max(), 1000);
  EXPECT_EQ(settings.admission().prompt_max_code_points(), 0);
  EXPECT_EQ(ToDuration(settings.timeouts().submit()), absl::Minutes(15));
  EXPECT_EQ(ToDuration(settings.timeouts().grace_period()), absl::Seconds(70));
  EXPECT_EQ(settings.log().level(), config::v1::LOG_LEVEL_INFO);
  EXPECT_EQ(settings.sandbox().latency_scale(), 1.0);
}

TEST_F(ConfigTest, KeepsDataWhereTheUserIsAtHome) {
  EXPECT_EQ(Load()->settings.data_dir(), "/home/ada/.local/state/easel");
  environment.variables["XDG_STATE_HOME"] = "relative";
  EXPECT_EQ(Load()->settings.data_dir(), "/home/ada/.local/state/easel");
  environment.variables["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(Load()->settings.data_dir(), "/state/easel");
  environment.root = true;
  EXPECT_EQ(Load()->settings.data_dir(), "/var/lib/easel");
  environment.variables["EASEL_DATA_DIR"] = "some/../where";
  EXPECT_EQ(Load()->settings.data_dir(), (std::filesystem::current_path() / "where").string());
}

TEST_F(ConfigTest, AsksForADirectoryWhereThereIsNoHome) {
  environment.variables.clear();
  EXPECT_EQ(Problems(), "EASEL_DATA_DIR: there is no HOME to keep data in: name a directory");
}

TEST_F(ConfigTest, SumsItselfUpInOneLine) {
  environment.variables["ZAI_API_KEY"] = "key.SECRET";
  EXPECT_EQ(Summary(*Load()),
            "The configuration is fine: gRPC on 127.0.0.1:50051, HTTP on 127.0.0.1:8080, upstream "
            "https://api.z.ai/api/paas/v4 with 1 key, data in /home/ada/.local/state/easel.");
  environment.variables.erase("ZAI_API_KEY");
  EXPECT_THAT(Summary(*Load()), HasSubstr("upstream the built-in sandbox"));
}

}  // namespace
}  // namespace easel::app
