#include <gmock/gmock.h>

#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

using testing::ElementsAre;

constexpr char kWithoutKey[] =
    ": listening beyond this machine without an upstream key: set ZAI_API_KEY (or ZAI_API_KEY_FILE), or add --sandbox "
    "to serve sample pictures on purpose";
constexpr char kInsecure[] =
    ": listening beyond this machine lets anyone who reaches it make images: listen on 127.0.0.1, give callers "
    "keys or certificates, or add --insecure if the network in between is trusted";

class ConfigSafetyTest : public ConfigTest {};

TEST_F(ConfigSafetyTest, NoKeyOnLoopbackMeansTheSandbox) {
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->sandbox);
  EXPECT_THAT(config->warnings, ElementsAre());
}

TEST_F(ConfigSafetyTest, AKeyMeansTheUpstream) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_FALSE(config->sandbox);
}

TEST_F(ConfigSafetyTest, TheFlagMeansTheSandboxEvenWithAKey) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  flags.sandbox = true;
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->sandbox);
  EXPECT_THAT(config->warnings, ElementsAre("--sandbox is given, so the upstream key is not used"));
}

TEST_F(ConfigSafetyTest, AnUpstreamWithoutAKeyIsWorthAWarning) {
  environment.variables["ZAI_BASE_URL"] = "http://127.0.0.1:1/api/paas/v4";
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->warnings, ElementsAre("ZAI_BASE_URL is set, but no ZAI_API_KEY: the sandbox is used instead"));
}

TEST_F(ConfigSafetyTest, BeyondLoopbackNeedsAKeyOrTheSandboxAndATrustedNetwork) {
  environment.variables["EASEL_GRPC_LISTEN"] = "0.0.0.0:50051";
  const std::string both = "EASEL_GRPC_LISTEN" + std::string(kWithoutKey) + "\nEASEL_GRPC_LISTEN" + kInsecure;
  EXPECT_EQ(Problems(), both);
  flags.insecure = true;
  EXPECT_EQ(Problems(), "EASEL_GRPC_LISTEN" + std::string(kWithoutKey));
  flags.sandbox = true;
  EXPECT_EQ(Problems(), "");
  flags.sandbox = false;
  environment.variables["ZAI_API_KEY"] = "key.one";
  EXPECT_EQ(Problems(), "");
  flags.insecure = false;
  EXPECT_EQ(Problems(), "EASEL_GRPC_LISTEN" + std::string(kInsecure));
}

TEST_F(ConfigSafetyTest, TheHttpListenerCountsToo) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  EXPECT_EQ(ProblemsOf("http:\n  listen: 0.0.0.0:8080\ngrpc:\n  listen: \"[::]:1\"\n"),
            "easel.yaml:4, easel.yaml:2" + std::string(kInsecure));
}

TEST_F(ConfigSafetyTest, ListenersDoNotShareAPort) {
  environment.variables["EASEL_GRPC_LISTEN"] = "127.0.0.1:8080";
  EXPECT_EQ(Problems(), "http.listen: the gRPC and the HTTP listener cannot share 127.0.0.1:8080");
  environment.variables["EASEL_GRPC_LISTEN"] = "127.0.0.1:0";
  environment.variables["EASEL_HTTP_LISTEN"] = "127.0.0.1:0";
  EXPECT_EQ(Problems(), "");
}

TEST_F(ConfigSafetyTest, ConcurrencyStartsWithinItsMaximum) {
  environment.variables["EASEL_UPSTREAM_CONCURRENCY_START"] = "9";
  environment.variables["EASEL_UPSTREAM_CONCURRENCY_MAX"] = "8";
  EXPECT_EQ(Problems(),
            "EASEL_UPSTREAM_CONCURRENCY_START: upstream.concurrency_start (9) must not be above "
            "upstream.concurrency_max (8)");
}

}  // namespace
}  // namespace easel::app
