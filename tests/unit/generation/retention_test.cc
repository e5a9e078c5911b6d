#include <functional>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/fakes/fake_image_model.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class RetentionTest : public ::testing::Test {
 protected:
  RetentionTest() {
    around_.pacing.retention = absl::Hours(1);
    around_.pacing.request_id_retention = absl::Hours(24);
  }
  void TearDown() override { process_.reset(); }

  Process& process() {
    if (process_ == nullptr) Restart();
    return *process_;
  }
  // As easeld does.
  void Restart() {
    process_.reset();
    around_.store.Revive();
    process_ = std::make_unique<Process>(around_);
    ASSERT_TRUE(process_->Recover().ok());
    process_->generations().StartRetention();
  }

  // Makes an image of its own, `width` pixels wide.
  std::string Make(const std::string& request_id, int width = 1280) {
    around_.upstream.OnFetch(fakes::PngOf(width, 1280, 1000));
    return MakeAgain(request_id);
  }
  // Makes one with the same bytes as all others that are made like this.
  std::string MakeAgain(const std::string& request_id) {
    const auto started = process().Start(Kitten(request_id));
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    process().RunToEnd();
    return started->current()->generation().name();
  }
  bool IsKept(const std::string& name) const { return around_.store.Kept(name).has_value(); }
  bool HasImage(const std::string& name) const {
    const auto record = around_.store.Kept(name);
    return record && HasKeptImage(*record);
  }
  std::string Read(const std::string& name) {
    const auto found = process().Get("default", name);
    if (!found.ok()) return ReasonOf(found.status());
    const auto bytes = process().Bytes(*found);
    return bytes.ok() ? "bytes" : ReasonOf(bytes.status());
  }
  std::unique_ptr<ImageReader> Open(const std::string& name) {
    std::unique_ptr<ImageReader> reader;
    process().OpenLater(*process().Get("default", name), reader);
    if (!process().RunUntil([&] { return reader != nullptr; })) throw std::runtime_error("it does not open");
    return reader;
  }

  Surroundings around_;
  std::unique_ptr<Process> process_;
};

TEST_F(RetentionTest, BytesGoByAgeAndTheRecordStaysForItsRequestId) {
  const std::string name = Make("one");
  process().RunFor(absl::Minutes(58));
  EXPECT_EQ(Read(name), "bytes");
  process().RunFor(absl::Minutes(4));
  EXPECT_THAT(around_.images.kept(), IsEmpty());
  EXPECT_EQ(Read(name), "IMAGE_EXPIRED");
  const v1::Generation shown = process().generations().Show(**process().Get("default", name));
  EXPECT_EQ(shown.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_TRUE(shown.image().has_remove_time());
  EXPECT_EQ(shown.image().url(), "");
  EXPECT_EQ(shown.charge().state(), v1::CHARGE_STATE_MADE);
}

TEST_F(RetentionTest, AnIdWhoseImageIsGoneIsTheSameGenerationUntilItsTimeIsOver) {
  const std::string name = Make("one");
  process().RunFor(absl::Hours(23));
  EXPECT_EQ(MakeAgain("one"), name);
  EXPECT_EQ(around_.upstream.submissions(), 1);
  process().RunFor(absl::Hours(1) + absl::Minutes(2));
  EXPECT_FALSE(IsKept(name));
  EXPECT_EQ(Read(name), "GENERATION_NOT_FOUND");
  EXPECT_NE(Make("one"), name);
  EXPECT_EQ(around_.upstream.submissions(), 2);
}

TEST_F(RetentionTest, WithALongRetentionRecordAndBytesGoTogether) {
  around_.pacing.retention = absl::Hours(48);
  const std::string name = Make("one");
  process().RunFor(absl::Hours(47));
  EXPECT_TRUE(HasImage(name));
  process().RunFor(absl::Hours(2));
  EXPECT_FALSE(IsKept(name));
  EXPECT_THAT(around_.images.kept(), IsEmpty());
}

TEST_F(RetentionTest, ManyGoAtTheSameTime) {
  around_.pacing.retention = absl::Minutes(30);
  for (int i = 0; i < 10; ++i) Make(std::to_string(i), 1024 + 32 * i);
  process_.reset();  // so that the first sweep that finds one finds all
  around_.images.remove_hold().Close();
  boost::asio::io_context nobody;
  around_.clock.RunFor(nobody, absl::Hours(1));
  process().Settle();
  EXPECT_EQ(around_.images.remove_hold().waiting(), 10);
  around_.images.remove_hold().Open();
  process().Settle();
  EXPECT_EQ(around_.images.kept().size(), 0u);
}

TEST_F(RetentionTest, FailuresGoToo) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  const std::string name = MakeAgain("one");
  process().RunFor(absl::Hours(25));
  EXPECT_FALSE(IsKept(name));
}

