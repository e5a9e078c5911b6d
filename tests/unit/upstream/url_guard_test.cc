#include "upstream/http/url_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/http/retry_after.h"
#include "upstream/http/safe_url.h"

namespace easel::upstream {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

UrlGuard Guard(std::vector<std::string> hosts = {}) { return *UrlGuard::Create(hosts); }

bool IsAllowed(const UrlGuard& guard, const std::string& url) { return guard.Check(url).ok(); }

TEST(UrlGuardTest, AllowsTheUpstreamsImageHostsOverHttpsOnPublicAddresses) {
  const UrlGuard guard = Guard();
  for (const char* url :
       {"https://mfile.z.ai/1768451374203-b334.png?ufileattname=2026_watermark.png", "https://MFILE.Z.AI/x.png",
        "https://mfile.z.ai:8443/x.png", "https://aigc-files.bigmodel.cn/api/cogview/1_0.png", "https://cdn.bigmodel.cn/x",
        "https://maas-watermark-prod-new.cn-wlcb.ufileos.com/1_watermark.png?UCloudPublicKey=TOKEN_a&Signature=a%2Bb%2f%3D&"
        "Expires=1767225600"}) {
    const auto allowed = guard.Check(url);
    ASSERT_TRUE(allowed.ok()) << url << ": " << allowed.status();
    ASSERT_TRUE(*allowed) << url;
    EXPECT_FALSE((*allowed)(boost::asio::ip::make_address("127.0.0.1")));
    EXPECT_FALSE((*allowed)(boost::asio::ip::make_address("169.254.169.254")));
    EXPECT_TRUE((*allowed)(boost::asio::ip::make_address("8.8.8.8")));
  }
}

TEST(UrlGuardTest, RefusesEverythingElse) {
  const UrlGuard guard = Guard();
  for (const char* url :
       {"http://mfile.z.ai/x.png",            // not over https
        "https://example.com/x.png",          // not known
        "https://z.ai/x.png", "https://evil-mfile.z.ai/x.png", "https://mfile.z.ai.evil.com/x.png",
        "https://ufileos.com/x.png",          // only what is below it
        "https://evilufileos.com/x.png", "https://.ufileos.com/x.png", "https://mfile.z.ai./x.png",
        "https://127.0.0.1/x.png", "https://[::1]/x.png", "https://169.254.169.254/latest/meta-data",
        "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://localhost/",
        "ftp://mfile.z.ai/x.png", "file:///etc/passwd", "//mfile.z.ai/x.png", "mfile.z.ai/x.png", "/x.png", "", "https://",
        "https:///x.png", "https:/mfile.z.ai/x.png", "https:mfile.z.ai/x.png", "data:image/png;base64,AAAA"}) {
    EXPECT_FALSE(IsAllowed(guard, url)) << url;
  }
}

// Spellings that one parser reads as an allowed host and another as something else.
TEST(UrlGuardTest, RefusesSpellingsThatParsersReadDifferently) {
  const UrlGuard guard = Guard();
  for (const std::string& url : std::vector<std::string>{
           "https://mfile.z.ai@evil.com/", "https://evil.com@mfile.z.ai/", "https://user:secret@mfile.z.ai/",
           "https://mfile.z.ai\\@evil.com/", "https://evil.com\\.mfile.z.ai/", "https://mfile.z.ai\\x",
           "https://mfile.z.ai%2f@evil.com/", "https://%6dfile.z.ai/", "https://mfile.z.ai%00.evil.com/",
           "https://mfile.z.ai\t.evil.com/", "https://mfile.z.ai\r\nHost: evil.com/", "https://mfile.z.ai/ x",
           "https://mfile.z.ai/x\n", " https://mfile.z.ai/x", "https://mfile.z.ai /x", std::string("https://mfile.z.ai\0/x", 21),
           "https://mfile.z.ai\xe3\x80\x82" "com/", "https://mf\xc4\xb1le.z.ai/", "https://mfile.z.ai:443:80/",
           "https://mfile.z.ai:99999/", "https://mfile.z.ai:x/", "https://[mfile.z.ai]/", "https://mfile.z.ai;evil.com/",
           "https://mfile.z.ai,evil.com/", "https://evil.com#mfile.z.ai/", "https://evil.com?.ufileos.com/",
           "https://mfile.z.ai/" + std::string(9000, 'x')}) {
    EXPECT_FALSE(IsAllowed(guard, url)) << url;
  }
}

TEST(UrlGuardTest, AllowsOddPathsAndQueriesOfAllowedHosts) {
  const UrlGuard guard = Guard();
  for (const char* url :
       {"https://mfile.z.ai", "https://mfile.z.ai?x", "https://mfile.z.ai/a/../b/%2F%2f?s=a%2Bb+c&x={1}|^`\"<>[]",
        "https://mfile.z.ai/\xe5\x9b\xbe.png?name=\xe5\x9b\xbe", "https://mfile.z.ai/100%?x=%zz", "https://mfile.z.ai/@a:b?u=x@y",
        "https://mfile.z.ai/x?next=https://evil.com/", "https://mfile.z.ai/x#a#b"}) {
    EXPECT_TRUE(IsAllowed(guard, url)) << url;
  }
}

TEST(UrlGuardTest, HostsOfTheOperatorMayBeAnywhere) {
  const UrlGuard guard = Guard({"Images.Example.com", "*.cdn.example", "127.0.0.1", "[::1]", "10.0.0.7"});
  for (const char* url : {"http://images.example.com/x", "https://images.example.com:9000/x", "http://a.cdn.example/x",
                          "http://a.b.cdn.example:81/x", "http://127.0.0.1:8080/x", "http://[::1]:80/x", "http://[0:0::1]/x",
                          "http://10.0.0.7/x"}) {
    const auto allowed = guard.Check(url);
    ASSERT_TRUE(allowed.ok()) << url << ": " << allowed.status();
    EXPECT_FALSE(*allowed) << url << " should be allowed on any address";
  }
  for (const char* url : {"http://example.com/x", "http://cdn.example/x", "http://x.images.example.com/", "http://127.0.0.2/",
                          "http://127.1/", "http://localhost/", "http://10.0.0.8/"}) {
    EXPECT_FALSE(IsAllowed(guard, url)) << url;
  }
  EXPECT_TRUE(IsAllowed(guard, "https://mfile.z.ai/x"));
}

TEST(UrlGuardTest, SaysWhichEntryIsNoHost) {
  for (const char* entry : {"", "*", "*.", "https://a.b", "a.b/c", "a.b:80", "a b", "a.", ".a", "*.*.a", "[::1]:80", "a,b"}) {
    const auto guard = UrlGuard::Create(std::vector<std::string>{entry});
    ASSERT_FALSE(guard.ok()) << entry;
    EXPECT_THAT(std::string(guard.status().message()), HasSubstr("\"" + std::string(entry) + "\""));
  }
}

TEST(UrlGuardTest, RefusalsNameTheHostAndNotTheSecret) {
  const auto refused = Guard().Check("https://example.com/private?Signature=secret");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("example.com"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("EASEL_IMAGE_HOSTS"));
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("secret")));
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("private")));
}

