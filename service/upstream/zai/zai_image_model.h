#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "generation/ports/image_model.h"
#include "upstream/http/http_clients.h"
#include "upstream/http/url_guard.h"

namespace easel::upstream {

struct ZaiOptions {
  // "https://api.z.ai/api/paas/v4"; slashes at its end do not matter.
  std::string base_url;
  std::string api_key;
  // What upstream() says and records keep; empty: the base URL. For a host whose address changes and which stays the same.
  std::string name;
  // glm-image in hd through the asynchronous endpoint; everything else has only the synchronous one.
  bool async_glm_image = true;
  // Whether the host documents watermark_enabled. Unset: only on open.bigmodel.cn.
  std::optional<bool> watermark_known;
  absl::Duration connect_timeout = absl::Seconds(8);
  // For a synchronous submission, in which the upstream makes the image before it answers.
  absl::Duration sync_timeout = absl::Seconds(330);
  absl::Duration async_submit_timeout = absl::Seconds(60);
  absl::Duration poll_timeout = absl::Seconds(30);
  absl::Duration fetch_timeout = absl::Minutes(5);
  std::int64_t max_image_bytes = 64 * 1024 * 1024;
};

// Z.AI's HTTP API, overseas or mainland, with one key. `clients` and `guard` must outlive it.
class ZaiImageModel : public generation::ImageModel {
 public:
  // INVALID_ARGUMENT, in words for the operator, if the base URL or the key cannot be used. Never shows the key.
  static absl::StatusOr<std::unique_ptr<ZaiImageModel>> Create(ZaiOptions options, HttpClients& clients,
                                                               const UrlGuard& guard);

  const std::string& upstream() const override { return options_.name; }
  const std::string& key_fingerprint() const override { return key_fingerprint_; }
  bool UsesTasks(const v1::ImageSpec& spec) const override;
  // Whether a watermark that a spec asks for reaches the upstream; it is not sent otherwise.
  bool watermark_known() const { return watermark_known_; }

  boost::asio::awaitable<generation::Submission> Submit(const v1::ImageSpec& spec, generation::SubmitIds ids) override;
  boost::asio::awaitable<generation::PollResult> Poll(std::string_view task_id) override;
  boost::asio::awaitable<generation::Fetched> Fetch(std::string_view url, generation::ByteSink& sink) override;

 private:
  ZaiImageModel(ZaiOptions options, bool mainland, HttpClients& clients, const UrlGuard& guard);

  HttpRequest ApiRequest(HttpRequest::Method method, const std::string& path, absl::Duration timeout) const;
  boost::asio::awaitable<generation::Submission> SubmitNow(const v1::ImageSpec& spec, generation::SubmitIds ids);
  boost::asio::awaitable<generation::PollResult> PollNow(std::string_view task_id);
  boost::asio::awaitable<generation::Fetched> FetchNow(std::string_view url, generation::ByteSink& sink);

  const ZaiOptions options_;
  const bool watermark_known_;
  const std::string key_fingerprint_;
  HttpClients& clients_;
  const UrlGuard& guard_;
};

}  // namespace easel::upstream
