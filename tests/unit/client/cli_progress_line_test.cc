#include "cli/progress_line.h"

#include "cli/text.h"
#include "gtest/gtest.h"

namespace easel::cli {
namespace {

class ProgressLineTest : public testing::Test {
 protected:
  ProgressLineTest() {
    moment.now = moment.heard = absl::FromUnixSeconds(1000);
    moment.elapsed = absl::Seconds(12);
    generation.set_state(v1::GENERATION_STATE_RENDERING);
    generation.mutable_progress()->set_fraction(0.5);
    generation.mutable_progress()->mutable_expected_end_time()->set_seconds(1020);
  }

  std::string Line() const { return ProgressLine(generation, moment); }

  v1::Generation generation;
  ProgressMoment moment;
};

TEST_F(ProgressLineTest, ShowsStateBarTimeAndTimeLeft) {
  EXPECT_EQ(Line(), "| rendering  [##########----------]  50 %  12 s, about 20 s left");
}

TEST_F(ProgressLineTest, MovesOnTowardsTheExpectedEnd) {
  moment.now += absl::Seconds(10);
  moment.frame = 1;
  EXPECT_EQ(Line(), "/ rendering  [###############-----]  75 %  12 s, about 10 s left");
}

TEST_F(ProgressLineTest, StaysShortOfTheEnd) {
  moment.now += absl::Seconds(500);
  EXPECT_EQ(Line(), "| rendering  [###################-]  99 %  12 s");
}

TEST_F(ProgressLineTest, ShowsThePlaceInTheQueue) {
  generation.set_state(v1::GENERATION_STATE_QUEUED);
  generation.mutable_progress()->set_queue_position(2);
  generation.mutable_progress()->set_fraction(0);
  EXPECT_EQ(Line(), "| queued  12 s, 2 ahead, about 20 s left");
}

TEST_F(ProgressLineTest, ShowsANoteInPlaceOfTheOutlook) {
  moment.note = "UPSTREAM_BUSY, again in 30 s";
  EXPECT_EQ(Line(), "| rendering  [##########----------]  50 %  12 s, UPSTREAM_BUSY, again in 30 s");
}

TEST_F(ProgressLineTest, SaysThatItConnects) { EXPECT_EQ(ProgressLine({}, moment), "| connecting  12 s"); }

TEST_F(ProgressLineTest, FitsEveryWidth) {
  for (moment.columns = 1; moment.columns < 120; ++moment.columns) {
    EXPECT_LT(Columns(Line()), moment.columns) << moment.columns;
  }
  moment.columns = 50;
  EXPECT_EQ(Line(), "| rendering  50 %  12 s, about 20 s left");
  moment.columns = 30;
  EXPECT_EQ(Line(), "| rendering  50 %  12 s");
}

}  // namespace
}  // namespace easel::cli
