#include "app/config_kinds.h"

#include <gtest/gtest.h>

namespace easel::app {
namespace {

using namespace config::v1;

void ExpectKind(Kind kind, bool expected, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) EXPECT_EQ(IsOfKind(kind, text), expected) << Kind_Name(kind) << " " << text;
}

TEST(ConfigKindsTest, ReadsListenAddresses) {
  const auto address = ParseListenAddress("[::1]:8080");
  ASSERT_TRUE(address.has_value());
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->port, 8080);
  ExpectKind(KIND_LISTEN_ADDRESS, true, {"127.0.0.1:0", "localhost:65535", "0.0.0.0:80", "easel.internal:1", "[::]:0"});
  ExpectKind(KIND_LISTEN_ADDRESS, false,
             {"", "8080", ":8080", "host", "host:", "host:65536", "host:-1", "host:+1", "::1:80", "[::1]", "[x]:1",
              "a b:1", "host:80/path", "http://host:80", "host..x:1"});
}

TEST(ConfigKindsTest, KnowsWhatOtherMachinesCannotReach) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost", "LocalHost"}) EXPECT_TRUE(IsLoopback(host));
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "easel.internal", "localhost.example.com", "::ffff:8.8.8.8"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(ConfigKindsTest, AcceptsOnlyPlainHttpUrls) {
  ExpectKind(KIND_HTTP_URL, true,
             {"https://api.z.ai/api/paas/v4", "http://127.0.0.1:8080", "http://[::1]:80/x/", "HTTPS://host"});
  ExpectKind(KIND_HTTP_URL, false,
             {"", "api.z.ai", "ftp://host", "https://", "https://ada:b@host", "https://host?x=1", "https://host#x",
              "https://host:0", "https://host:65536", "https://ho st"});
}

TEST(ConfigKindsTest, AcceptsProxiesWithAUser) {
  ExpectKind(KIND_PROXY_URL, true, {"http://proxy:3128", "socks5h://ada:b@proxy:1080"});
  ExpectKind(KIND_PROXY_URL, false, {"proxy:3128", "ftp://proxy"});
}

TEST(ConfigKindsTest, AcceptsHostsAndOneStarInFront) {
  ExpectKind(KIND_HOST_PATTERN, true, {"mfile.z.ai", "*.z.ai", "127.0.0.1", "::1", "localhost"});
  ExpectKind(KIND_HOST_PATTERN, false, {"*", "*.", "a.*.b", "host:80", "https://host", "host/x", "-a.b"});
}

TEST(ConfigKindsTest, AcceptsVariablesAndCurrencies) {
  ExpectKind(KIND_VARIABLE, true, {"ZAI_KEY_2"});
  ExpectKind(KIND_VARIABLE, false, {"", "2KEY", "abc123.XYZ", "key"});
  ExpectKind(KIND_CURRENCY, true, {"USD"});
  ExpectKind(KIND_CURRENCY, false, {"usd", "US", "$"});
}

}  // namespace
}  // namespace easel::app
