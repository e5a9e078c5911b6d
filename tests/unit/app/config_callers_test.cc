#include "app/config_callers.h"

#include <gmock/gmock.h>

#include "app/config_live.h"
#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kDigest(64, 'a');
const std::string kOther(64, 'B');

class ConfigCallersTest : public ConfigTest {};

TEST_F(ConfigCallersTest, ReadsACallerWithEverything) {
  UseYaml("callers:\n"
          "  - name: posters\n"
          "    keys:\n"
          "      - {sha256: " + kDigest + ", expire_time: \"2027-01-31T00:00:00Z\"}\n"
          "      - sha256: " + kOther + "\n"
          "    max_in_flight: 5\n"
          "    starts_per_minute: 60\n"
          "    burst: 10\n"
          "    daily_budgets: [{currency: USD, cost_micros: 5000000}]\n"
          "    shadow: true\n");
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  const auto& caller = config->settings.callers(0);
  EXPECT_EQ(caller.name(), "posters");
  EXPECT_EQ(caller.keys_size(), 2);
  EXPECT_EQ(caller.daily_budgets(0).cost_micros(), 5'000'000);
  EXPECT_TRUE(caller.shadow());
  EXPECT_TRUE(CallersNeedCredentials(config->settings));
}

TEST_F(ConfigCallersTest, CallersMayHaveLimitsWithoutCredentials) {
  UseYaml("callers: [{name: posters, max_in_flight: 5}]\n");
  ASSERT_TRUE(Load().ok());
  EXPECT_FALSE(CallersNeedCredentials(Load()->settings));
}

TEST_F(ConfigCallersTest, AKeyInPlaceOfItsDigestIsNotRepeated) {
  const std::string told = ProblemsOf("callers:\n  - name: posters\n    keys:\n      - sha256: the-secret-key-itself\n");
  EXPECT_THAT(told, HasSubstr("easel.yaml:4: callers[0].keys[0].sha256: expected 64 hexadecimal digits"));
  EXPECT_THAT(told, Not(HasSubstr("the-secret-key-itself")));
}

TEST_F(ConfigCallersTest, NamesWhatIsNoValue) {
  EXPECT_THAT(ProblemsOf("callers: [{name: Posters}]\n"), HasSubstr("easel.yaml:1: callers[0].name: expected a name"));
  EXPECT_THAT(ProblemsOf("callers: [{max_in_flight: 1}]\n"), HasSubstr("callers[0]: missing: name"));
  EXPECT_THAT(ProblemsOf("callers:\n  - name: a\n    keys: [{sha256: " + kDigest + ", expire_time: soon}]\n"),
              HasSubstr("easel.yaml:3: callers[0].keys[0].expire_time: expected a time"));
  EXPECT_THAT(ProblemsOf("callers:\n  - name: a\n    certificates: [posters]\n"), HasSubstr("expected URI:..., DNS:... or CN:..."));
}

TEST_F(ConfigCallersTest, KeysNamesAndCertificatesBelongToOneCaller) {
  const std::string key = "keys: [{sha256: " + kDigest + "}]";
  EXPECT_THAT(ProblemsOf("callers:\n  - {name: a, " + key + "}\n  - {name: b, " + key + "}\n"),
              HasSubstr("callers[1].keys[0]: this key stands at caller a already"));
  EXPECT_THAT(ProblemsOf("callers:\n  - {name: a}\n  - {name: a}\n"),
              HasSubstr("easel.yaml:3: callers[1]: the name a stands at caller a already"));
}

TEST_F(ConfigCallersTest, WhoCouldNeverCallIsAMistake) {
  EXPECT_THAT(ProblemsOf("callers:\n  - {name: a, keys: [{sha256: " + kDigest + "}]}\n  - {name: b}\n"),
              HasSubstr("easel.yaml:3: callers[1]: the others have keys or certificates, and b could never call"));
}

TEST_F(ConfigCallersTest, CertificatesNeedAnAuthorityAndAnAuthorityNeedsTls) {
  EXPECT_THAT(ProblemsOf("callers: [{name: a, certificates: [\"CN:a\"]}]\n"),
              HasSubstr("nobody is asked for a certificate without grpc.tls_client_ca_file"));
  EXPECT_THAT(ProblemsOf("grpc: {tls_client_required: true}\n"), HasSubstr("needs grpc.tls_client_ca_file beside it"));
}

TEST_F(ConfigCallersTest, LimitsThatMeanNothingAreMistakes) {
  EXPECT_THAT(ProblemsOf("callers: [{name: a, burst: 5}]\n"), HasSubstr("callers[0].burst: needs starts_per_minute"));
  EXPECT_THAT(ProblemsOf("callers: [{name: a, daily_budgets: [{currency: USD, cost_micros: 1}, {currency: USD, cost_micros: 2}]}]\n"),
              HasSubstr("daily_budgets[1]: USD has a budget already"));
  EXPECT_THAT(ProblemsOf("callers: [{name: a, max_in_flight: -1}]\n"), HasSubstr("max_in_flight"));
}

TEST_F(ConfigCallersTest, ClosedMetricsNeedSomebodyWithAKey) {
  EXPECT_THAT(ProblemsOf("http: {open_metrics: false}\n"), HasSubstr("no caller has one"));
  EXPECT_EQ(ProblemsOf("http: {open_metrics: false}\ncallers: [{name: a, keys: [{sha256: " + kDigest + "}]}]\n"), "");
}

TEST_F(ConfigCallersTest, WithCredentialsTheNetworkNeedNotBeTrusted) {
  environment.variables["ZAI_API_KEY"] = "key.one";
  environment.variables["EASEL_GRPC_LISTEN"] = "0.0.0.0:50051";
  EXPECT_THAT(ProblemsOf("callers: [{name: a}]\n"), HasSubstr("--insecure"));
  EXPECT_EQ(ProblemsOf("callers: [{name: a, keys: [{sha256: " + kDigest + "}]}]\n"), "");
}

}  // namespace
}  // namespace easel::app
