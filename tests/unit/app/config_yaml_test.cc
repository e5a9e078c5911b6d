#include <gmock/gmock.h>

#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

class ConfigYamlTest : public ConfigTest {};

TEST_F(ConfigYamlTest, ReadsEveryTypeOfValue) {
  UseYaml(R"(data_dir: /srv/easel
grpc:
  listen: "[::1]:0"
http: {url_ttl: 1h}
upstream:
  base_url: https://open.bigmodel.cn/api/paas/v4/
  image_hosts: [images.example.com, "*.example.org"]
  glm_image_mode: sync
  concurrency_max: 8
  rejects_duplicates: true
  prices:
    - {model: glm-image, quality: hd, cost_micros: 100000, currency: CNY}
images:
  max_bytes: 10MiB
sandbox:
  latency_scale: 0.25
)");
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  const Settings& settings = config->settings;
  EXPECT_EQ(settings.data_dir(), "/srv/easel");
  EXPECT_EQ(config->grpc_listen.host, "::1");
  EXPECT_EQ(ToDuration(settings.http().url_ttl()), absl::Hours(1));
  EXPECT_EQ(settings.upstream().base_url(), "https://open.bigmodel.cn/api/paas/v4");
  EXPECT_THAT(settings.upstream().image_hosts(), testing::ElementsAre("images.example.com", "*.example.org"));
  EXPECT_EQ(settings.upstream().glm_image_mode(), config::v1::GLM_IMAGE_MODE_SYNC);
  EXPECT_EQ(settings.upstream().concurrency_max(), 8);
  EXPECT_TRUE(settings.upstream().rejects_duplicates());
  ASSERT_EQ(settings.upstream().prices_size(), 1);
  EXPECT_EQ(settings.upstream().prices(0).quality(), v1::QUALITY_HD);
  EXPECT_EQ(settings.upstream().prices(0).cost_micros(), 100000);
  EXPECT_EQ(settings.images().max_bytes(), 10 << 20);
  EXPECT_EQ(settings.sandbox().latency_scale(), 0.25);
}

TEST_F(ConfigYamlTest, TakesAnEmptyFileAndEmptySections) {
  EXPECT_EQ(ProblemsOf(""), "");
  EXPECT_EQ(ProblemsOf("# nothing yet\ngrpc:\nhttp: {}\n"), "");
}

TEST_F(ConfigYamlTest, AnEmptyTextMeansTheDefault) {
  UseYaml("http:\n  public_url: \"\"\n  listen: ''\n");
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->settings.http().listen(), "127.0.0.1:8080");
}

TEST_F(ConfigYamlTest, SaysWhichNameIsUnknownAndWhatWasMeant) {
  EXPECT_EQ(ProblemsOf("grpc:\n  lisen: 127.0.0.1:1\nbanana: 1\nqueue_max: 5\nupstreams: {}\n"),
            "easel.yaml:2: there is no setting \"grpc.lisen\" (did you mean \"listen\"?)\n"
            "easel.yaml:3: there is no setting \"banana\"\n"
            "easel.yaml:4: there is no setting \"queue_max\" (did you mean \"admission.queue_max\"?)\n"
            "easel.yaml:5: there is no setting \"upstreams\" (did you mean \"upstream\"?)");
}

TEST_F(ConfigYamlTest, SaysWhatWasExpectedForEachTypeAllAtOnce) {
  EXPECT_EQ(ProblemsOf(R"(grpc:
  listen: 50051
http:
  public_url: easel.example.com
  url_ttl: 90
upstream:
  glm_image_mode: asynchronous
  concurrency_start: 0
  concurrency_max: many
  rejects_duplicates: perhaps
  image_hosts: ["https://x"]
store: {location: "mysql://ada:secret@db/easel"}
images:
  location: s3://Bucket/prefix
  max_bytes: 2GiB
runtime: {io_threads: 2.5}
log: {level: loud}
sandbox: {latency_scale: -1}
)"),
            "easel.yaml:2: grpc.listen: expected host:port, such as 127.0.0.1:8080 or [::1]:0, got \"50051\"\n"
            "easel.yaml:4: http.public_url: expected an http or https URL without user, query and fragment, got "
            "\"easel.example.com\"\n"
            "easel.yaml:5: http.url_ttl: expected a duration such as 200ms, 5s, 15m or 7d, at least 1s, got \"90\"\n"
            "easel.yaml:7: upstream.glm_image_mode: expected async or sync, got \"asynchronous\"\n"
            "easel.yaml:8: upstream.concurrency_start: expected a whole number, at least 1, got \"0\"\n"
            "easel.yaml:9: upstream.concurrency_max: expected a whole number, at least 1, got \"many\"\n"
            "easel.yaml:10: upstream.rejects_duplicates: expected true or false, got \"perhaps\"\n"
            "easel.yaml:11: upstream.image_hosts[0]: expected host names without port, such as images.example.com or "
            "*.example.com, got \"https://x\"\n"
            "easel.yaml:12: store.location: expected sqlite, memory or postgres://USER@HOST:PORT/DATABASE, got "
            "\"mysql://***\"\n"
            "easel.yaml:14: images.location: expected file, memory or s3://BUCKET/PREFIX, with a bucket of 3 to 63 lower-case "
            "letters, digits, dots and hyphens, got \"s3://Bucket/prefix\"\n"
            "easel.yaml:15: images.max_bytes: expected a number of bytes such as 512KiB or 64MiB, 1KiB to 1GiB, got "
            "\"2GiB\"\n"
            "easel.yaml:16: runtime.io_threads: expected a whole number, 0 to 1024, got \"2.5\"\n"
            "easel.yaml:17: log.level: expected debug, info, warning or error, got \"loud\"\n"
            "easel.yaml:18: sandbox.latency_scale: expected a number, 0 to 1000, got \"-1\"");
}

