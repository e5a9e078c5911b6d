#include "rpc/callers.h"

#include <gmock/gmock.h>
#include <openssl/sha.h>

#include "generation/error.h"

namespace easel::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kKey[] = "one-long-random-text-0123456789";
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

KnownCaller::Key KeyOf(std::string_view text, absl::Time expire_time = absl::InfiniteFuture()) {
  KnownCaller::Key key{.sha256 = {}, .expire_time = expire_time};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.sha256.data());
  return key;
}

Callers Two() {
  return Callers({{.name = "posters",
                   .keys = {KeyOf(kKey), KeyOf("the-next-key"), KeyOf("the-old-key", kNow)},
                   .certificates = {"URI:spiffe://prod/posters", "CN:posters"}},
                  {.name = "cards", .keys = {KeyOf("cards-key")}, .certificates = {}}});
}

std::string Outcome(const Callers& callers, std::vector<std::string_view> authorization,
                    std::vector<std::string> certificate_names = {}) {
  const auto name =
      callers.Identify({std::move(authorization), std::move(certificate_names)}, kNow - absl::Seconds(1));
  if (name.ok()) return *name;
  EXPECT_EQ(name.status().code(), absl::StatusCode::kUnauthenticated);
  return generation::ReasonOf(generation::ToRpcStatus(name.status()));
}

constexpr char kUnknown[] = "CALLER_UNKNOWN";

TEST(CallersTest, NobodyNeedsCredentialsWhereNobodyHasAny) {
  EXPECT_FALSE(Callers().needed());
  const std::vector<KnownCaller> limited = {{.name = "limited", .keys = {}, .certificates = {}}};
  EXPECT_FALSE(Callers(limited).needed());
  EXPECT_TRUE(Two().needed());
  EXPECT_TRUE(Two().by_certificate());
}

TEST(CallersTest, EachOfACallersKeysIsTheCaller) {
  EXPECT_EQ(Outcome(Two(), {"Bearer one-long-random-text-0123456789"}), "posters");
  EXPECT_EQ(Outcome(Two(), {"bearer the-next-key"}), "posters");
  EXPECT_EQ(Outcome(Two(), {"BEARER   the-next-key "}), "posters");
  EXPECT_EQ(Outcome(Two(), {"Bearer cards-key"}), "cards");
}

TEST(CallersTest, NothingElseIsAKey) {
  for (const char* wrong : {"Bearer one-long-random-text-012345678", "Bearer one-long-random-text-0123456789x",
                            "Bearer One-long-random-text-0123456789", "Bearer", "Bearer ", "",
                            "one-long-random-text-0123456789", "Basic one-long-random-text-0123456789",
                            "Bearer posters", "Bearer  "}) {
    EXPECT_EQ(Outcome(Two(), {wrong}), kUnknown) << wrong;
  }
  EXPECT_EQ(Outcome(Two(), {}), kUnknown);
  EXPECT_EQ(Outcome(Two(), {"Bearer cards-key", "Bearer cards-key"}), kUnknown);
  const std::string digest(reinterpret_cast<const char*>(KeyOf(kKey).sha256.data()), 32);
  EXPECT_EQ(Outcome(Two(), {"Bearer " + digest}), kUnknown);
  EXPECT_EQ(Outcome(Two(), {std::string("Bearer ") + kKey + std::string("\0", 1)}), kUnknown);
}

TEST(CallersTest, AKeyExpiresAtItsTime) {
  const Callers callers = Two();
  const Credentials old{.authorization = {"Bearer the-old-key"}, .certificate_names = {}};
  EXPECT_TRUE(callers.Identify(old, kNow - absl::Nanoseconds(1)).ok());
  const auto late = callers.Identify(old, kNow);
  EXPECT_THAT(std::string(late.status().message()), HasSubstr("expired"));
}

TEST(CallersTest, ARefusalRepeatsNoKey) {
  const auto refused = Two().Identify({{"Bearer some-wrong-key"}, {}}, kNow);
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("some-wrong-key")));
}

TEST(CallersTest, ACertificateStandsForACallerByItsWholeName) {
  EXPECT_EQ(Outcome(Two(), {}, {"DNS:x.example.com", "URI:spiffe://prod/posters"}), "posters");
  EXPECT_EQ(Outcome(Two(), {}, {"CN:posters"}), "posters");
  for (const char* name : {"DNS:posters", "CN:poster", "CN:posters2", "URI:spiffe://prod/posters/", "CN:cards"}) {
    EXPECT_EQ(Outcome(Two(), {}, {name}), kUnknown) << name;
  }
}

TEST(CallersTest, AWrongKeyIsNotMadeUpForByACertificate) {
  EXPECT_EQ(Outcome(Two(), {"Bearer wrong"}, {"CN:posters"}), kUnknown);
  EXPECT_EQ(Outcome(Two(), {"Bearer cards-key"}, {"CN:posters"}), "cards");
}

TEST(CallersTest, WhatReplacesTheListHoldsAtOnce) {
  Callers callers = Callers();
  callers.Replace({{.name = "posters", .keys = {KeyOf("a")}, .certificates = {}}});
  EXPECT_EQ(Outcome(callers, {"Bearer a"}), "posters");
  callers.Replace({{.name = "posters", .keys = {KeyOf("b")}, .certificates = {}}});
  EXPECT_EQ(Outcome(callers, {"Bearer a"}), kUnknown);
  EXPECT_EQ(Outcome(callers, {"Bearer b"}), "posters");
}

}  // namespace
}  // namespace easel::rpc
