#include "telemetry/prometheus_metrics.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <sstream>

#include "easel/v1/error.pb.h"
#include "easel/v1/image_service.pb.h"
#include "prometheus/text_serializer.h"
#include "telemetry/error_reason.h"
#include "telemetry/label_names.h"
#include "telemetry/metric_families.h"

namespace easel::telemetry {
namespace {

constexpr std::array kOutcomes = {v1::GENERATION_STATE_SUCCEEDED, v1::GENERATION_STATE_FAILED,
                                  v1::GENERATION_STATE_CANCELLED};
constexpr std::array kRunning = {v1::GENERATION_STATE_QUEUED, v1::GENERATION_STATE_SUBMITTING,
                                 v1::GENERATION_STATE_RENDERING, v1::GENERATION_STATE_FETCHING};
constexpr std::array<std::string_view, 3> kOperations = {"submit", "poll", "fetch"};
constexpr std::array<std::string_view, 11> kClasses = {"ok",         "rejected",    "blocked",   "credentials",
                                                       "quota",      "busy",        "overloaded", "unavailable",
                                                       "ambiguous",  "defect",      "cancelled"};
// Why a generation, other than a call, may fail.
constexpr std::array kFailures = {
    v1::ERROR_REASON_QUEUE_TIMEOUT,        v1::ERROR_REASON_UPSTREAM_REJECTED,    v1::ERROR_REASON_CONTENT_BLOCKED,
    v1::ERROR_REASON_UPSTREAM_CREDENTIALS, v1::ERROR_REASON_UPSTREAM_QUOTA,       v1::ERROR_REASON_UPSTREAM_BUSY,
    v1::ERROR_REASON_UPSTREAM_OVERLOADED,  v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, v1::ERROR_REASON_OUTCOME_UNKNOWN,
    v1::ERROR_REASON_UPSTREAM_DEFECT,      v1::ERROR_REASON_UPSTREAM_TIMEOUT,     v1::ERROR_REASON_IMAGE_INVALID,
    v1::ERROR_REASON_IMAGE_UNAVAILABLE,    v1::ERROR_REASON_INTERNAL};
constexpr std::string_view kOther = "other";

bool IsPaid(const v1::Attempt& attempt) { return attempt.charge().state() == v1::CHARGE_STATE_MADE; }

double Seconds(absl::Duration duration) { return std::max(0.0, absl::ToDoubleSeconds(duration)); }

const google::protobuf::ServiceDescriptor& ImageService() {
  return *v1::GenerateImageRequest::descriptor()->file()->FindServiceByName("ImageService");
}

std::string_view ReasonLabel(v1::ErrorReason reason) {
  std::string_view name = v1::ErrorReason_Name(reason);
  name.remove_prefix(std::string_view("ERROR_REASON_").size());
  return name;
}

void CreateModel(MetricFamilies& families, const KnownLabels::Model& model, const std::vector<std::string>& currencies) {
  families.queue_wait.At({model.name});
  families.queue_depth.At({model.name});
  families.image_bytes.At({model.name});
  for (const auto reason : kFailures) families.failures.At({model.name, ReasonLabel(reason)});
  for (const v1::Quality quality : model.qualities) {
    const std::string_view name = QualityLabel(quality);
    families.overhead.At({model.name, name});
    for (const auto outcome : kOutcomes) families.duration.At({model.name, name, StateLabel(outcome)});
    for (const std::string& currency : currencies) families.charge.At({model.name, name, currency});
  }
}

void CreateUpstream(MetricFamilies& families, const KnownLabels::Upstream& upstream, const KnownLabels& known) {
  families.key_up.At({upstream.base_url, upstream.key_fingerprint});
  families.breaker_open.At({upstream.base_url});
  for (const auto& model : known.models) {
    families.concurrency_limit.At({upstream.base_url, upstream.key_fingerprint, model.name});
  }
  for (const std::string_view operation : kOperations) {
    for (const std::string_view klass : kClasses) families.upstream_request.At({upstream.base_url, operation, klass});
  }
  for (const std::string& code : known.upstream_codes) families.upstream_errors.At({upstream.base_url, code});
}

void CreateRpcs(MetricFamilies& families) {
  const auto& service = ImageService();
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& method = *service.method(i);
    const std::string_view type = method.server_streaming() ? "server_stream" : "unary";
    families.rpc_handled.At({type, service.full_name(), method.name(), "OK"});
    families.rpc_seconds.At({type, service.full_name(), method.name()});
  }
}

}  // namespace

struct PrometheusMetrics::Families : MetricFamilies {
  std::mutex callers_mutex;
  std::set<std::string, std::less<>> callers;
  std::size_t max_callers = 0;
};

PrometheusMetrics::PrometheusMetrics(const KnownLabels& known, const BuildInfo& build, std::size_t max_callers)
    : families_(std::make_unique<Families>()) {
  families_->max_callers = max_callers;
  for (const auto& model : known.models) CreateModel(*families_, model, known.currencies);
  for (const auto& upstream : known.upstreams) CreateUpstream(*families_, upstream, known);
  for (const std::string& currency : known.currencies) families_->caller_charge.At({kOther, currency});
  for (const auto state : kRunning) families_->in_flight.At({StateLabel(state)});
  families_->unknown_charges.At({});
  families_->orphaned.At({});
  for (const char* outcome : {"applied", "refused"}) families_->config_reloads.At({outcome});
  families_->config_reloaded.At({}).Set(1);
  CreateRpcs(*families_);
  families_->build_info.At({build.version, build.revision}).Set(1);
}