TEST_F(ConfigYamlTest, SaysWhereAValueIsMissingOrHasAnotherShape) {
  EXPECT_EQ(ProblemsOf(R"(grpc:
  listen:
http: 8080
upstream:
  image_hosts: one.example.com
  keys: {}
  prices:
    - model: glm-image
      quality: fine
    - glm-image
log:
  level: [info]
)"),
            "easel.yaml:2: grpc.listen: a value is missing: expected host:port, such as 127.0.0.1:8080 or [::1]:0\n"
            "easel.yaml:3: http: expected lines of \"name: value\", got a value\n"
            "easel.yaml:5: upstream.image_hosts: expected a list of host names without port, such as "
            "images.example.com or *.example.com, got a value\n"
            "easel.yaml:6: upstream.keys: expected a list of entries that begin with \"- \", got a section\n"
            "easel.yaml:9: upstream.prices[0].quality: expected hd or standard, got \"fine\"\n"
            "easel.yaml:8: upstream.prices[0]: missing: cost_micros (a whole number, at least 0), currency (three capital "
            "letters such as USD)\n"
            "easel.yaml:10: upstream.prices[1]: expected lines of \"name: value\", got a value\n"
            "easel.yaml:12: log.level: expected debug, info, warning or error, got a list");
}

TEST_F(ConfigYamlTest, RefusesASettingGivenTwice) {
  EXPECT_EQ(ProblemsOf("grpc:\n  listen: 127.0.0.1:1\n  listen: 127.0.0.1:2\n"), "easel.yaml:3: grpc.listen: given twice");
}

TEST_F(ConfigYamlTest, RefusesASecretInTheFileWithoutShowingIt) {
  const std::string problems =
      ProblemsOf("upstream:\n  api_key: abc.SECRET\n  keys:\n    - api_key: abc.SECRET\n      api_key_env: abc.SECRET\n");
  EXPECT_EQ(problems,
            "easel.yaml:2: upstream.api_key: a secret does not belong in this file: set ZAI_API_KEY, or "
            "ZAI_API_KEY_FILE to a file with it\n"
            "easel.yaml:4: upstream.keys[0].api_key: a secret does not belong in this file: use api_key_env or "
            "api_key_file\n"
            "easel.yaml:5: upstream.keys[0].api_key_env: expected the name of an environment variable, in capital "
            "letters\n"
            "easel.yaml:4: upstream.keys[0]: expected either api_key_env or api_key_file");
}

TEST_F(ConfigYamlTest, SaysWhereTheSyntaxBreaks) {
  EXPECT_THAT(ProblemsOf("grpc:\n  listen: [1, 2\nhttp: {}\n"), testing::StartsWith("easel.yaml:3: this is not YAML: "));
  EXPECT_EQ(ProblemsOf("- a\n- b\n"), "easel.yaml:1: the file: expected lines of \"name: value\", got a list");
  EXPECT_EQ(ProblemsOf("log: {level: info}\n---\nlog: {level: debug}\n"),
            "easel.yaml:2: expected one document, got a second one");
  EXPECT_EQ(ProblemsOf("- a\n, b\n"),
            "easel.yaml:2: expected one document, got a second one\n"
            "easel.yaml:1: the file: expected lines of \"name: value\", got a list");
  EXPECT_EQ(ProblemsOf("data_dir: \"\\\x01\"\n"), "easel.yaml:1: this is not YAML: unknown escape character: ?");
}

}  // namespace
}  // namespace easel::app