TEST(SafeUrlTest, ResolvesLocationsWithoutTouchingTheirBytes) {
  const std::string base = "https://a.example/dir/file?q=1#f";
  EXPECT_EQ(ResolveLocation(base, "https://b.example/%2f?s=a%2Bb"), "https://b.example/%2f?s=a%2Bb");
  EXPECT_EQ(ResolveLocation(base, "//b.example/x"), "https://b.example/x");
  EXPECT_EQ(ResolveLocation(base, "/x?s=%2f"), "https://a.example/x?s=%2f");
  EXPECT_EQ(ResolveLocation(base, "x/y"), "https://a.example/dir/x/y");
  EXPECT_EQ(ResolveLocation(base, "?r=2"), "https://a.example/dir/file?r=2");
  EXPECT_EQ(ResolveLocation(base, "x?u=http://c/"), "https://a.example/dir/x?u=http://c/");
  EXPECT_EQ(ResolveLocation("https://a.example", "x"), "https://a.example/x");
  EXPECT_EQ(ResolveLocation("https://a.example?q", "/x"), "https://a.example/x");
  EXPECT_EQ(ResolveLocation(base, "file:///etc/passwd"), "file:///etc/passwd");
}

TEST(SafeUrlTest, ShowsUrlsWithoutSecrets) {
  EXPECT_EQ(WithoutQuery("https://a.example/x.png?Signature=s#f"), "https://a.example/x.png");
  EXPECT_EQ(WithoutQuery("https://user:secret@a.example/x"), "https://a.example/x");
  EXPECT_EQ(WithoutQuery("not a url?x"), "not a url");
  EXPECT_EQ(WithoutQuery("a@b://c.example@d"), "a@b://d");
  EXPECT_EQ(WithoutQuery("a@b://d"), "a@b://d");
}

TEST(RetryAfterTest, ReadsSecondsAndDates) {
  const absl::Time now = absl::FromUnixSeconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(ParseRetryAfter("0", now), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter("120", now), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:07 GMT", now), absl::Seconds(30));
  EXPECT_EQ(ParseRetryAfter("Sunday, 06-Nov-94 08:50:07 GMT", now), absl::Seconds(30));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:40:00 GMT", now), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter("99999999999999", now), absl::Hours(24));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 2094 08:40:00 GMT", now), absl::Hours(24));
  for (const char* nonsense : {"", "soon", "-5", "1.5", "12 parsecs"}) {
    EXPECT_EQ(ParseRetryAfter(nonsense, now), std::nullopt) << nonsense;
  }
}

}  // namespace
}  // namespace easel::upstream
