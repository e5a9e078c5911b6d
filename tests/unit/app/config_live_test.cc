#include "app/config_live.h"

#include <gmock/gmock.h>

#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class ConfigLiveTest : public ConfigTest {
 protected:
  Settings Read(const std::string& yaml) {
    UseYaml(yaml);
    const auto config = Load();
    EXPECT_TRUE(config.ok()) << config.status();
    return config.ok() ? config->settings : Settings();
  }
};

TEST_F(ConfigLiveTest, WhatMayChangeNeedsNoRestart) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  const Settings before = Read("");
  environment.variables["ZAI_API_KEY"] = "key.two";
  const Settings after = Read("upstream:\n"
                              "  concurrency_start: 3\n"
                              "  concurrency_max: 9\n"
                              "  prices: [{model: glm-image, quality: hd, cost_micros: 1, currency: USD}]\n"
                              "admission: {queue_max: 7}\n"
                              "log: {level: debug}\n"
                              "callers: [{name: a}]\n");
  EXPECT_THAT(NeedRestart(before, after), ElementsAre());
}

TEST_F(ConfigLiveTest, EverythingElseIsNamed) {
  const Settings before = Read("");
  const Settings after = Read("grpc: {listen: \"127.0.0.1:1\"}\nruntime: {io_threads: 3}\nupstream: {image_hosts: [a.example]}\n");
  EXPECT_THAT(NeedRestart(before, after), ElementsAre("grpc.listen", "upstream.image_hosts", "runtime.io_threads"));
}

TEST_F(ConfigLiveTest, OfAFallbackKeysAndPricesMayChange) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  environment.variables["A"] = "key.a";
  environment.variables["B"] = "key.b";
  const std::string head = "upstream:\n  fallbacks:\n    - base_url: https://one.example/v4\n      keys: [{api_key_env: ";
  const Settings before = Read(head + "A}]\n");
  EXPECT_THAT(NeedRestart(before, Read(head + "B}]\n")), ElementsAre());
  EXPECT_THAT(NeedRestart(before, Read(head + "A}]\n      rejects_duplicates: true\n")), ElementsAre("upstream.fallbacks"));
}

TEST_F(ConfigLiveTest, TheFilesAreThoseOfKeysAndOfItself) {
  const std::string key = WriteFile("key", "key.one");
  const std::string other = WriteFile("other", "key.two");
  environment.variables["ZAI_API_KEY_FILE"] = key;
  const Settings settings = Read("upstream: {keys: [{api_key_file: \"" + other + "\"}]}\n");
  EXPECT_THAT(FilesOf(flags, environment, settings), UnorderedElementsAre(Path("easel.yaml"), key, other));
}

}  // namespace
}  // namespace easel::app
