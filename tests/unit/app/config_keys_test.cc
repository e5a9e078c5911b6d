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
