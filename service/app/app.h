#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "app/config.h"
#include "app/drain.h"
#include "app/loops.h"
#include "app/span_exporter.h"
#include "app/system_clock.h"
#include "app/upstreams.h"
#include "app/watched_files.h"
#include "generation/generations.h"
#include "http/endpoints.h"
#include "http/http_server.h"
#include "http/signed_image_links.h"
#include "rpc/server.h"
#include "storage/data_directory.h"
#include "storage/s3/s3_bucket.h"
#include "storage/s3/s3_image_links.h"
#include "telemetry/log.h"
#include "telemetry/prometheus_metrics.h"
#include "upstream/http/curl_clients.h"
#include "upstream/http/url_guard.h"

namespace easel::app {

// The whole service: builds every object in the order of its dependencies, serves, and takes all down again. The only
// place that knows everybody.
class App {
 public:
  // Blocks until the service serves. The status is one line for the operator: a taken port, a data directory that cannot
  // be written, a damaged database.
  // `config` was loaded from `source`.
  static absl::StatusOr<std::unique_ptr<App>> Start(Config config, ConfigSource source,
                                                    const std::optional<std::string>& ready_file);
  ~App();

  // "host:port" as bound.
  const std::string& grpc_address() const { return rpc_server_->address(); }
  const std::string& http_address() const { return http_server_->address(); }

  // Serves until a signal comes, and reads the configuration anew at SIGHUP and when one of its files changes; at the end
  // takes no new work, lets running work finish inside the grace period, and leaves the
  // rest recorded. A second signal ends it at once, a third one where it stands.
  void RunUntil(const Signals& signals);

 private:
  App(Config config, ConfigSource source);

  // Start, step by step.
  absl::Status OpenDataDirectory();
  absl::Status ChooseUpstream();
  absl::Status ConnectUpstream();
  absl::Status OpenStores();
  void LeaveReplicas();
  absl::Status StartTraces();
  absl::Status ListenHttp();
  absl::Status MakeGenerations();
  absl::Status Recover();
  absl::Status ListenRpc();
  absl::Status WriteReadyFile(const std::string& path) const;

  // Puts in force what may change while the service runs. One that is not right, or would open the service to everybody,
  // is refused as a whole.
  void Reload();
  void TellOfReload(const Config& fresh);
  absl::Status Apply(const Config& fresh);
  absl::Status Refusable(const Config& fresh) const;
  absl::StatusOr<std::vector<generation::ImageModel*>> AccountsOf(const Config& fresh);
  void ApplyPrices(const Config& fresh);
  void SetCallers(const Config& config);

  generation::World TheWorld();
  bool MayReadMetrics(const http::Request& request) const;
  boost::asio::awaitable<void> AnswerHttp(const http::Request& request, http::Responder& responder);
  // How a generation ended: for the log, and for traces.
  void Tell(const generation::Record& record);
  void LogFault(std::string_view where, const absl::Status& fault);
  void LogUpstream(generation::Admission::Event event, const generation::ImageModel& account);

  // In the order of their dependencies; ~App says how they end.
  const Config config_;  // as it was at the start
  const ConfigSource source_;
  Settings newest_;  // as it was read last
  WatchedFiles files_;
  telemetry::Log log_;
  const std::shared_ptr<telemetry::Log> grpc_log_;
  SystemClock clock_;
  rpc::Callers callers_;  // nobody, until the configuration's are let in
  absl::Duration farewell_;  // how long callers have to take their last answer
  std::unique_ptr<storage::DataDirectory> data_directory_;
  std::shared_ptr<void> sandbox_;  // the built-in Z.AI, where it serves
  std::string upstream_url_;
  std::unique_ptr<generation::Catalog> catalog_;
  Catalogs fallback_catalogs_;
  std::unique_ptr<telemetry::PrometheusMetrics> metrics_;
  Loops loops_;
  Loops http_loop_;
  std::unique_ptr<upstream::CurlClients> http_clients_;
  std::unique_ptr<upstream::UrlGuard> guard_;
  Accounts accounts_;  // none ever goes
  generation::AccountList account_list_;
  std::unique_ptr<generation::Replicas> replicas_;
  std::unique_ptr<generation::GenerationStore> store_;
  std::unique_ptr<upstream::CurlClients> bucket_clients_;  // with images in S3: beside those of the upstreams
  std::unique_ptr<storage::S3Bucket> bucket_;
  std::unique_ptr<generation::ImageStore> images_;
  std::unique_ptr<upstream::CurlClients> collector_clients_;  // where traces are sent
  std::unique_ptr<SpanExporter> spans_;
  generation::History history_;
  std::unique_ptr<generation::CallerLimits> caller_limits_;
  std::unique_ptr<generation::Admission> admission_;
  std::unique_ptr<http::SignedImageLinks> links_;
  std::unique_ptr<storage::S3ImageLinks> bucket_links_;  // with images in S3: what callers get instead
  std::unique_ptr<generation::Generations> generations_;
  std::unique_ptr<http::Endpoints> endpoints_;
  std::atomic<http::Endpoints*> answering_ = nullptr;  // the HTTP port is open before there is anything to say
  std::unique_ptr<http::HttpServer> http_server_;
  std::unique_ptr<rpc::Server> rpc_server_;
};

}  // namespace easel::app
