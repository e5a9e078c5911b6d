#include "tests/unit/generation/admission_fixture.h"

namespace easel::generation {
namespace {

// A newcomer that has a turn without waiting for one.
class AtOnceTest : public AdmissionTest {
 protected:
  // As a generation does it that is about to be recorded.
  std::optional<Admission::Turn> Ask(std::vector<const ImageModel*> not_at = {}) {
    const auto place = admission_->Promise(kModel);
    EXPECT_TRUE(place.ok());
    Admission::Entry entry = EntryOf("newcomer", "bert");
    entry.not_at = std::move(not_at);
    return admission_->TakeAtOnce(entry);
  }
};

TEST_F(AtOnceTest, ATurnIsTakenWhileThereIsRoomAndCountsLikeAnyOther) {
  Open({.start = 2, .max = 2});
  auto first = Ask();
  auto second = Ask();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(&first->account(), &first_);
  EXPECT_FALSE(Ask());
  Guest& waiting = Queue("waiting");
  EXPECT_FALSE(waiting.answered);
  first.reset();
  Settle();
  EXPECT_TRUE(waiting.turn);
}

TEST_F(AtOnceTest, NobodyIsOvertakenWhoWaitsOrIsJustBeingRecorded) {
  Open({.start = 2, .max = 2});
  Guest& running = Queue("running");
  {
    const auto being_recorded = admission_->Promise(kModel);
    EXPECT_FALSE(Ask());
  }
  EXPECT_TRUE(Ask());
  {
    const Admission::Place of_before_a_restart = admission_->Expect();
    EXPECT_FALSE(Ask());
  }
  Admission::Entry only_elsewhere = EntryOf("particular", "anna");
  only_elsewhere.not_at = {&first_};
  Guest& waiting = Queue(only_elsewhere);
  ASSERT_FALSE(waiting.answered);
  EXPECT_FALSE(Ask());
  ASSERT_TRUE(running.turn);
}

TEST_F(AtOnceTest, NoAccountIsTakenThatTheQueueWouldNotGive) {
  Open({.start = 1, .max = 1}, 100, {&first_, &second_});
  EXPECT_EQ(&Ask({&first_})->account(), &second_);
  EXPECT_FALSE(Ask({&first_, &second_}));
  Use(Queue("refused"), Governor::Answer::kRefusedKey);
  EXPECT_EQ(&Ask()->account(), &second_);
  Guest& at_second = Queue("at_second");
  at_second.turn->Report(Governor::Answer::kBusy, absl::Minutes(1));
  GiveBack(at_second);
  EXPECT_FALSE(Ask());
}

TEST_F(AtOnceTest, NoTurnIsGivenAfterTheClose) {
  Open();
  admission_->Close();
  EXPECT_FALSE(Ask());
}

}  // namespace
}  // namespace easel::generation
