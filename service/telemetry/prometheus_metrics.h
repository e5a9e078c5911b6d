#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "easel/v1/model.pb.h"
#include "generation/ports/metrics.h"

namespace easel::telemetry {

// The label values that are known before anything happens: each of their series exists from the start, with 0, so that a
// dashboard shows it and a rate sees its first step.
struct KnownLabels {
  struct Model {
    std::string name;
    std::vector<v1::Quality> qualities;
  };
  struct Upstream {
    std::string base_url;
    std::string key_fingerprint;
  };
  std::vector<Model> models;
  std::vector<std::string> currencies;
  std::vector<Upstream> upstreams;
  // Of easel_upstream_errors_total.
  std::vector<std::string> upstream_codes;
};

// What the service reports about its own binary.
struct BuildInfo {
  std::string version;
  std::string revision;
};

// Counts into a Prometheus registry of its own. Thread-safe; every method is short and takes only short locks.
//
// Callers are whoever calls, so they are the one open label: the first `max_callers` keep their name, all later ones are
// counted together as "other".
class PrometheusMetrics final : public generation::Metrics {
 public:
  static constexpr std::size_t kMaxCallers = 100;

  PrometheusMetrics(const KnownLabels& known, const BuildInfo& build, std::size_t max_callers = kMaxCallers);
  ~PrometheusMetrics() override;

  // Everything, in Prometheus' text format 0.0.4.
  std::string Text() const;

  // A configuration was read while the service ran; refused: the one before stays in force.
  void ConfigReloaded(bool applied);

  void StateChanged(v1::GenerationState from, v1::GenerationState to) override;
  void GenerationEnded(const Ended& ended) override;
  void QueueWaited(std::string_view model, absl::Duration wait) override;
  void QueueDepth(std::string_view model, int depth) override;
  void ConcurrencyLimit(std::string_view upstream, std::string_view key, std::string_view model, int limit) override;
  void KeyUp(std::string_view upstream, std::string_view key, bool up) override;
  void BreakerOpen(std::string_view upstream, bool open) override;
  void UpstreamRequest(std::string_view upstream, std::string_view operation, std::string_view klass,
                       absl::Duration duration) override;
  void UpstreamError(std::string_view upstream, std::string_view code) override;
  void CallerLimitExceeded(std::string_view caller, std::string_view limit, std::string_view mode, int times) override;
  void RpcHandled(std::string_view type, std::string_view method, std::string_view code,
                  absl::Duration duration) override;

 private:
  struct Families;
  void CountCharge(const Ended& ended, std::string_view quality, const v1::Attempt& attempt);
  // `caller`, or "other" where too many are known.
  std::string_view Capped(std::string_view caller);

  std::unique_ptr<Families> families_;
};

}  // namespace easel::telemetry
