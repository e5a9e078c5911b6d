#pragma once

#include <memory>

#include "generation/ports/image_model.h"
#include "generation/ports/metrics.h"

namespace easel::upstream {

// Counts and times every request of another ImageModel, and changes nothing. `metrics` must outlive it.
class MeteredImageModel : public generation::ImageModel {
 public:
  MeteredImageModel(std::unique_ptr<generation::ImageModel> model, generation::Metrics& metrics);

  const std::string& upstream() const override { return model_->upstream(); }
  const std::string& key_fingerprint() const override { return model_->key_fingerprint(); }
  bool UsesTasks(const v1::ImageSpec& spec) const override { return model_->UsesTasks(spec); }

  boost::asio::awaitable<generation::Submission> Submit(const v1::ImageSpec& spec, generation::SubmitIds ids) override;
  boost::asio::awaitable<generation::PollResult> Poll(std::string_view task_id) override;
  boost::asio::awaitable<generation::Fetched> Fetch(std::string_view url, generation::ByteSink& sink) override;

 private:
  boost::asio::awaitable<generation::Submission> SubmitNow(const v1::ImageSpec& spec, generation::SubmitIds ids);
  boost::asio::awaitable<generation::PollResult> PollNow(std::string_view task_id);
  boost::asio::awaitable<generation::Fetched> FetchNow(std::string_view url, generation::ByteSink& sink);
  // `error`: null where there was none.
  void Count(std::string_view operation, const generation::UpstreamError* error, absl::Duration duration);

  const std::unique_ptr<generation::ImageModel> model_;
  generation::Metrics& metrics_;
};

}  // namespace easel::upstream
