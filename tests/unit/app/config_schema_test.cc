#include "app/config_schema.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "app/config_value.h"

namespace easel::app {
namespace {

TEST(ConfigSchemaTest, EverySettingHasALineOfHelp) {
  for (const Leaf& leaf : Leaves()) EXPECT_FALSE(SettingOf(leaf.field).help().empty()) << leaf.path;
}

TEST(ConfigSchemaTest, EverySettingOutsideListsOfEntriesHasAVariableOfItsOwn) {
  std::set<std::string> seen;
  for (const Leaf& leaf : Leaves()) {
    const std::string& env = SettingOf(leaf.field).env();
    if (IsMessageList(leaf.field)) continue;
    // Ours, and those that official libraries read too.
    const auto begins = [&env](const char* prefix) { return absl::StartsWith(env, prefix); };
    EXPECT_TRUE(begins("EASEL_") || begins("ZAI_") || begins("AWS_") || begins("OTEL_")) << leaf.path;
    EXPECT_TRUE(seen.insert(env).second) << env;
  }
}

TEST(ConfigSchemaTest, EveryDefaultIsAValueOfItsSetting) {
  for (const Leaf& leaf : Leaves()) {
    const std::string& text = SettingOf(leaf.field).default_value();
    Settings settings;
    if (!text.empty()) {
      EXPECT_TRUE(SetFromText(Holder(settings, leaf), leaf.field, text)) << leaf.path;
    }
  }
}

// An enum without a default would start as its UNSPECIFIED.
TEST(ConfigSchemaTest, EveryWordHasADefault) {
  for (const Leaf& leaf : Leaves()) {
    if (leaf.field->enum_type() != nullptr) {
      EXPECT_FALSE(SettingOf(leaf.field).default_value().empty()) << leaf.path;
    }
  }
}

TEST(ConfigSchemaTest, PathsFollowTheSections) {
  std::set<std::string> paths;
  for (const Leaf& leaf : Leaves()) paths.insert(leaf.path);
  EXPECT_TRUE(paths.contains("data_dir"));
  EXPECT_TRUE(paths.contains("grpc.listen"));
  EXPECT_TRUE(paths.contains("timeouts.grace_period"));
  EXPECT_FALSE(paths.contains("grpc"));
}

}  // namespace
}  // namespace easel::app
