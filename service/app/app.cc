#include "app/app.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include "absl/strings/str_cat.h"
#include "app/config_live.h"
#include "app/files.h"
#include "app/limits.h"
#include "app/parts.h"
#include "generation/spending.h"
#include "rpc/grpc_log.h"
#include "telemetry/generation_ended_line.h"

namespace easel::app {

namespace {

// How often the configuration's files are looked at.
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(500);
// Callers hear that this instance does not serve any more, and go elsewhere: gRPC would answer CANCELLED to what arrives
// while it closes. They are waited for until no call has come for a moment, but not for long. The moment is counted in looks,
// not in time, for a machine that stands still hears nobody.
constexpr int kQuietLooks = 25;
constexpr absl::Duration kLeaving = absl::Seconds(3);
// What ends at the next await ends within this.
constexpr absl::Duration kLastSteps = absl::Seconds(5);
// The same for callers who do not read what is sent to them, after a second signal.
constexpr absl::Duration kShortFarewell = absl::Milliseconds(500);
// For the collector to take the last spans.
constexpr auto kLastSpans = std::chrono::seconds(5);

int ThreadCount(const Config& config) {
  const int wanted = config.settings.runtime().io_threads();
  return wanted > 0 ? wanted : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

App::App(Config config, ConfigSource source)
    : config_(std::move(config)),
      source_(std::move(source)),
      newest_(config_.settings),
      log_(LogLevelOf(config_)),
      grpc_log_(std::make_shared<telemetry::Log>(LogLevelOf(config_))),
      farewell_(kLastSteps),
      loops_(ThreadCount(config_)),
      http_loop_(1) {}

absl::StatusOr<std::unique_ptr<App>> App::Start(Config config, ConfigSource source,
                                                const std::optional<std::string>& ready_file) {
  std::unique_ptr<App> app(new App(std::move(config), std::move(source)));
  app->files_.Watch(FilesOf(app->source_.flags, app->source_.environment, app->newest_));
  if (app->config_.sandbox) app->log_.Warning("no key: serving sample pictures from the built-in sandbox");
  for (const std::string& warning : app->config_.warnings) app->log_.Warning(warning);
  RaiseDescriptorLimit();
  // What gRPC says of a failed start, or of a peer's odd handshake, is for those who look closely.
  rpc::RouteGrpcLog([log = app->grpc_log_](bool, std::string words) {
    log->Debug("grpc", {{"says", std::move(words)}});
  });
  for (auto step : {&App::OpenDataDirectory, &App::ChooseUpstream, &App::ConnectUpstream, &App::OpenStores,
                    &App::StartTraces,                     &App::ListenHttp, &App::MakeGenerations, &App::Recover, &App::ListenRpc}) {
    if (absl::Status done = (app.get()->*step)(); !done.ok()) return done;
  }
  if (ready_file) {
    if (absl::Status written = app->WriteReadyFile(*ready_file); !written.ok()) return written;
  }
  app->log_.Info("serving", {{"grpc", app->grpc_address()}, {"http", app->http_address()}});
  return app;
}

void App::RunUntil(const Signals& signals) {
  for (auto wish = Signals::Wish::kNone; wish != Signals::Wish::kEnd; wish = signals.Next(kBetweenLooks)) {
    if (files_.Changed() || wish == Signals::Wish::kReload) Reload();
  }
  endpoints_->StartDraining();
  rpc_server_->SetServing(false);
  generations_->StopTaking();
  log_.Info("draining", {{"at_work", generations_->AtWork()}});
  const absl::Time began = absl::Now();
  absl::Time last_call = rpc_server_->last_call();
  int quiet_looks = 0;
  const bool patient = Drain(signals, ToDuration(config_.settings.timeouts().grace_period()), [&] {
    const absl::Time before = std::exchange(last_call, rpc_server_->last_call());
    quiet_looks = last_call == before ? quiet_looks + 1 : 0;
    return generations_->AtWork() == 0 && (quiet_looks >= kQuietLooks || absl::Now() - began > kLeaving);
  });
  log_.Info("stopping", {{"at_work", generations_->AtWork()}, {"reason", patient ? "drained" : "second signal"}});
  if (!patient) farewell_ = kShortFarewell;
  signals.EndAtOnce();
}

// Those who call go first, then those who work, then what they work with; loops run until nobody waits for an answer.
App::~App() {
  if (generations_ != nullptr) {
    generations_->StopTaking();
    generations_->Suspend();
  }
  if (rpc_server_ != nullptr) rpc_server_->Shutdown(absl::Now() + farewell_);
  if (http_server_ != nullptr) http_server_->Stop();
  if (generations_ != nullptr && !generations_->AwaitIdle(kLastSteps)) {
    log_.Warning("some work did not stop in time: ending as a crash would, which loses nothing");
    std::_Exit(EXIT_SUCCESS);  // what it works with cannot be taken down under it
  }
  if (spans_ != nullptr) {
    boost::asio::co_spawn(http_loop_.executors().front(), spans_->Flush(), boost::asio::use_future).wait_for(kLastSpans);
  }
  LeaveReplicas();
  store_.reset();
  replicas_.reset();
  images_.reset();
  http_loop_.Stop();
  loops_.Stop();
}

// Others take over at once what is not finished here.
void App::LeaveReplicas() {
  if (replicas_ == nullptr || generations_ == nullptr) return;
  auto left = boost::asio::co_spawn(loops_.executors().front(), replicas_->Leave(), boost::asio::use_future);
  if (const absl::Status status = left.get(); !status.ok()) LogFault("leaving", status);
}

absl::Status App::OpenDataDirectory() {
  if (!NeedsDirectory(config_)) return absl::OkStatus();
  auto directory = storage::DataDirectory::Open(DataPath(config_), DirectoryUseOf(config_));
  if (!directory.ok()) return directory.status();
  data_directory_ = *std::move(directory);
  return absl::OkStatus();
}

absl::Status App::ChooseUpstream() {
  upstream_url_ = config_.settings.upstream().base_url();
  if (!config_.sandbox) return absl::OkStatus();
  auto local = StartLocalUpstream(config_);
  if (!local.ok()) return local.status();
  sandbox_ = std::move(local->running);
  upstream_url_ = std::move(local->base_url);
  return absl::OkStatus();
}

absl::Status App::ConnectUpstream() {
  catalog_ = std::make_unique<generation::Catalog>(MakeCatalog(config_));
  fallback_catalogs_ = FallbackCatalogs(config_);
  http_clients_ = std::make_unique<upstream::CurlClients>(loops_.contexts(), CurlOptionsOf(config_));
  auto guard = MakeGuard(config_);
  if (!guard.ok()) return guard.status();
  guard_ = std::make_unique<upstream::UrlGuard>(*std::move(guard));
  auto accounts = MakeAccounts(config_, upstream_url_, *http_clients_, *guard_);
  if (!accounts.ok()) return accounts.status();
  metrics_ = std::make_unique<telemetry::PrometheusMetrics>(KnownLabelsOf(*catalog_, fallback_catalogs_, *accounts),
                                                            telemetry::BuildInfo{.version = Version(), .revision = ""});
  accounts_ = Metered(*std::move(accounts), *metrics_);
  account_list_.Replace(AccountPointers(accounts_));
  return absl::OkStatus();
}

absl::Status App::OpenStores() {
  auto records = OpenRecords(config_);
  if (!records.ok()) return records.status();
  replicas_ = std::move(records->replicas);
  store_ = std::move(records->store);
  if (UsesBucket(config_)) {
    // Unlike an upstream, it is asked by the HTTP listener's loop too, and through no upstream's proxy.
    std::vector<boost::asio::io_context*> every_loop = loops_.contexts();
    every_loop.insert(every_loop.end(), http_loop_.contexts().begin(), http_loop_.contexts().end());
    bucket_clients_ = std::make_unique<upstream::CurlClients>(every_loop, upstream::CurlOptions{});
    bucket_ = OpenBucket(config_, *bucket_clients_, clock_);
  }
  auto images = OpenImages(config_, bucket_.get());
  if (!images.ok()) return images.status();
  images_ = *std::move(images);
  return absl::OkStatus();
}

absl::Status App::StartTraces() {
  const auto& traces = config_.settings.traces();
  if (traces.otlp_endpoint().empty()) return absl::OkStatus();
  collector_clients_ = std::make_unique<upstream::CurlClients>(http_loop_.contexts(), upstream::CurlOptions{});
  SpanExporter::Options options;
  options.endpoint = traces.otlp_endpoint();
  options.headers = traces.otlp_headers();
  options.version = Version();
  options.on_loss = [this](std::int64_t spans, const std::string& why) {
    log_.Warning("spans lost", {{"spans", spans}, {"reason", why}});
  };
  spans_ = std::make_unique<SpanExporter>(std::move(options), *collector_clients_, clock_);
  boost::asio::co_spawn(http_loop_.executors().front(), spans_->Run(), boost::asio::detached);
  return absl::OkStatus();
}

absl::Status App::ListenHttp() {
  http_server_ = std::make_unique<http::HttpServer>(
      http_loop_.executors().front(), http::HttpServerOptions{},
      [this](const http::Request& request, http::Responder& responder) { return AnswerHttp(request, responder); });
  const auto port = http_server_->Listen(config_.settings.http().listen());
  return port.ok() ? absl::OkStatus() : port.status();
}

absl::Status App::MakeGenerations() {
  auto secret = LinkSecret(config_);
  if (!secret.ok()) return secret.status();
  const std::string& public_url = config_.settings.http().public_url();
  links_ = std::make_unique<http::SignedImageLinks>(http::SignedImageLinks::Options{
      .public_url = public_url.empty() ? absl::StrCat("http://", http_address()) : public_url,
      .secret = *std::move(secret),
      .ttl = ToDuration(config_.settings.http().url_ttl()),
      .now = [this] { return clock_.Now(); }});
  if (bucket_ != nullptr) {
    bucket_links_ = std::make_unique<storage::S3ImageLinks>(*bucket_, ToDuration(config_.settings.http().url_ttl()), clock_);
  }
  caller_limits_ = std::make_unique<generation::CallerLimits>(clock_, *metrics_);
  SetCallers(config_);
  admission_ = std::make_unique<generation::Admission>(
      config_.settings.admission().queue_max(), GovernorLimitsOf(config_), AccountPointers(accounts_),
      ModelNames(*catalog_), clock_, *metrics_, RandomBits, loops_.executors().front(),
      [this](generation::Admission::Event event, const generation::ImageModel& account) { LogUpstream(event, account); });
  generations_ = std::make_unique<generation::Generations>(TheWorld(), loops_.executors());
  endpoints_ = std::make_unique<http::Endpoints>(
      *links_,
      http::ImageSource{.find = [this](std::string name) { return generations_->Find(std::move(name)); },
                        .open = [this](generation::Snapshot it) { return generations_->OpenImage(std::move(it)); }},
      std::vector<http::Endpoints::Check>{{"records", [this] { return store_->Check(); }},
                                          {"images", [this] { return generations_->CheckImages(); }}},
      [this] { return metrics_->Text(); });
  answering_ = endpoints_.get();
  return absl::OkStatus();
}

generation::World App::TheWorld() {
  return {.catalog = *catalog_,
          .store = *store_,
          .images = *images_,
          .links = bucket_links_ == nullptr ? static_cast<const generation::ImageLinks&>(*links_) : *bucket_links_,
          .models = account_list_,
          .admission = *admission_,
          .history = history_,
          .clock = clock_,
          .metrics = *metrics_,
          .random = RandomBits,
          .pacing = PacingOf(config_),
          .rejects_duplicates = config_.settings.upstream().rejects_duplicates(),
          .terms = FallbackTerms(config_, fallback_catalogs_),
          .fallback_model = FallbackModel(config_),
          .on_end = [this](const generation::Record& record) { Tell(record); },
          .on_fault = [this](const absl::Status& fault) { LogFault("storage", fault); },
          .max_kept_bytes = config_.settings.images().max_total_bytes(),
          .replicas = replicas_.get(),
          .caller_limits = caller_limits_.get()};
}

void App::Tell(const generation::Record& record) {
  log_.Write(telemetry::GenerationEndedLine(record));
  if (spans_ != nullptr) spans_->Add(record);
}

void App::LogFault(std::string_view where, const absl::Status& fault) {
  log_.Error("fault", {{"where", std::string(where)},
                       {"code", absl::StatusCodeToString(fault.code())},
                       {"reason", std::string(fault.message())}});
}

void App::LogUpstream(generation::Admission::Event event, const generation::ImageModel& account) {
  using Event = generation::Admission::Event;
  std::vector<telemetry::LogField> where = {{"upstream", account.upstream()}};
  switch (event) {
    case Event::kKeySetAside:
      where.push_back({"key", account.key_fingerprint()});
      return log_.Error("upstream key set aside: it was refused, or its quota is used up", std::move(where));
    case Event::kKeyBack:
      where.push_back({"key", account.key_fingerprint()});
      return log_.Info("upstream key is back", std::move(where));
    case Event::kBreakerOpened:
      return log_.Error("upstream out of order: nothing is submitted there but a try now and then", std::move(where));
    case Event::kBreakerClosed:
      return log_.Info("upstream is back", std::move(where));
  }
}

bool App::MayReadMetrics(const http::Request& request) const {
  if (config_.settings.http().open_metrics()) return true;
  rpc::Credentials credentials;
  if (const auto authorization = request.Header("authorization")) credentials.authorization.push_back(*authorization);
  return callers_.Identify(credentials, absl::Now()).ok();
}

boost::asio::awaitable<void> App::AnswerHttp(const http::Request& request, http::Responder& responder) {
  if (request.path == "/metrics" && !MayReadMetrics(request)) {
    http::ReplyHead head{.status = 401,
                         .content_type = "text/plain; charset=utf-8",
                         .headers = {{"WWW-Authenticate", "Bearer"}}};
    co_await responder.Send(std::move(head), "send a caller's key as 'Authorization: Bearer KEY'\n");
  } else if (http::Endpoints* endpoints = answering_) {
    co_await endpoints->Handle(request, responder);
  } else {
    http::ReplyHead head{.status = 503, .content_type = "text/plain; charset=utf-8", .headers = {}};
    co_await responder.Send(std::move(head), "starting\n");
  }
}

absl::Status App::Recover() {
  auto recovered = boost::asio::co_spawn(loops_.executors().front(), generations_->Recover(), boost::asio::use_future);
  if (absl::Status status = recovered.get(); !status.ok()) return status;
  auto remembered = boost::asio::co_spawn(loops_.executors().front(), generation::RememberSpending(*store_, *caller_limits_),
                                          boost::asio::use_future);
  if (absl::Status status = remembered.get(); !status.ok()) return status;
  if (const int running = generations_->Running(); running > 0) log_.Info("carrying on", {{"generations", running}});
  generations_->StartRetention();
  return absl::OkStatus();
}

absl::Status App::ListenRpc() {
  auto server = rpc::Server::Start(
      RpcOptionsOf(config_),
      {.generations = *generations_,
       .metrics = *metrics_,
       .on_fault = [this](std::string_view method, const absl::Status& fault) { LogFault(method, fault); },
       .callers = &callers_},
      loops_.executors());
  if (!server.ok()) return server.status();
  rpc_server_ = *std::move(server);
  rpc_server_->SetServing(true);
  return absl::OkStatus();
}

absl::Status App::WriteReadyFile(const std::string& path) const {
  return WriteWhole(path, absl::StrCat("{\"grpc\": \"", grpc_address(), "\", \"http\": \"", http_address(), "\"}\n"), 0644);
}

}  // namespace easel::app
