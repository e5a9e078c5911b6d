#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "generation/ports/image_model.h"
#include "tests/fakes/gate.h"

namespace easel::fakes {

// An upstream that makes the same picture of every prompt, and does what a test tells it to. Thread-safe.
class FakeImageModel final : public generation::ImageModel {
 public:
  // `image`: the bytes that every download gives.
  explicit FakeImageModel(std::string image) : image_(std::move(image)) {}

  // Submissions wait here for their answer, after they were counted.
  Gate& gate() { return gate_; }
  // The next submissions, in this order, fail with these errors instead of making an image.
  void FailNext(generation::UpstreamError error);

  int submissions() const { return submissions_; }
  // Submissions whose connection was closed while they waited.
  int aborted() const { return aborted_; }

  const std::string& upstream() const override { return upstream_; }
  const std::string& key_fingerprint() const override { return key_fingerprint_; }
  bool UsesTasks(const v1::ImageSpec&) const override { return false; }
  boost::asio::awaitable<generation::Submission> Submit(const v1::ImageSpec& spec,
                                                        generation::SubmitIds ids) override;
  boost::asio::awaitable<generation::PollResult> Poll(std::string_view task_id) override;
  boost::asio::awaitable<generation::Fetched> Fetch(std::string_view url, generation::ByteSink& sink) override;

 private:
  const std::string upstream_ = "https://upstream.test/api/paas/v4";
  const std::string key_fingerprint_ = "0a1b2c3d";
  const std::string image_;
  Gate gate_;
  std::mutex mutex_;
  std::deque<generation::UpstreamError> failures_;
  std::atomic<int> submissions_ = 0;
  std::atomic<int> aborted_ = 0;
};

// A PNG whose header says these dimensions, filled up to `size_bytes` with data that no decoder would draw. At least 100.
std::string PngOf(int width, int height, std::size_t size_bytes);

}  // namespace easel::fakes
