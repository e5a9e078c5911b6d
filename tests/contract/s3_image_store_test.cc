// What S3ImageStore promises beyond its port, against a server that checks every signature.
#include "storage/s3/s3_image_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "storage/s3/s3_image_links.h"
#include "tests/contract/loop.h"
#include "tests/contract/s3_parts.h"

namespace easel {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using upstream::HttpReply;
using upstream::HttpRequest;

const std::string kDigest(64, 'a');

class S3Store : public testing::Test {
 protected:
  absl::Status Keep(storage::S3Bucket& bucket, const std::string& bytes) {
    storage::S3ImageStore store(bucket);
    const auto writer = *loop_.Run(store.Create());
    loop_.Run(writer->Append(bytes)).IgnoreError();
    return loop_.Run(writer->Keep(kDigest));
  }

  boost::asio::awaitable<upstream::HttpResult<HttpReply>> Ask(HttpRequest::Method method, std::string url) {
    HttpRequest request;
    request.method = method;
    request.url = std::move(url);
    co_return co_await parts_.clients().For(loop_.context().get_executor()).Send(std::move(request), 1 << 20);
  }

  HttpReply Get(std::string url) {
    return std::get<HttpReply>(loop_.Run(Ask(HttpRequest::Method::kGet, std::move(url))));
  }

  // The next `times` requests end in this; 0: their connection is cut.
  void Fail(int times, int status) {
    Get(absl::StrCat(parts_.server().url(), "/_fail?times=", times, "&status=", status));
  }

  Loop loop_;
  S3Parts parts_{loop_.context()};
  storage::S3ImageStore store_{parts_.bucket()};
};

TEST_F(S3Store, PutsAnImageUnderItsDigest) {
  ASSERT_TRUE(Keep(parts_.bucket(), "bytes").ok());
  EXPECT_THAT(Get(parts_.server().url() + "/_objects").body, HasSubstr("of tests/\\u00e4+b/aa/" + kDigest));
}

TEST_F(S3Store, WhatMayPassIsTriedAgain) {
  for (const int status : {500, 503, 429, 0}) {
    Fail(2, status);
    EXPECT_TRUE(Keep(parts_.bucket(), "bytes").ok()) << status;
    Fail(2, status);
    const auto reader = loop_.Run(store_.Open(kDigest));
    ASSERT_TRUE(reader.ok()) << status << reader.status();
    EXPECT_EQ(*loop_.Run((*reader)->Read(0, 100)), "bytes");
  }
}

TEST_F(S3Store, WhatDoesNotPassIsSaid) {
  Fail(9, 503);
  const absl::Status status = Keep(parts_.bucket(), "bytes");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("HTTP 503, SlowDown"), HasSubstr(kDigest)));
}

TEST_F(S3Store, WrongCredentialsAreSaidAndNotShown) {
  storage::S3Options options = parts_.server().Options();
  options.credentials.secret_access_key = "another-secret";
  fakes::RealClock clock;
  storage::S3Bucket bucket(std::move(options), parts_.clients(), clock);
  const absl::Status status = Keep(bucket, "bytes");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("SignatureDoesNotMatch"), HasSubstr("credentials"), Not(HasSubstr("another-secret"))));
  EXPECT_FALSE(loop_.Run(storage::S3ImageStore(bucket).Check()).ok());
}

TEST_F(S3Store, AnybodyMayFetchALinkUntilItEnds) {
  ASSERT_TRUE(Keep(parts_.bucket(), "bytes").ok());
  record::v1::Record record;
  record.mutable_generation()->mutable_image()->set_sha256(kDigest);
  record.mutable_generation()->mutable_image()->set_content_type("image/png");
  fakes::RealClock clock;
  const storage::S3ImageLinks links(parts_.bucket(), absl::Hours(1), clock);
  const auto link = links.LinkTo(record);
  EXPECT_GT(link.expire_time, clock.Now() + absl::Minutes(58));
  const HttpReply reply = Get(link.url);
  EXPECT_EQ(reply.head.status, 200) << reply.body;
  EXPECT_EQ(reply.head.Find("Content-Type"), "image/png");
  EXPECT_EQ(reply.body, "bytes");

  EXPECT_EQ(Get(link.url + "0").head.status, 403) << "a forged one";
  const std::string old = parts_.bucket().Presign(storage::S3ImageStore::KeyOf(kDigest), "image/png", absl::Minutes(1),
                                                  clock.Now() - absl::Minutes(2));
  EXPECT_EQ(Get(old).head.status, 403) << "an old one";
}

TEST_F(S3Store, ReadsOnBehindABrokenConnection) {
  std::string bytes(3'000'000, 'x');
  for (std::size_t at = 0; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 31 / 7);
  ASSERT_TRUE(Keep(parts_.bucket(), bytes).ok());
  const auto reader = *loop_.Run(store_.Open(kDigest));
  // Far ahead, back, and on: each a request of its own.
  for (const std::int64_t offset : {2'500'000, 10, 1'000'000, 2'999'999}) {
    const absl::Cord piece = *loop_.Run(reader->Read(offset, 1000));
    EXPECT_TRUE(piece == absl::string_view(bytes).substr(static_cast<std::size_t>(offset), piece.size())) << offset;
  }
}

}  // namespace
}  // namespace easel
