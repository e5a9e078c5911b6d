#include "upstream/zai/reply.h"

#include <gtest/gtest.h>

#include "upstream/zai/message_cleaner.h"
#include "upstream/zai/request_body.h"
#include "upstream/zai/url_expiry.h"
#include "upstream/zai/utf8.h"

namespace easel::upstream {
namespace {

TEST(ReplyTest, ReadsTheObservedSynchronousAnswer) {
  const ZaiReply reply = ReadReply(R"({"created":1768451303,
    "data":[{"url":"https://mfile.z.ai/1768451374203-b33.png?ufileattname=2026_watermark.png"}],
    "id":"202601151228236805d575507d4570","request_id":"202601151228236805d575507d4570",
    "usage":{"tokens":0,"price":0,"cost":0.0,"duration":71},"timestamp":1768451374519,"model":"GLM-Image",
    "content_filter":[{"role":"assistant","level":3}]})");
  EXPECT_EQ(reply.image_url, "https://mfile.z.ai/1768451374203-b33.png?ufileattname=2026_watermark.png");
  EXPECT_EQ(reply.task_id, "202601151228236805d575507d4570");
  EXPECT_EQ(reply.error_code, "");
  ASSERT_EQ(reply.content_filter.size(), 1U);
  EXPECT_EQ(reply.content_filter[0].role(), "assistant");
  EXPECT_EQ(reply.content_filter[0].level(), 3);
}

TEST(ReplyTest, ReadsTasks) {
  const ZaiReply accepted =
      ReadReply(R"({"model":"glm-image","id":"8353992347972780031","request_id":"r","task_status":"PROCESSING"})");
  EXPECT_EQ(accepted.task_id, "8353992347972780031");
  EXPECT_EQ(accepted.task_status, "PROCESSING");
  const ZaiReply ended = ReadReply(R"({"task_status":"success","image_result":[{"url":"https://u/1"}]})");
  EXPECT_EQ(ended.task_status, "SUCCESS");
  EXPECT_EQ(ended.image_url, "https://u/1");
}

TEST(ReplyTest, KeepsEveryDigitOfANumericId) {
  EXPECT_EQ(ReadReply(R"({"id":8353992347972780031,"task_status":"PROCESSING"})").task_id, "8353992347972780031");
  EXPECT_EQ(ReadReply(R"({"id":18446744073709551615})").task_id, "18446744073709551615");
  EXPECT_EQ(ReadReply(R"({"id":7})").task_id, "7");
}

// Whatever else is odd in it, a body with an image was paid for.
TEST(ReplyTest, NoOddFieldLosesAPaidAnswer) {
  for (const char* body :
       {R"({"data":[{"url":"U"}],"created":"2026-11-20"})", R"({"data":[{"url":"U"}],"created":{"a":[1,null]}})",
        R"({"data":[{"url":"U"}],"id":{"x":1},"request_id":7,"model":[],"usage":"none","timestamp":null})",
        R"({"data":[{"url":"U"}],"error":null,"code":0,"message":null})", R"({"data":[{"url":"U"}],"code":200,"msg":"success"})",
        R"({"data":[{"url":"U"}],"error":{},"content_filter":"none"})", R"({"data":[{"url":"U"}],"contentFilter":{"level":"x"}})",
        R"({"data":[{"url":"U"}],"content_filter":[null,1,"a",[[]]],"contentFilter":null})",
        R"({"data":{"url":"U"}})", R"({"data":[null,{"url":null},{"url":""},{"url":"U"}]})", R"({"data":[[{"url":"U"}]]})",
        R"({"data":[{"url":["U"],"b64_json":null,"revised_prompt":3}]})", R"({"data":[],"image_result":[{"url":"U"}]})",
        R"({"data":null,"image_result":{"url":"U"},"task_status":null})", R"({"image_result":[{"url":"U"}],"task_status":["SUCCESS"]})",
        R"({"data":[{"url":"U"}],"created":123456789012345678901234567890})", "\xef\xbb\xbf{\"data\":[{\"url\":\"U\"}]}",
        "{\"data\":[{\"url\":\"U\"}],\"message\":\"\xe5\x9b\xff\"}", "\n\n {\"data\":[{\"url\":\"U\"}]} \n"}) {
    EXPECT_EQ(ReadReply(body).image_url, "U") << body;
    EXPECT_EQ(ReadReply(body).error_code, "") << body;
  }
}

TEST(ReplyTest, ReadsErrorsInEveryShape) {
  for (const char* body :
       {R"({"error":{"code":"1302","message":"slow down"}})", R"({"error":{"code":1302,"message":"slow down"}})",
        R"({"code":1302,"message":"slow down"})", R"({"code":"1302","msg":"slow down","success":false})",
        R"({"error":"slow down","code":"1302"})", R"({"error":"slow down","code":1302.0})",
        R"({"error":{"code":"1302","msg":"slow down"}})", R"({"error":[{"code":"1302","message":"slow down"}]})",
        R"({"error":{"message":"[1302][slow down]"}})", R"({"message":"[1302][slow down]"})",
        R"({"error":{"code":"1302","message":"[1302][slow down]"}})", R"({"error":"[1302]slow down"})",
        R"({"error":{"code":["1302"],"message":["slow down"]},"data":[]})"}) {
    EXPECT_EQ(ReadReply(body).error_code, "1302") << body;
    EXPECT_EQ(ReadReply(body).error_message, "slow down") << body;
  }
}

TEST(ReplyTest, ReadsTheContentFilterInBothSpellings) {
  for (const char* body :
       {R"({"contentFilter":[{"level":2,"role":"user"}],"error":{"code":"1301","message":"no"}})",
        R"({"content_filter":[{"level":2,"role":"user"}],"error":{"code":1301,"message":"no"}})",
        R"({"contentFilter":{"level":"2","role":"user"},"error":{"code":1301}})",
        R"({"error":{"code":"1301","message":"no","contentFilter":[{"level":2,"role":"user"}]}})"}) {
    const ZaiReply reply = ReadReply(body);
    EXPECT_EQ(reply.error_code, "1301") << body;
    ASSERT_EQ(reply.content_filter.size(), 1U) << body;
    EXPECT_EQ(reply.content_filter[0].role(), "user");
    EXPECT_EQ(reply.content_filter[0].level(), 2);
  }
  const ZaiReply worst = ReadReply(R"({"contentFilter":[{"level":0,"role":"history"},{"role":"user"}]})");
  ASSERT_EQ(worst.content_filter.size(), 2U);
  EXPECT_TRUE(worst.content_filter[0].has_level());
  EXPECT_FALSE(worst.content_filter[1].has_level());
}

TEST(ReplyTest, WhatIsNoJsonObjectSaysNothing) {
  for (const std::string& body : {std::string("<html><body>502 Bad Gateway</body></html>"), std::string(), std::string("null"),
                                  std::string("[]"), std::string("\"text\""), std::string("{\"data\":[{\"url\":\"U\"}"),
                                  std::string(200'000, '['), std::string("{\0}", 3)}) {
    const ZaiReply reply = ReadReply(body);
    EXPECT_EQ(reply.image_url + reply.task_id + reply.error_code + reply.error_message, "");
  }
}

TEST(ReplyTest, CodesThatAreNoCodesAreIgnored) {
  EXPECT_EQ(ReadReply(R"({"error":{"code":"a b","message":"m"}})").error_code, "");
  EXPECT_EQ(ReadReply("{\"code\":\"" + std::string(40, '1') + "\"}").error_code, "");
  EXPECT_EQ(ReadReply(R"({"error":{"code":true}})").error_code, "");
}

v1::ImageSpec Spec() {
  v1::ImageSpec spec;
  spec.set_model("glm-image");
  spec.set_prompt("a \"quoted\" 字 \\ \n prompt");
  spec.set_quality(v1::QUALITY_HD);
  spec.mutable_size()->set_width(1280);
  spec.mutable_size()->set_height(960);
  return spec;
}

TEST(ReplyTest, WhatFitsNoRecordIsNeitherATaskNorAUrl) {
  const std::string id(256, '7');
  EXPECT_EQ(ReadReply(R"({"id":")" + id + R"("})").task_id, id);
  EXPECT_EQ(ReadReply(R"({"id":")" + id + R"(7"})").task_id, "");
  EXPECT_EQ(ReadReply(R"({"id":"a\nb"})").task_id, "");
  EXPECT_EQ(ReadReply(R"({"data":[{"url":"https://u/)" + std::string(8192, 'x') + R"("}]})").image_url, "");
}

TEST(RequestBodyTest, SendsDocumentedFieldsOnly) {
  EXPECT_EQ(RequestBody(Spec(), "", false),
            R"({"model":"glm-image","prompt":"a \"quoted\" 字 \\ \n prompt","quality":"hd","size":"1280x960"})");
}

TEST(RequestBodyTest, SendsWhatIsAskedForAndNoMore) {
  v1::ImageSpec spec = Spec();
  spec.set_model("cogview-4-250304");
  spec.set_prompt("p");
  spec.set_quality(v1::QUALITY_STANDARD);
  spec.set_user_id("user-1");
  spec.set_watermark(false);
  EXPECT_EQ(RequestBody(spec, "submit-1", true),
            R"({"model":"cogview-4-250304","prompt":"p","quality":"standard","size":"1280x960","user_id":"user-1",)"
            R"("watermark_enabled":false,"request_id":"submit-1"})");
  EXPECT_EQ(RequestBody(spec, "", false),
            R"({"model":"cogview-4-250304","prompt":"p","quality":"standard","size":"1280x960","user_id":"user-1"})");
  spec.Clear();
  spec.set_model("cogview-4-250304");
  spec.set_prompt("p");
  EXPECT_EQ(RequestBody(spec, "", true), R"({"model":"cogview-4-250304","prompt":"p"})");
}

TEST(UrlExpiryTest, ReadsSignedQueries) {
  EXPECT_EQ(ExpiryOf("https://u/x?UCloudPublicKey=T&Signature=s&Expires=1767225600"), absl::FromUnixSeconds(1767225600));
  EXPECT_EQ(ExpiryOf("https://u/x?Expires=1767225600#Expires=1"), absl::FromUnixSeconds(1767225600));
  EXPECT_EQ(ExpiryOf("https://u/x?X-Amz-Date=20260101T000000Z&X-Amz-Expires=60"), absl::FromUnixSeconds(1767225660));
  for (const char* url : {"https://mfile.z.ai/1.png?ufileattname=1.png", "https://u/Expires=1767225600", "https://u/x?Expires=",
                          "https://u/x?Expires=12", "https://u/x?Expires=soon", "https://u/x?NotExpires=1767225600", "",
                          "https://u/x?X-Amz-Expires=60", "https://u/x?X-Amz-Date=now&X-Amz-Expires=60",
                          "https://u/x?X-Amz-Date=99991231T235959Z&X-Amz-Expires=4000000000"}) {
    EXPECT_EQ(ExpiryOf(url), std::nullopt) << url;
  }
}

TEST(MessageCleanerTest, MasksTheKeyAndCutsQueries) {
  const MessageCleaner cleaner("0123456789abcdef.SecretPart1", "");
  EXPECT_EQ(cleaner.Clean("key 0123456789abcdef.SecretPart1 is bad"), "key [key] is bad");
  EXPECT_EQ(cleaner.Clean("secret SecretPart1, id 0123456789abcdef"), "secret [key], id [key]");
  EXPECT_EQ(cleaner.Clean("see https://u/x?Signature=s&b=1 or (http://v/?q=2)"), "see https://u/x?... or (http://v/?...)");
  EXPECT_EQ(cleaner.Clean("why? because"), "why? because");
  EXPECT_EQ(cleaner.Clean("'https://u/x?a='b&Signature=s'"), "'https://u/x?...'");
}

TEST(MessageCleanerTest, AWordOfTheUpstreamMayBeShownUnlessItGivesSomethingAway) {
  const MessageCleaner cleaner("0123456789abcdef.SecretPart1", "anonymous_headquarters_plan_of_2031");
  for (const char* word : {"1302", "rate_limit_exceeded", "headquarters", ""}) EXPECT_TRUE(cleaner.MayShow(word)) << word;
  for (const char* word : {"0123456789abcdef", "x_SecretPart1", "anonymous_headquarters_plan"}) {
    EXPECT_FALSE(cleaner.MayShow(word)) << word;
  }
}

TEST(MessageCleanerTest, MakesOneBoundedLineOfValidText) {
  const MessageCleaner cleaner("key-key-key", "");
  EXPECT_EQ(cleaner.Clean(" a\r\n\tb\x01 c\x7f "), "a b c");
  EXPECT_EQ(cleaner.Clean("\xff\xfe ok \xe5\x9b"), "?? ok ??");
  std::string chinese;
  for (int i = 0; i < 1000; ++i) chinese += "字";
  EXPECT_EQ(cleaner.Clean(chinese).size(), 510U);
  EXPECT_EQ(ValidUtf8(cleaner.Clean(chinese)), cleaner.Clean(chinese));
}

TEST(MessageCleanerTest, DropsWhatRepeatsThePrompt) {
  const MessageCleaner cleaner("key-key-key", "A watercolour of the secret\nproject's new headquarters");
  EXPECT_EQ(cleaner.Clean("rejected: watercolour of the secret project's"), "");
  EXPECT_EQ(cleaner.Clean("rejected: a watercolour"), "rejected: a watercolour");
  EXPECT_EQ(MessageCleaner("k", "red fox").Clean("prompt 'red fox' is bad"), "");
  EXPECT_EQ(MessageCleaner("k", "a").Clean("a bad day"), "a bad day");
  EXPECT_EQ(MessageCleaner("k", std::nullopt).Clean("it may repeat a prompt that is not known here"), "");
}

TEST(Utf8Test, ReplacesOnlyWhatIsNotValid) {
  EXPECT_EQ(ValidUtf8("a\u00e9\u5b57\U0001f600"), "a\u00e9\u5b57\U0001f600");
  EXPECT_EQ(ValidUtf8("\xc0\xaf"), "??");                  // overlong
  EXPECT_EQ(ValidUtf8("\xed\xa0\x80"), "???");             // a surrogate
  EXPECT_EQ(ValidUtf8("\xf4\x90\x80\x80"), "????");        // beyond the last character
  EXPECT_EQ(ValidUtf8("\xe5\x9bz"), "??z");
  EXPECT_EQ(Utf8Prefix("ab\u5b57", 4), "ab");
  EXPECT_EQ(Utf8Prefix("ab\u5b57", 5), "ab\u5b57");
}

}  // namespace
}  // namespace easel::upstream