PrometheusMetrics::~PrometheusMetrics() = default;

std::string PrometheusMetrics::Text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_->registry.Collect());
  return std::move(out).str();
}

void PrometheusMetrics::StateChanged(v1::GenerationState from, v1::GenerationState to) {
  const auto runs = [](v1::GenerationState state) { return std::ranges::find(kRunning, state) != kRunning.end(); };
  if (runs(from)) families_->in_flight.At({StateLabel(from)}).Decrement();
  if (runs(to)) families_->in_flight.At({StateLabel(to)}).Increment();
}

void PrometheusMetrics::GenerationEnded(const Ended& ended) {
  const std::string_view quality = QualityLabel(ended.quality);
  families_->duration.At({ended.model, quality, StateLabel(ended.state)}).Observe(Seconds(ended.duration));
  if (ended.overhead) families_->overhead.At({ended.model, quality}).Observe(Seconds(*ended.overhead));
  if (ended.generation == nullptr) return;
  const v1::Generation& generation = *ended.generation;
  if (ended.state == v1::GENERATION_STATE_FAILED) {
    families_->failures.At({ended.model, ReasonOf(generation.error())}).Increment();
  }
  if (generation.has_image()) {
    families_->image_bytes.At({ended.model}).Observe(static_cast<double>(generation.image().size_bytes()));
  } else if (std::ranges::any_of(generation.attempts(), IsPaid)) {
    families_->orphaned.At({}).Increment();
  }
  for (const v1::Attempt& attempt : generation.attempts()) CountCharge(ended, quality, attempt);
}

void PrometheusMetrics::CountCharge(const Ended& ended, std::string_view quality, const v1::Attempt& attempt) {
  const v1::Charge& charge = attempt.charge();
  if (charge.state() == v1::CHARGE_STATE_UNKNOWN) families_->unknown_charges.At({}).Increment();
  if (charge.state() != v1::CHARGE_STATE_MADE) return;
  const auto micros = static_cast<double>(charge.cost_micros());
  const std::string_view model = attempt.model().empty() ? ended.model : std::string_view(attempt.model());
  families_->charge.At({model, quality, charge.currency()}).Increment(micros);
  families_->caller_charge.At({Capped(ended.caller), charge.currency()}).Increment(micros);
}

std::string_view PrometheusMetrics::Capped(std::string_view caller) {
  const std::lock_guard lock(families_->callers_mutex);
  auto& callers = families_->callers;
  if (callers.contains(caller)) return caller;
  if (callers.size() >= families_->max_callers) return kOther;
  callers.emplace(caller);
  return caller;
}

void PrometheusMetrics::QueueWaited(std::string_view model, absl::Duration wait) {
  families_->queue_wait.At({model}).Observe(Seconds(wait));
}

void PrometheusMetrics::QueueDepth(std::string_view model, int depth) { families_->queue_depth.At({model}).Set(depth); }

void PrometheusMetrics::ConcurrencyLimit(std::string_view upstream, std::string_view key, std::string_view model,
                                         int limit) {
  families_->concurrency_limit.At({upstream, key, model}).Set(limit);
}

void PrometheusMetrics::KeyUp(std::string_view upstream, std::string_view key, bool up) {
  families_->key_up.At({upstream, key}).Set(up ? 1 : 0);
}

void PrometheusMetrics::BreakerOpen(std::string_view upstream, bool open) {
  families_->breaker_open.At({upstream}).Set(open ? 1 : 0);
}

void PrometheusMetrics::UpstreamRequest(std::string_view upstream, std::string_view operation, std::string_view klass,
                                        absl::Duration duration) {
  families_->upstream_request.At({upstream, operation, klass}).Observe(Seconds(duration));
}

void PrometheusMetrics::UpstreamError(std::string_view upstream, std::string_view code) {
  families_->upstream_errors.At({upstream, code}).Increment();
}

void PrometheusMetrics::CallerLimitExceeded(std::string_view caller, std::string_view limit, std::string_view mode,
                                            int times) {
  families_->caller_limits.At({Capped(caller), limit, mode}).Increment(times);
}

void PrometheusMetrics::ConfigReloaded(bool applied) {
  families_->config_reloads.At({applied ? "applied" : "refused"}).Increment();
  families_->config_reloaded.At({}).Set(applied ? 1 : 0);
}

void PrometheusMetrics::RpcHandled(std::string_view type, std::string_view method, std::string_view code,
                                   absl::Duration duration) {
  const std::string_view service = ImageService().full_name();
  families_->rpc_handled.At({type, service, method, code}).Increment();
  families_->rpc_seconds.At({type, service, method}).Observe(Seconds(duration));
}

}  // namespace easel::telemetry
