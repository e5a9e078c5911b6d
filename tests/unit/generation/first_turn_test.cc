#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;

// Where a turn is free, the first record of a generation is that of its submission.
class FirstTurnTest : public ::testing::Test {
 protected:
  FirstTurnTest() {
    around_.limits = {.start = 1, .max = 1};
    around_.store.on_write = [this](const Record& record) {
      written_[record.generation().request_id()].push_back(record.generation());
    };
  }

  v1::Generation Start(Process& process, Order order) {
    auto started = process.Start(std::move(order));
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    return started->current()->generation();
  }
  std::vector<v1::GenerationState> StatesOf(const std::string& request_id) {
    std::vector<v1::GenerationState> states;
    for (const v1::Generation& record : written_[request_id]) states.push_back(record.state());
    return states;
  }
  // The only turn that there is is free.
  void ExpectFree(Process& process) {
    EXPECT_EQ(process.admission().ExpectedWait("glm-image", absl::Seconds(10)), absl::ZeroDuration());
    Start(process, Kitten("the next one"));
    EXPECT_EQ(written_["the next one"].at(0).state(), v1::GENERATION_STATE_SUBMITTING);
    process.RunToEnd();
  }

  Surroundings around_;
  std::map<std::string, std::vector<v1::Generation>> written_;
};

TEST_F(FirstTurnTest, TheFirstRecordSaysWhereItIsSubmitted) {
  Process process(around_);
  Start(process, Kitten());
  ASSERT_EQ(written_["kitten-1"].size(), 1U);
  const v1::Generation& first = written_["kitten-1"][0];
  EXPECT_EQ(first.state(), v1::GENERATION_STATE_SUBMITTING);
  EXPECT_EQ(first.revision(), 1);
  ASSERT_EQ(first.attempts_size(), 1);
  EXPECT_EQ(first.attempts(0).upstream(), around_.upstream.upstream());
  EXPECT_EQ(first.attempts(0).key_fingerprint(), around_.upstream.key_fingerprint());
  EXPECT_EQ(first.attempts(0).model(), "glm-image");
  EXPECT_EQ(first.attempts(0).start_time().seconds(), first.create_time().seconds());
  EXPECT_FALSE(first.attempts(0).has_end_time());
  EXPECT_EQ(first.charge().state(), v1::CHARGE_STATE_NONE);
}

TEST_F(FirstTurnTest, WhoHasToWaitIsRecordedAsQueuedAndGoesOnFromThere) {
  around_.upstream.poll_hold().Close();
  Process process(around_);
  Start(process, Kitten("first"));
  const v1::Generation second = Start(process, Kitten("second"));
  EXPECT_EQ(second.state(), v1::GENERATION_STATE_QUEUED);
  EXPECT_EQ(second.attempts_size(), 0);
  around_.upstream.poll_hold().Open();
  process.RunToEnd();
  EXPECT_THAT(StatesOf("second"),
              ElementsAre(v1::GENERATION_STATE_QUEUED, v1::GENERATION_STATE_SUBMITTING, v1::GENERATION_STATE_RENDERING,
                          v1::GENERATION_STATE_FETCHING, v1::GENERATION_STATE_SUCCEEDED));
}

TEST_F(FirstTurnTest, OrdersThatComeTogetherGoInTheirOrder) {
  Process process(around_);
  std::vector<absl::StatusOr<Watcher>> answers;
  for (int i = 0; i < 5; ++i) {
    Order order = Kitten("order-" + std::to_string(i));
    order.spec.set_prompt(order.request_id);
    process.StartLater(std::move(order), answers);
  }
  ASSERT_TRUE(process.RunUntil([&] { return answers.size() == 5; }));
  process.RunToEnd();
  EXPECT_THAT(around_.upstream.prompts(), ElementsAre("order-0", "order-1", "order-2", "order-3", "order-4"));
  EXPECT_EQ(StatesOf("order-0").front(), v1::GENERATION_STATE_SUBMITTING);
  for (int i = 1; i < 5; ++i) EXPECT_EQ(StatesOf("order-" + std::to_string(i)).front(), v1::GENERATION_STATE_QUEUED);
}

TEST_F(FirstTurnTest, ItIsNotAtAnUpstreamThatCannotDoWhatIsAsked) {
  fakes::ScriptedImageModel other("ffffffff", "https://other.test/v1");
  around_.accounts = {&other, &around_.upstream};
  const Catalog mainland(Host::kMainland);
  around_.terms.emplace(other.upstream(), UpstreamTerms{mainland});
  Process process(around_);
  Order order = Kitten();
  order.spec.set_prompt(std::string(1500, 'x'));
  Start(process, order);
  EXPECT_EQ(written_["kitten-1"].at(0).attempts(0).key_fingerprint(), around_.upstream.key_fingerprint());
  process.RunToEnd();
  EXPECT_EQ(other.submissions(), 0);
}

// What comes and finds that its id is taken has no use for its turn.
TEST_F(FirstTurnTest, ADuplicateOfWhatHasEndedGivesItsTurnBack) {
  Process process(around_);
  Start(process, Kitten());
  process.RunToEnd();
  EXPECT_EQ(Start(process, Kitten()).state(), v1::GENERATION_STATE_SUCCEEDED);
  Order other = Kitten();
  other.spec.set_prompt("a puppy");
  EXPECT_EQ(ReasonOf(process.Start(other).status()), "REQUEST_ID_CONFLICT");
  ExpectFree(process);
  EXPECT_EQ(around_.upstream.submissions(), 2);
}

TEST_F(FirstTurnTest, AFailureThatStartsAgainDoesNotWaitForItsOwnTurn) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  Process process(around_);
  const std::string name = Start(process, Kitten()).name();
  process.RunToEnd();
  Start(process, Kitten());
  process.RunToEnd();
  EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
  ExpectFree(process);
}

TEST_F(FirstTurnTest, ADuplicateOfWhatAnotherProcessLeftCarriesThatOn) {
  around_.upstream.poll_hold().Close();
  {
    Process process(around_);
    Start(process, Kitten());
    ASSERT_TRUE(process.RunUntil([&] { return around_.upstream.poll_hold().waiting() == 1; }));
  }
  around_.upstream.poll_hold().Open();
  Process process(around_);
  Start(process, Kitten());
  process.RunToEnd();
  EXPECT_EQ(StatesOf("kitten-1").back(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.submissions(), 1);
  ExpectFree(process);
}

TEST_F(FirstTurnTest, AnOrderThatCannotBeRecordedGivesItsTurnBack) {
  for (const bool unreadable : {false, true}) {
    Process process(around_);
    around_.store.FailWrites(1);
    if (unreadable) around_.store.FailReads(1);
    EXPECT_EQ(ReasonOf(process.Start(Kitten("refused")).status()), "STORAGE_UNAVAILABLE");
    ExpectFree(process);
  }
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

}  // namespace
}  // namespace easel::generation
