#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "generation/ports/image_model.h"

namespace easel::fakes {

// Where coroutines of one loop can be held back. They are forgotten when they are destroyed.
class Hold {
 public:
  void Close() { closed_ = true; }
  void Open();
  int waiting() const { return static_cast<int>(waiting_.size()); }
  // False: the coroutine was cancelled while it was held.
  boost::asio::awaitable<bool> Pass();

 private:
  bool closed_ = false;
  std::set<boost::asio::steady_timer*> waiting_;
};

// An upstream account that answers by script, and without one does everything right: a task (or the image), ready at the
// first poll, and a picture of the size asked for. It remembers what it was asked and what it took money for, across
// crashes of the service. For one thread.
class ScriptedImageModel final : public generation::ImageModel {
 public:
  explicit ScriptedImageModel(std::string key_fingerprint = "0a1b2c3d",
                              std::string upstream = "https://upstream.test/api/paas/v4")
      : upstream_(std::move(upstream)), key_fingerprint_(std::move(key_fingerprint)) {}

  // A download that gives these bytes, or that ends like this.
  using Delivery = std::variant<std::string, generation::Fetched>;

  // What the next calls answer, in this order, before it goes on without a script.
  void OnSubmit(generation::Submission answer) { submits_.push_back(std::move(answer)); }
  void OnPoll(generation::PollResult answer) { polls_.push_back(std::move(answer)); }
  void OnFetch(Delivery delivery) { fetches_.push_back(std::move(delivery)); }
  // What every call answers that the script has no answer for.
  void AlwaysPoll(generation::PollResult answer) { every_poll_ = std::move(answer); }
  void AlwaysFetch(Delivery delivery) { every_fetch_ = std::move(delivery); }
  void AlwaysSubmit(generation::Submission answer) { every_submit_ = std::move(answer); }
  void BehaveAgain();

  void set_uses_tasks(bool uses) { uses_tasks_ = uses; }
  void set_rejects_duplicates() { rejects_duplicates_ = true; }
  // What a submission knows of itself when it is cancelled while it is held.
  void set_taken_when_cancelled(generation::Taken taken) { taken_when_cancelled_ = taken; }

  // A call waits there after it was counted and before it is answered.
  Hold& submit_hold() { return submit_hold_; }
  Hold& poll_hold() { return poll_hold_; }
  Hold& fetch_hold() { return fetch_hold_; }

  int submissions() const { return static_cast<int>(submit_ids_.size()); }
  // Submissions that cost money.
  int paid() const { return paid_; }
  int polls() const { return static_cast<int>(polled_.size()); }
  int fetches() const { return static_cast<int>(fetched_.size()); }
  const std::vector<std::string>& submit_ids() const { return submit_ids_; }
  const std::vector<std::string>& traceparents() const { return traceparents_; }
  const std::vector<std::string>& polled() const { return polled_; }
  const std::vector<std::string>& fetched() const { return fetched_; }
  const std::vector<std::string>& prompts() const { return prompts_; }
  // What each submission asked for.
  const std::vector<v1::ImageSpec>& asked() const { return asked_; }

  const std::string& upstream() const override { return upstream_; }
  const std::string& key_fingerprint() const override { return key_fingerprint_; }
  bool UsesTasks(const v1::ImageSpec&) const override { return uses_tasks_; }
  boost::asio::awaitable<generation::Submission> Submit(const v1::ImageSpec& spec, generation::SubmitIds ids) override;
  boost::asio::awaitable<generation::PollResult> Poll(std::string_view task_id) override;
  boost::asio::awaitable<generation::Fetched> Fetch(std::string_view url, generation::ByteSink& sink) override;

 private:
  generation::Submission Answer(const std::string& submit_id);

  const std::string upstream_;
  const std::string key_fingerprint_;
  bool uses_tasks_ = true;
  bool rejects_duplicates_ = false;
  generation::Taken taken_when_cancelled_ = generation::Taken::kUnknown;
  std::deque<generation::Submission> submits_;
  std::deque<generation::PollResult> polls_;
  std::deque<Delivery> fetches_;
  std::optional<generation::Submission> every_submit_;
  std::optional<generation::PollResult> every_poll_;
  std::optional<Delivery> every_fetch_;
  Hold submit_hold_;
  Hold poll_hold_;
  Hold fetch_hold_;
  int paid_ = 0;
  std::string picture_;
  std::set<std::string> taken_ids_;
  std::vector<std::string> submit_ids_;
  std::vector<std::string> traceparents_;
  std::vector<std::string> prompts_;
  std::vector<v1::ImageSpec> asked_;
  std::vector<std::string> polled_;
  std::vector<std::string> fetched_;
};

}  // namespace easel::fakes
