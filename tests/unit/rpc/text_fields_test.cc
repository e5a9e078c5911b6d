#include "rpc/text_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "easel/v1/image_service.pb.h"

namespace easel::rpc {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<generation::Violation> Repair(std::string& bytes) {
  return RepairText(*v1::GenerateImageRequest::descriptor(), bytes);
}

TEST(TextFieldsTest, FindsTheFirstByteThatIsNoUtf8) {
  EXPECT_EQ(FirstInvalidUtf8(""), std::string_view::npos);
  EXPECT_EQ(FirstInvalidUtf8("plain, 中文, \xF0\x9F\x98\x80"), std::string_view::npos);
  EXPECT_EQ(FirstInvalidUtf8("a\xFF"), 1U);
  EXPECT_EQ(FirstInvalidUtf8("ab\xE4\xB8"), 2U);            // cut
  EXPECT_EQ(FirstInvalidUtf8("\xC0\xAF"), 0U);              // longer than need be
  EXPECT_EQ(FirstInvalidUtf8("x\xED\xA0\x80"), 1U);         // half of a surrogate pair
  EXPECT_EQ(FirstInvalidUtf8("xyz\xF4\x90\x80\x80"), 3U);   // beyond Unicode
}

TEST(TextFieldsTest, NamesEveryBadFieldAndRepairsIt) {
  v1::GenerateImageRequest request;
  request.mutable_spec()->set_prompt("kitten #1");
  request.mutable_spec()->set_user_id("user#");
  request.mutable_spec()->mutable_size()->set_width(1280);
  request.set_request_id("good");
  std::string bytes = request.SerializeAsString();
  for (char& c : bytes) c = c == '#' ? '\xFE' : c;
  const auto violations = Repair(bytes);
  ASSERT_THAT(violations, SizeIs(2));
  EXPECT_EQ(violations[0].field, "spec.prompt");
  EXPECT_EQ(violations[0].description, "is not valid UTF-8 at byte 7; send text as UTF-8");
  EXPECT_EQ(violations[1].field, "spec.user_id");
  ASSERT_TRUE(request.ParseFromString(bytes));
  EXPECT_EQ(request.spec().prompt(), "kitten ?1");
  EXPECT_EQ(request.spec().size().width(), 1280);
}

TEST(TextFieldsTest, StopsQuietlyWhereTheBytesAreNoMessage) {
  for (const std::string text : {"\xFF\xFF\xFF\xFF", "\x0A\x7F", "\x0A\x05\x12\x60zzz"}) {
    std::string bytes = text;
    EXPECT_THAT(Repair(bytes), IsEmpty());
  }
}

TEST(TextFieldsTest, TakesAnyPrefixOfAMessage) {
  v1::GenerateImageRequest request;
  request.mutable_spec()->set_prompt(std::string(300, 'p'));
  request.set_request_id("r");
  const std::string whole = request.SerializeAsString();
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::string bytes = whole.substr(0, size);
    EXPECT_THAT(Repair(bytes), IsEmpty());
  }
}

}  // namespace
}  // namespace easel::rpc
