#include "http/byte_range.h"

#include <gtest/gtest.h>

namespace easel::http {
namespace {

using Parsed = std::variant<ByteRange, Unsatisfiable>;

TEST(ByteRangeTest, ReadsOneRange) {
  EXPECT_EQ(ParseRange("bytes=0-0", 10), Parsed(ByteRange{0, 1}));
  EXPECT_EQ(ParseRange("bytes=2-5", 10), Parsed(ByteRange{2, 4}));
  EXPECT_EQ(ParseRange("bytes=2-", 10), Parsed(ByteRange{2, 8}));
  EXPECT_EQ(ParseRange("bytes=2-99", 10), Parsed(ByteRange{2, 8}));
  EXPECT_EQ(ParseRange("bytes=-3", 10), Parsed(ByteRange{7, 3}));
  EXPECT_EQ(ParseRange("bytes=-30", 10), Parsed(ByteRange{0, 10}));
  EXPECT_EQ(ParseRange("bytes=1-99999999999999999999", 10), Parsed(ByteRange{1, 9}));
}

TEST(ByteRangeTest, KnowsWhatIsPastTheEnd) {
  EXPECT_EQ(ParseRange("bytes=10-", 10), Parsed(Unsatisfiable{}));
  EXPECT_EQ(ParseRange("bytes=99999999999999999999-", 10), Parsed(Unsatisfiable{}));
  EXPECT_EQ(ParseRange("bytes=-0", 10), Parsed(Unsatisfiable{}));
  EXPECT_EQ(ParseRange("bytes=0-", 0), Parsed(Unsatisfiable{}));
}

TEST(ByteRangeTest, IgnoresWhatIsNoSingleRange) {
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=1-2,4-5", "items=0-1", "bytes=a-b",
                             "bytes=+1-2", "bytes=1--2"}) {
    EXPECT_EQ(ParseRange(header, 10), std::nullopt) << header;
  }
}

}  // namespace
}  // namespace easel::http
