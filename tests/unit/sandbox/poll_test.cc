#include "gtest/gtest.h"
#include "sandbox/task.h"
#include "tests/unit/sandbox/sandbox_client.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;

std::string TaskId(const Answer& accepted) { return json::value_to<std::string>(accepted.Json().at("id")); }

TEST(PollTest, ATaskThatRunsSaysProcessing) {
  Fixture fixture({}, 1000);
  const std::string id = TaskId(fixture.client.Async(Ask("a cat")));
  const json::object body = fixture.client.Poll(id).Json();
  EXPECT_EQ(body.at("task_status"), "PROCESSING");
  EXPECT_EQ(body.at("id"), json::string(id));
  EXPECT_FALSE(body.contains("image_result"));
}

TEST(PollTest, UnknownTasksAndThoseOfOtherKeysAreRefused) {
  Fixture fixture;
  const std::string id = TaskId(fixture.client.Async(Ask("a cat")));
  EXPECT_EQ(fixture.client.Poll("8353992347972780031").Code(), "1214");
  EXPECT_EQ(SandboxClient(fixture.sandbox->address(), "another-key").Poll(id).Code(), "1214");
  EXPECT_EQ(fixture.client.Call("GET", fixture.client.Url("/api/paas/v4/async-result/" + id)).Code(), "1001");
}

TEST(PollTest, ASyncGenerationIsNoTask) {
  Fixture fixture;
  EXPECT_EQ(fixture.client.Poll(TaskId(fixture.client.Sync(Ask("a cat")))).Code(), "1214");
}

TEST(PollTest, TimesFollowTheQualityThePromptAndTheScale) {
  Submission hd;
  hd.quality = "hd";
  hd.prompt = "a cat";
  Submission standard = hd;
  standard.quality = "standard";
  Submission other = hd;
  other.prompt = "a dog";
  EXPECT_GE(RenderTime(hd, 1), absl::Seconds(17));
  EXPECT_LE(RenderTime(hd, 1), absl::Seconds(23));
  EXPECT_GE(RenderTime(standard, 1), absl::Seconds(5));
  EXPECT_LE(RenderTime(standard, 1), absl::Seconds(10));
  EXPECT_EQ(RenderTime(hd, 1), RenderTime(hd, 1));
  EXPECT_NE(RenderTime(hd, 1), RenderTime(other, 1));
  EXPECT_LE(RenderTime(hd, 0.1), absl::Seconds(2.3));
}

}  // namespace
}  // namespace easel::sandbox
