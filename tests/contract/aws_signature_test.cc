// The examples of Amazon's own documentation: "Signature Calculations for the Authorization Header: Transferring Payload in
// a Single Chunk" and "Authenticating Requests: Using Query Parameters" (Amazon S3 API Reference).
#include "storage/s3/aws_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace easel::storage {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kNoBytes = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const absl::Time kThen = absl::FromCivil(absl::CivilSecond(2013, 5, 24), absl::UTCTimeZone());

class AwsSignature : public testing::Test {
 protected:
  static AwsRequest Request(std::string method, std::string path) {
    AwsRequest request;
    request.method = std::move(method);
    request.host = "examplebucket.s3.amazonaws.com";
    request.path = std::move(path);
    request.payload_sha256 = kNoBytes;
    return request;
  }

  std::string Sign(AwsRequest request) const {
    signer_.Sign(request, kThen);
    return request.headers["authorization"];
  }

  const AwsSigner signer_{{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""}, "us-east-1"};
};

TEST_F(AwsSignature, OfAPartOfAnObject) {
  AwsRequest request = Request("GET", "/test.txt");
  request.headers["range"] = "bytes=0-9";
  EXPECT_EQ(Sign(std::move(request)),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(AwsSignature, OfAnUpload) {
  AwsRequest request = Request("PUT", "/" + UriEncode("test$file.text", true));
  request.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  request.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  request.payload_sha256 = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  EXPECT_THAT(Sign(std::move(request)),
              EndsWith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST_F(AwsSignature, OfAQueryWithoutAValue) {
  AwsRequest request = Request("GET", "/");
  request.query = {{"lifecycle", ""}};
  EXPECT_THAT(Sign(std::move(request)),
              EndsWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST_F(AwsSignature, OfAListing) {
  AwsRequest request = Request("GET", "/");
  request.query = {{"max-keys", "2"}, {"prefix", "J"}};
  EXPECT_THAT(Sign(std::move(request)),
              EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST_F(AwsSignature, OfALink) {
  EXPECT_EQ(signer_.Presign(Request("GET", "/test.txt"), absl::Hours(24), kThen),
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&"
            "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
            "X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
            "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST_F(AwsSignature, TemporaryCredentialsShowTheirToken) {
  const AwsSigner signer({"AKIAIOSFODNN7EXAMPLE", "secret", "the token"}, "us-east-1");
  AwsRequest request = Request("GET", "/test.txt");
  signer.Sign(request, kThen);
  EXPECT_EQ(request.headers["x-amz-security-token"], "the token");
  EXPECT_THAT(request.headers["authorization"], HasSubstr(";x-amz-security-token,"));
  EXPECT_THAT(signer.Presign(Request("GET", "/test.txt"), absl::Hours(1), kThen), HasSubstr("X-Amz-Security-Token=the%20token"));
}

}  // namespace
}  // namespace easel::storage
