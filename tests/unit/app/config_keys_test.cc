#include <gmock/gmock.h>

#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

using testing::ElementsAre;

class ConfigKeysTest : public ConfigTest {
 protected:
  std::vector<std::string> Keys() {
    const auto config = Load();
    EXPECT_TRUE(config.ok()) << config.status();
    return config.ok() ? config->api_keys : std::vector<std::string>{};
  }
};

TEST_F(ConfigKeysTest, ComeFromTheVariableInOrderAndOnce) {
  environment.variables["ZAI_API_KEY"] = "key.one, key.two,key.one";
  EXPECT_THAT(Keys(), ElementsAre("key.one", "key.two"));
}

TEST_F(ConfigKeysTest, ComeFromAFileByLineOrComma) {
  environment.variables["ZAI_API_KEY_FILE"] = WriteFile("keys", "key.one\nkey.two,key.three\r\n\n");
  EXPECT_THAT(Keys(), ElementsAre("key.one", "key.two", "key.three"));
}

TEST_F(ConfigKeysTest, OfEntriesAreAddedBehind) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  environment.variables["SECOND_KEY"] = "key.two";
  UseYaml("upstream:\n  keys:\n    - api_key_env: SECOND_KEY\n    - api_key_env: ZAI_API_KEY\n    - api_key_file: " +
          WriteFile("key", "key.three\n") + "\n");
  EXPECT_THAT(Keys(), ElementsAre("key.one", "key.two", "key.three"));
}

TEST_F(ConfigKeysTest, AreNotTakenFromVariableAndFileAtOnce) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  environment.variables["ZAI_API_KEY_FILE"] = "/run/secrets/zai";
  EXPECT_EQ(Problems(), "ZAI_API_KEY: set either it or ZAI_API_KEY_FILE, not both");
}

TEST_F(ConfigKeysTest, ThatCannotBeReadAreNamedByTheirPlace) {
  environment.variables["ZAI_API_KEY_FILE"] = Path("nothing");
  EXPECT_EQ(ProblemsOf("upstream:\n  keys:\n    - api_key_env: ABSENT\n    - {}\n    - api_key_file: " +
                       WriteFile("empty", " \n") + "\n"),
            "ZAI_API_KEY_FILE: cannot read \"DIR/nothing\": No such file or directory\n"
            "easel.yaml:3: upstream.keys[0]: the environment variable ABSENT is not set\n"
            "easel.yaml:4: upstream.keys[1]: expected either api_key_env or api_key_file\n"
            "easel.yaml:5: \"DIR/empty\" is empty; expected a secret in it");
}

TEST_F(ConfigKeysTest, OfFallbacksAreTheirOwn) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  environment.variables["SECOND"] = "key.two,key.three";
  environment.variables["THIRD"] = "key.four";
  UseYaml("upstream:\n  fallbacks:\n    - base_url: https://two.test/v4/\n      keys: [{api_key_env: SECOND}]\n"
          "    - {base_url: \"https://three.test/v4\", keys: [{api_key_env: THIRD}], rejects_duplicates: true}\n");
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->api_keys, ElementsAre("key.one"));
  EXPECT_THAT(config->fallback_keys, ElementsAre(ElementsAre("key.two", "key.three"), ElementsAre("key.four")));
  EXPECT_EQ(config->settings.upstream().fallbacks(0).base_url(), "https://two.test/v4");
  EXPECT_FALSE(config->settings.upstream().fallbacks(0).rejects_duplicates());
  EXPECT_TRUE(config->settings.upstream().fallbacks(1).rejects_duplicates());
  EXPECT_THAT(Summary(*config), testing::HasSubstr("https://api.z.ai/api/paas/v4 with 1 key and 2 fallbacks"));
}

TEST_F(ConfigKeysTest, OfFallbacksMustBeThere) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  EXPECT_EQ(ProblemsOf("upstream:\n  fallbacks:\n    - base_url: https://two.test/v4\n      keys: []\n"
                       "    - base_url: https://three.test/v4\n      keys:\n        - api_key_env: ABSENT\n"
                       "    - keys: [{api_key_env: ZAI_API_KEY}]\n"),
            "easel.yaml:8: upstream.fallbacks[2]: missing: base_url (an http or https URL without user, query and "
            "fragment)\n"
            "easel.yaml:3: upstream.fallbacks[0]: has no key\n"
            "easel.yaml:7: upstream.fallbacks[1].keys[0]: the environment variable ABSENT is not set");
}

TEST_F(ConfigKeysTest, OfTheFirstUpstreamAreNeededWhereThereAreFallbacks) {
  environment.variables["SECOND"] = "key.two";
  EXPECT_EQ(ProblemsOf("upstream:\n  fallbacks:\n    - {base_url: \"https://two.test/v4\", keys: [{api_key_env: SECOND}]}\n"),
            "easel.yaml:2: there are fallbacks, but no key of the first upstream: set ZAI_API_KEY (or ZAI_API_KEY_FILE), "
            "or add --sandbox to serve sample pictures on purpose");
}

TEST_F(ConfigKeysTest, AnUpstreamIsNamedOnceAndAFallbackModelIsOne) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  EXPECT_EQ(ProblemsOf("upstream:\n  fallback_model: dall-e\n  fallbacks:\n"
                       "    - {base_url: \"https://api.z.ai/api/paas/v4\", keys: [{api_key_env: ZAI_API_KEY}]}\n"),
            "easel.yaml:4: upstream.fallbacks[0].base_url: https://api.z.ai/api/paas/v4 is an upstream already; further "
            "keys of an upstream belong into its `keys`\n"
            "easel.yaml:2: upstream.fallback_model: expected none, glm-image or cogview-4-250304, got \"dall-e\"");
}

TEST_F(ConfigKeysTest, AreNeverShownWhereTheyWereMisplaced) {
  environment.variables["ZAI_API_KEY_FILE"] = "key.SECRET";
  EXPECT_EQ(Problems(), "ZAI_API_KEY_FILE: cannot read the file that it names: No such file or directory");
  environment.variables.erase("ZAI_API_KEY_FILE");
  environment.variables["ZAI_API_KEY"] = "key.SECRET with a space";
  EXPECT_EQ(Problems(),
            "ZAI_API_KEY: the key holds a space, a control character or a letter beyond ASCII; was it copied whole?");
}

}  // namespace
}  // namespace easel::app
