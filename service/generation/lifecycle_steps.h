#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "generation/admission.h"
#include "generation/error.h"
#include "generation/image_holds.h"
#include "generation/lifecycle.h"
#include "generation/live_generation.h"
#include "generation/ports/image_model.h"
#include "generation/terms.h"
#include "imaging/image_inspector.h"

namespace easel::generation {

// One generation on its way. The steps and what leads from each to the next are in lifecycle.cc, how it comes to an account
// and a model in lifecycle_turn.cc, what leads to another end in lifecycle_setbacks.cc, and how a step is recorded in
// lifecycle_record.cc. Used by one coroutine.
class Lifecycle {
 public:
  Lifecycle(const World& world, std::shared_ptr<LiveGeneration> live, Standing standing, Origin origin);

  boost::asio::awaitable<void> Run();

 private:
  // Each step begins at what the record says and ends by recording what comes next.
  boost::asio::awaitable<void> TakeTurn();  // QUEUED     -> SUBMITTING
  boost::asio::awaitable<void> Submit();    // SUBMITTING -> RENDERING | FETCHING | QUEUED | end
  boost::asio::awaitable<void> Render();    // RENDERING  -> FETCHING | end
  boost::asio::awaitable<void> Fetch();     // FETCHING   -> SUCCEEDED | end

  boost::asio::awaitable<void> Found(ImageReady ready);
  boost::asio::awaitable<void> Succeed(imaging::ImageFacts info);

  boost::asio::awaitable<void> TurnDidNotCome();
  boost::asio::awaitable<void> OutcomeWasLost();
  boost::asio::awaitable<void> Refused(UpstreamError error);
  boost::asio::awaitable<void> NotSent();
  bool MayGoAgain(const UpstreamError& error);
  bool MayResubmit() const;
  void CloseAttempt(std::string_view code, v1::ChargeState charge);
  boost::asio::awaitable<void> PollFailed(const UpstreamError& error);
  boost::asio::awaitable<void> FetchFailed(const Fetched& fetched);
  boost::asio::awaitable<void> AskForFreshUrl(absl::Time give_up);
  boost::asio::awaitable<void> Fail(Error error);
  boost::asio::awaitable<void> Cancelled();
  boost::asio::awaitable<void> Suspended();

  // Records the change of state, waiting for as long as the store cannot. Afterwards the state is that, or gone_ is set.
  boost::asio::awaitable<void> Record(v1::GenerationState state);
  boost::asio::awaitable<absl::Status> Commit(Snapshot snapshot);
  void CountEnd() const;
  // Waits, unless a wish interrupts it. The time counts as waiting, not as this service's own.
  boost::asio::awaitable<void> Wait(absl::Duration duration);

  // Whether a request may leave: not once another process may have taken this over.
  bool MaySend() const { return world_.replicas == nullptr || (lease_ != 0 && world_.replicas->lease() == lease_); }
  // Until the bytes may be kept, or a wish interrupts that.
  boost::asio::awaitable<void> HoldImage(const std::string& digest);

  bool Interrupted() const { return live_->wish() != LiveGeneration::Wish::kGoOn; }
  v1::GenerationState state() const { return record_.generation().state(); }
  v1::Generation& generation() { return *record_.mutable_generation(); }
  absl::Time Now() const { return world_.clock.Now(); }
  // Where an attempt belongs: a generation resumes only there. nullptr: it is not configured any more.
  ImageModel* AccountOf(const v1::Attempt& attempt) const;
  ImageModel* Account() const { return AccountOf(*record_.generation().attempts().rbegin()); }
  UpstreamTerms TermsOf(std::string_view upstream) const { return generation::TermsOf(world_, upstream); }
  // What the current attempt asks for, and what that costs.
  v1::ImageSpec Asked() const;
  v1::Charge Charge(v1::ChargeState state) const;

  // The accounts that the next submission may not go to, whatever happens; and of the others, when the first may have it
  // (long ago: at once).
  std::vector<const ImageModel*> Excluded() const;
  absl::Time NextTry() const;
  absl::Time RestsUntil(const ImageModel& account) const;
  void Rest(const UpstreamError& error);
  Admission::Entry QueueEntry() const;
  // The only account that an unanswered request may be sent to again; nullptr: there is no such request.
  ImageModel* BoundTo() const;
  bool MayFallBack() const;
  // True if the other model is used from here on.
  bool FallBack();

  absl::Duration Backoff(int round) const;
  // A recorded limit, but after a restart never before there was time for a few tries.
  absl::Time Limit(const google::protobuf::Timestamp& recorded) const;

  const World& world_;
  const std::shared_ptr<LiveGeneration> live_;
  Admission::Place place_;
  const Origin origin_;
  ::easel::generation::Record record_;

  // What this process knows and a restart need not.
  const absl::Time began_;
  std::optional<Admission::Turn> turn_;
  std::optional<ImageHolds::Held> held_;  // the image that its record is about to refer to
  std::uint64_t lease_ = 0;  // held since before the turn was recorded
  bool gone_ = false;  // the record was taken over, is not there any more, or cannot be written before the end: stop
  std::string model_;                                       // the one to ask for
  absl::Time fall_back_at_;                                 // when another one is thought of
  std::vector<const ImageModel*> refused_;                  // accounts whose key or quota is of no use for it
  std::map<std::string, absl::Time, std::less<>> rests_;    // upstreams that failed, and until when they are left alone
  std::optional<UpstreamError> refusal_;                    // the last one that may go again
  int retries_ = 0;
  int unknown_task_polls_ = 0;
  int invalid_fetches_ = 0;
  absl::Time submitted_at_ = absl::InfinitePast();
  absl::Duration waited_;  // for turns, for the upstream, between polls
};

}  // namespace easel::generation
