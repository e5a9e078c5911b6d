#include "rpc/caller.h"

#include <gtest/gtest.h>

namespace easel::rpc {
namespace {

TEST(CallerTest, NamesAreShortAndLowerCase) {
  EXPECT_TRUE(IsCallerName("default"));
  EXPECT_TRUE(IsCallerName("team-a.posters_2"));
  EXPECT_TRUE(IsCallerName(std::string(64, 'a')));
  EXPECT_FALSE(IsCallerName(""));
  EXPECT_FALSE(IsCallerName(std::string(65, 'a')));
  EXPECT_FALSE(IsCallerName("Team"));
  EXPECT_FALSE(IsCallerName("a b"));
  EXPECT_FALSE(IsCallerName("caf\xC3\xA9"));
}

TEST(CallerTest, OnlyAWellFormedTraceIsPassedOn) {
  EXPECT_TRUE(IsTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(IsTraceparent(""));
  EXPECT_FALSE(IsTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"));
  EXPECT_FALSE(IsTraceparent("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(IsTraceparent("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(IsTraceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_FALSE(IsTraceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  EXPECT_FALSE(IsTraceparent("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
}

}  // namespace
}  // namespace easel::rpc
