#include "generation/history.h"

#include <gtest/gtest.h>

namespace easel::generation {
namespace {

v1::ImageSpec Spec(v1::Quality quality = v1::QUALITY_HD, int side = 1024) {
  v1::ImageSpec spec;
  spec.set_model("glm-image");
  spec.set_quality(quality);
  spec.mutable_size()->set_width(side);
  spec.mutable_size()->set_height(side);
  return spec;
}

TEST(HistoryTest, SaysThePublishedFiguresBeforeItHasSeenAnything) {
  const History history;
  EXPECT_FALSE(history.Typical(Spec()));
  EXPECT_FALSE(history.Quickest(Spec()));
  EXPECT_EQ(Expected(history, Spec()), absl::Seconds(20));
  EXPECT_EQ(Expected(history, Spec(v1::QUALITY_STANDARD)), absl::Seconds(8));
}

TEST(HistoryTest, LearnsByQualityAndMegapixels) {
  History history;
  history.Record(Spec(), absl::Seconds(12));
  EXPECT_EQ(Expected(history, Spec()), absl::Seconds(12));
  EXPECT_EQ(Expected(history, Spec(v1::QUALITY_STANDARD)), absl::Seconds(8));
  EXPECT_EQ(Expected(history, Spec(v1::QUALITY_HD, 2048)), absl::Seconds(20));
}

TEST(HistoryTest, FollowsAnUpstreamThatSlowsDown) {
  History history;
  for (int i = 0; i < 5; ++i) history.Record(Spec(), absl::Seconds(10));
  for (int i = 0; i < 20; ++i) history.Record(Spec(), absl::Seconds(40));
  EXPECT_GT(*history.Typical(Spec()), absl::Seconds(38));
}

TEST(HistoryTest, CallsNothingHopelessBeforeFiveFigures) {
  History history;
  for (int i = 0; i < 4; ++i) history.Record(Spec(), absl::Seconds(10 + i));
  EXPECT_FALSE(history.Quickest(Spec()));
  history.Record(Spec(), absl::Seconds(30));
  ASSERT_TRUE(history.Quickest(Spec()));
  EXPECT_GE(*history.Quickest(Spec()), absl::Seconds(10));
  EXPECT_LT(*history.Quickest(Spec()), absl::Seconds(11));
}

TEST(HistoryTest, OneLuckyAnswerFadesAndTheQuickestIsNeverSlowerThanTheTypical) {
  History history;
  history.Record(Spec(), absl::Seconds(1));
  for (int i = 0; i < 300; ++i) {
    history.Record(Spec(), absl::Seconds(20 + i % 5));
    if (history.Quickest(Spec())) { ASSERT_LE(*history.Quickest(Spec()), *history.Typical(Spec())); }
  }
  EXPECT_GT(*history.Quickest(Spec()), absl::Seconds(15));
}

}  // namespace
}  // namespace easel::generation