TEST_F(RetentionTest, WhatRunsStaysHoweverOld) {
  around_.pacing.render_timeout = absl::Hours(1000);
  process();
  around_.upstream.poll_hold().Close();
  const std::string name = process().Start(Kitten())->current()->generation().name();
  process().RunFor(absl::Hours(100));
  EXPECT_EQ(process().StateOf(name), v1::GENERATION_STATE_RENDERING);
  around_.upstream.poll_hold().Open();
  process().RunToEnd();
  EXPECT_EQ(Read(name), "bytes");
}

TEST_F(RetentionTest, AFailureThatStartsAgainStaysThoughItsTimeWasOver) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  around_.pacing.render_timeout = absl::Hours(1000);
  const std::string name = MakeAgain("one");
  process().RunFor(absl::Hours(23));
  around_.upstream.poll_hold().Close();
  ASSERT_TRUE(process().Start(Kitten("one")).ok());
  process().RunFor(absl::Hours(3));
  EXPECT_EQ(process().StateOf(name), v1::GENERATION_STATE_RENDERING);
  around_.upstream.poll_hold().Open();
  process().RunToEnd();
  EXPECT_EQ(process().StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(RetentionTest, SharedBytesGoWithTheirLastGeneration) {
  const std::string first = MakeAgain("first");
  process().RunFor(absl::Minutes(30));
  const std::string second = MakeAgain("second");
  ASSERT_THAT(around_.images.kept(), SizeIs(1));
  process().RunFor(absl::Minutes(40));
  EXPECT_EQ(Read(first), "IMAGE_EXPIRED");
  EXPECT_EQ(Read(second), "bytes");
  process().RunFor(absl::Minutes(30));
  EXPECT_THAT(around_.images.kept(), IsEmpty());
}

TEST_F(RetentionTest, WhatIsTooMuchGoesOldestEndFirst) {
  const auto one = static_cast<std::int64_t>(fakes::PngOf(1280, 1280, 1000).size());
  around_.max_kept_bytes = 3 * one + one / 2;
  std::vector<std::string> names;
  for (int n = 0; n < 5; ++n) {
    names.push_back(Make("request-" + std::to_string(n), 512 + 32 * n));
    process().RunFor(absl::Seconds(10));
  }
  EXPECT_EQ(Read(names[0]), "IMAGE_EXPIRED");
  EXPECT_EQ(Read(names[1]), "IMAGE_EXPIRED");
  for (int n = 2; n < 5; ++n) EXPECT_EQ(Read(names[static_cast<std::size_t>(n)]), "bytes") << n;
  EXPECT_THAT(around_.images.kept(), SizeIs(3));
  EXPECT_EQ(MakeAgain("request-0"), names[0]);
  EXPECT_EQ(around_.upstream.submissions(), 5);
}

TEST_F(RetentionTest, SharedBytesCountOnceAndMakeRoomOnlyTogether) {
  around_.max_kept_bytes = 2500;  // the usual image has 2000 bytes
  const std::string a = MakeAgain("a");
  const std::string b = MakeAgain("b");
  process().RunFor(absl::Seconds(10));
  EXPECT_EQ(Read(a) + Read(b), "bytesbytes");
  const std::string c = Make("c", 512);
  process().RunFor(absl::Seconds(10));
  EXPECT_EQ(Read(a), "IMAGE_EXPIRED");
  EXPECT_EQ(Read(b), "IMAGE_EXPIRED");
  EXPECT_EQ(Read(c), "bytes");
}

TEST_F(RetentionTest, WhatIsReadStaysUntilTheReaderIsGone) {
  const std::string name = Make("one");
  auto reader = Open(name);
  process().RunFor(absl::Hours(2));
  EXPECT_TRUE(HasImage(name));
  EXPECT_THAT(around_.images.kept(), SizeIs(1));
  reader.reset();
  process().RunFor(absl::Minutes(2));
  EXPECT_FALSE(HasImage(name));
  EXPECT_THAT(around_.images.kept(), IsEmpty());
}

TEST_F(RetentionTest, DeletingRemovesRecordAndBytesAtOnce) {
  const std::string name = Make("one");
  ASSERT_TRUE(process().Delete("default", name).ok());
  EXPECT_FALSE(IsKept(name));
  EXPECT_THAT(around_.images.kept(), IsEmpty());
  EXPECT_EQ(ReasonOf(process().Delete("default", name)), "GENERATION_NOT_FOUND");
}

TEST_F(RetentionTest, DeletingOneOfTwoThatShareBytesKeepsTheOtherReadable) {
  const std::string first = MakeAgain("first");
  const std::string second = MakeAgain("second");
  ASSERT_TRUE(process().Delete("default", first).ok());
  EXPECT_EQ(Read(second), "bytes");
  ASSERT_TRUE(process().Delete("default", second).ok());
  EXPECT_THAT(around_.images.kept(), IsEmpty());
}

TEST_F(RetentionTest, WhatIsDeletedWhileItIsReadGoesAfterTheReader) {
  const std::string name = Make("one");
  auto reader = Open(name);
  ASSERT_TRUE(process().Delete("default", name).ok());
  EXPECT_FALSE(IsKept(name));
  process().RunFor(absl::Minutes(5));
  EXPECT_THAT(around_.images.kept(), SizeIs(1));
  reader.reset();
  process().RunFor(absl::Minutes(2));
  EXPECT_THAT(around_.images.kept(), IsEmpty());
}

TEST_F(RetentionTest, WhatRunsIsNotDeletedAndTheRefusalSaysWhatItCostSoFar) {
  process();
  around_.upstream.poll_hold().Close();
  const std::string name = process().Start(Kitten())->current()->generation().name();
  ASSERT_TRUE(process().RunUntilState(name, v1::GENERATION_STATE_RENDERING));
  const absl::Status refused = process().Delete("default", name);
  EXPECT_EQ(ReasonOf(refused), "GENERATION_NOT_ENDED");
  EXPECT_EQ(MetadataOf(ToRpcStatus(refused), "charge_state"), "MADE");
}

// A record that is gone, or says that its image is gone, never precedes its bytes to the end of their world: whatever the
// moment of a crash, the next process removes what nothing refers to.
TEST_F(RetentionTest, ACrashBetweenTheRecordAndItsBytesIsHealed) {
  const std::function<void()> crashes[] = {
      [&] { around_.store.DieBefore(v1::GENERATION_STATE_UNSPECIFIED); },  // removing a record
      [&] { around_.store.DieAfter(v1::GENERATION_STATE_UNSPECIFIED); },
      [&] { around_.store.DieBefore(v1::GENERATION_STATE_SUCCEEDED); },  // marking one
      [&] { around_.store.DieAfter(v1::GENERATION_STATE_SUCCEEDED); },
  };
  for (std::size_t i = 0; i < std::size(crashes); ++i) {
    around_.pacing.retention = i < 2 ? absl::Hours(24) : absl::Hours(1);
    Restart();
    const std::string name = Make("crash-" + std::to_string(i), 512 + static_cast<int>(i) * 32);
    crashes[i]();
    process().RunFor(absl::Hours(25));
    ASSERT_TRUE(around_.store.dead()) << i;
    EXPECT_THAT(around_.images.kept(), SizeIs(1)) << i;  // the bytes go last
    Restart();
    process().RunFor(absl::Minutes(1));
    EXPECT_FALSE(HasImage(name)) << i;
    EXPECT_THAT(around_.images.kept(), IsEmpty()) << i;
  }
}

TEST_F(RetentionTest, BytesThatWereKeptBeforeACrashAndNeverRecordedAreFetchedAgainNotLost) {
  process();
  around_.store.DieBefore(v1::GENERATION_STATE_SUCCEEDED);
  const std::string name = process().Start(Kitten())->current()->generation().name();
  process().RunUntil([&] { return around_.store.dead(); });
  ASSERT_THAT(around_.images.kept(), SizeIs(1));
  Restart();
  process().RunToEnd();
  process().RunFor(absl::Minutes(5));
  EXPECT_EQ(Read(name), "bytes");
}

TEST_F(RetentionTest, ManyForgottenImagesAreFoundAndNoOthersAreTouched) {
  const std::string name = Make("one");
  process_.reset();
  for (int n = 0; n < 700; ++n) around_.images.Put(std::to_string(n), "bytes");
  Restart();
  process().RunFor(absl::Seconds(1));
  EXPECT_THAT(around_.images.kept(), SizeIs(1));
  EXPECT_EQ(Read(name), "bytes");
}

TEST_F(RetentionTest, StorageFaultsAreToldAndPass) {
  const std::function<void()> faults[] = {
      [&] { around_.store.FailReads(3); },
      [&] { around_.store.FailWrites(2); },
      [&] { around_.store.FailWritesAfterApplying(2); },
      [&] { around_.images.FailRemoves(2); },
  };
  for (std::size_t i = 0; i < std::size(faults); ++i) {
    const std::string name = Make("fault-" + std::to_string(i), 512 + static_cast<int>(i) * 32);
    process().RunFor(absl::Minutes(30));
    const std::size_t told = process().faults().size();
    faults[i]();
    process().RunFor(absl::Hours(2));
    EXPECT_GT(process().faults().size(), told) << i;
    EXPECT_FALSE(HasImage(name)) << i;
    EXPECT_THAT(around_.images.kept(), IsEmpty()) << i;
  }
}

TEST_F(RetentionTest, SuspendingEndsIt) {
  const std::string name = Make("one");
  process().generations().Suspend();
  process().Settle();
  EXPECT_TRUE(process().generations().AwaitIdle(absl::ZeroDuration()));
  process().RunFor(absl::Hours(100));
  EXPECT_TRUE(HasImage(name));
}

TEST_F(RetentionTest, AReaderThatComesTooLateHearsThatTheImageExpired) {
  const std::string name = Make("one");
  const auto before = process().Get("default", name);
  process().RunFor(absl::Hours(2));
  EXPECT_EQ(ReasonOf(process().Bytes(*before).status()), "IMAGE_EXPIRED");
  process().RunFor(absl::Hours(24));
  EXPECT_EQ(ReasonOf(process().Bytes(*before).status()), "GENERATION_NOT_FOUND");
}

}  // namespace
}  // namespace easel::generation
