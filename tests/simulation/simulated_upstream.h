#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "generation/catalog.h"
#include "generation/ports/image_model.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/schedule.h"

namespace easel::simulation {

// One account at an upstream: takes money when it accepts, whatever becomes of the answer. What has left arrives, or not,
// also after the process that sent it has died.
class SimulatedUpstream final : public generation::ImageModel {
 public:
  SimulatedUpstream(std::string upstream, std::string key_fingerprint, bool rejects_duplicates, const Scenario& scenario,
                    Schedule& schedule, const Weather& weather, Dice dice, const generation::Catalog& catalog, Promises& promises)
      : upstream_(std::move(upstream)), key_fingerprint_(std::move(key_fingerprint)),
        rejects_duplicates_(rejects_duplicates), scenario_(scenario), schedule_(schedule), weather_(weather),
        dice_(dice), catalog_(catalog), promises_(promises) {}

  const std::string& upstream() const override { return upstream_; }
  const std::string& key_fingerprint() const override { return key_fingerprint_; }
  bool UsesTasks(const v1::ImageSpec& spec) const override;
  boost::asio::awaitable<generation::Submission> Submit(const v1::ImageSpec& spec, generation::SubmitIds ids) override;
  boost::asio::awaitable<generation::PollResult> Poll(std::string_view task_id) override;
  boost::asio::awaitable<generation::Fetched> Fetch(std::string_view url, generation::ByteSink& sink) override;

 private:
  // What will become of a submission.
  enum class Fate {
    kAccepted,
    kNeverSent,           // no connection
    kNeverArrived,        // sent, lost on the way
    kRefused,             // with a business code
    kBrokenGateway,       // an answer that says nothing, before it was taken
    kAnswerLost,          // accepted, and the answer does not come back
    kAnswerLate,          // accepted after the client has given up
    kAcceptedAndGateway,  // accepted, and the answer says nothing
    kDefect,              // accepted, and the answer is an image that is none
  };
  // A request and its answer on the wire.
  struct Exchange {
    Fate fate = Fate::kAccepted;
    std::string generation;
    std::string submit_id;
    v1::ImageSpec spec;
    absl::Duration rendering;  // how long the answer takes to be made
    std::optional<generation::Submission> answer;
  };
  struct Task {
    enum class Kind { kMakesImage, kFails, kIsBlocked, kHangs };
    Kind kind = Kind::kMakesImage;
    std::int64_t picture = 0;
    v1::ImageSpec spec;
    absl::Time known_from = absl::InfinitePast();
    absl::Time done = absl::InfinitePast();
    absl::Time forgotten = absl::InfiniteFuture();
  };
  struct Link {
    enum class Kind { kImage, kOtherSize, kGarbage, kForbidden };
    Kind kind = Kind::kImage;
    std::int64_t picture = 0;
    v1::ImageSpec spec;
    absl::Time from = absl::InfinitePast();
    absl::Time until = absl::InfiniteFuture();
  };

  void Arrive(Exchange& exchange);
  bool Takes(Exchange& exchange);
  void Accept(Exchange& exchange);
  generation::ImageReady NewLink(std::int64_t picture, const v1::ImageSpec& spec);
  boost::asio::awaitable<void> Deliver(std::string bytes, bool cut, generation::ByteSink& sink, generation::Fetched& end);
  std::string BytesOf(const Link& link) const;
  int Busy() const;

  const std::string upstream_;
  const std::string key_fingerprint_;
  const bool rejects_duplicates_;
  const Scenario& scenario_;
  Schedule& schedule_;
  const Weather& weather_;
  Dice dice_;
  const generation::Catalog& catalog_;
  Promises& promises_;
  std::set<std::string> submit_ids_;
  std::map<std::string, Task> tasks_;
  std::map<std::string, Link> links_;
  std::int64_t pictures_ = 0;
  int rendering_ = 0;
};

}  // namespace easel::simulation
