#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/sandbox/png_file.h"
#include "tests/unit/sandbox/sandbox_client.h"

namespace easel::sandbox {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kNotFound = R"({"RetCode":-148654,"ErrMsg":"file not exist"})";

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

TEST(ImageHostTest, SendsThePngAsAnAttachment) {
  Fixture fixture;
  const std::string url = MakeImage(fixture.client, "a cat");
  const Answer answer = fixture.client.Fetch(url);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "image/png");
  EXPECT_THAT(answer.headers, HasSubstr("Content-Disposition: attachment; filename=\"20"));
  EXPECT_EQ(PngFile(answer.body).width, 512);
  EXPECT_EQ(fixture.client.Fetch(url).body, answer.body);
  const Answer head = fixture.client.Call("HEAD", url);
  EXPECT_THAT(head.headers, HasSubstr("Content-Length: " + std::to_string(answer.body.size())));
  EXPECT_EQ(head.body, "");
}

TEST(ImageHostTest, WhatIsNotThereIs404WithTheObservedBody) {
  Fixture fixture;
  const Answer answer = fixture.client.Fetch(fixture.client.Url("/images/none.png"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, kNotFound);
}

TEST(ImageHostTest, RefusesAnAuthorizationHeaderAndCountsTheLeak) {
  Fixture fixture;
  const std::string url = MakeImage(fixture.client, "a cat");
  EXPECT_EQ(fixture.client.Call("GET", url, "", {"Authorization: Bearer a-key"}).status, 400);
  EXPECT_EQ(fixture.client.Ledger().at("leaked_authorization"), 1);
  EXPECT_EQ(fixture.client.Ledger().at("fetched"), 0);
}

TEST(ImageHostTest, SignedQueriesMustComeBackByteForByte) {
  SandboxOptions options;
  options.signed_urls = true;
  Fixture fixture(options);
  const std::string url = MakeImage(fixture.client, "a cat");
  EXPECT_THAT(url, HasSubstr("_watermark.png?UCloudPublicKey=TOKEN_"));
  EXPECT_THAT(url, HasSubstr("%2B"));
  EXPECT_THAT(url, HasSubstr("%3D&Expires="));
  EXPECT_EQ(fixture.client.Fetch(url).status, 200);
  EXPECT_EQ(fixture.client.Fetch(Replaced(url, "%2B", "+")).status, 403);
  EXPECT_EQ(fixture.client.Fetch(Replaced(url, "%3D", "=")).status, 403);
  EXPECT_EQ(fixture.client.Fetch(Replaced(url, "%2B", "%252B")).status, 403);
  EXPECT_EQ(fixture.client.Fetch(Replaced(url, "%2B", "%2b")).status, 403);
  EXPECT_EQ(fixture.client.Fetch(url.substr(0, url.find('?'))).status, 403);
}

TEST(ImageHostTest, APromptMayAskForASignedUrl) {
  Fixture fixture;
  EXPECT_THAT(MakeImage(fixture.client, "a cat [[sandbox: signed]]"), HasSubstr("Signature="));
}

}  // namespace
}  // namespace easel::sandbox
