#include "app/parts.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "app/config_callers.h"
#include "app/files.h"
#include "app/s3_location.h"
#include "http/signed_image_links.h"
#include "storage/file_image_store.h"
#include "storage/memory_generation_store.h"
#include "storage/memory_image_store.h"
#include "storage/postgres_generation_store.h"
#include "storage/postgres_replicas.h"
#include "storage/remembering_generation_store.h"
#include "storage/s3/s3_image_store.h"
#include "storage/sqlite_generation_store.h"

namespace easel::app {
namespace {

constexpr char kSandboxName[] = "sandbox";

storage::PostgresOptions PostgresOptionsOf(const Config& config) {
  const auto& store = config.settings.store();
  return {.url = store.location(),
          .password = store.password(),
          .schema = config.sandbox ? "easel_sandbox" : "easel",  // sample pictures never mix with real ones
          .lease = ToDuration(store.lease())};
}

}  // namespace

bool IsShared(const Config& config) {
  const std::string& store = config.settings.store().location();
  return store != "memory" && store != "sqlite";
}

storage::DataDirectory::Use DirectoryUseOf(const Config& config) {
  return IsShared(config) ? storage::DataDirectory::Use::kShared : storage::DataDirectory::Use::kAlone;
}

bool NeedsDirectory(const Config& config) {
  return config.settings.store().location() == "sqlite" || config.settings.images().location() == "file";
}

std::string DataPath(const Config& config, const std::string& name) {
  std::string path = config.settings.data_dir();
  if (config.sandbox) absl::StrAppend(&path, "/", kSandboxName);
  if (!name.empty()) absl::StrAppend(&path, "/", name);
  return path;
}

telemetry::LogLevel LogLevelOf(const Config& config) {
  switch (config.settings.log().level()) {
    case config::v1::LOG_LEVEL_DEBUG:
      return telemetry::LogLevel::kDebug;
    case config::v1::LOG_LEVEL_WARNING:
      return telemetry::LogLevel::kWarning;
    case config::v1::LOG_LEVEL_ERROR:
      return telemetry::LogLevel::kError;
    default:
      return telemetry::LogLevel::kInfo;
  }
}

generation::Pacing PacingOf(const Config& config) {
  generation::Pacing pacing;
  const Settings& settings = config.settings;
  pacing.submit_timeout = ToDuration(settings.timeouts().submit());
  pacing.render_timeout = ToDuration(settings.timeouts().render());
  pacing.poll_first = ToDuration(settings.upstream().poll_first());
  pacing.poll_interval = ToDuration(settings.upstream().poll_interval());
  pacing.retention = ToDuration(settings.store().retention());
  pacing.request_id_retention = ToDuration(settings.store().request_id_retention());
  return pacing;
}

generation::Governor::Limits GovernorLimitsOf(const Config& config) {
  const auto& upstream = config.settings.upstream();
  return {.start = upstream.concurrency_start(),
          .max = std::max(upstream.concurrency_start(), upstream.concurrency_max())};
}

rpc::TlsFiles TlsFilesOf(const Config& config) {
  const auto& grpc = config.settings.grpc();
  return {.certificate = grpc.tls_cert_file(),
          .key = grpc.tls_key_file(),
          .client_authorities = grpc.tls_client_ca_file(),
          .client_required = grpc.tls_client_required()};
}

std::vector<rpc::KnownCaller> KnownCallersOf(const Config& config) {
  std::vector<rpc::KnownCaller> known;
  for (const auto& caller : config.settings.callers()) {
    rpc::KnownCaller& one = known.emplace_back();
    one.name = caller.name();
    one.certificates.assign(caller.certificates().begin(), caller.certificates().end());
    for (const auto& key : caller.keys()) {
      rpc::KnownCaller::Key& added = one.keys.emplace_back();
      const std::string digest = absl::HexStringToBytes(key.sha256());
      std::copy_n(digest.begin(), added.sha256.size(), added.sha256.begin());
      added.expire_time = ParseTime(key.expire_time()).value_or(absl::InfiniteFuture());
    }
  }
  return known;
}

generation::CallerLimits::Limits CallerLimitsOf(const Config& config) {
  generation::CallerLimits::Limits limits;
  for (const auto& caller : config.settings.callers()) {
    generation::CallerLimit limit{.max_in_flight = caller.max_in_flight(),
                                  .starts_per_minute = caller.starts_per_minute(),
                                  .burst = caller.burst(),
                                  .shadow = caller.shadow()};
    for (const auto& budget : caller.daily_budgets()) limit.daily_budgets[budget.currency()] = budget.cost_micros();
    limits.emplace(caller.name(), std::move(limit));
  }
  return limits;
}

rpc::ServerOptions RpcOptionsOf(const Config& config) {
  rpc::ServerOptions options;
  options.listen = config.settings.grpc().listen();
  const auto& grpc = config.settings.grpc();
  if (config.grpc_tls) options.tls = TlsFilesOf(config);
  options.limits = {.max_request_bytes = static_cast<int>(grpc.max_request_bytes()),
                    .max_reply_bytes = grpc.max_reply_bytes(),
                    .max_concurrent_streams = grpc.max_concurrent_streams(),
                    .max_connection_age = ToDuration(grpc.max_connection_age()),
                    .max_connection_age_grace = ToDuration(grpc.max_connection_age_grace()),
                    .max_connection_idle = ToDuration(grpc.max_connection_idle()),
                    .keepalive_time = ToDuration(grpc.keepalive_time()),
                    .keepalive_timeout = ToDuration(grpc.keepalive_timeout())};
  options.reflection = grpc.reflection();
  options.channelz = !CallersNeedCredentials(config.settings);
  return options;
}

absl::StatusOr<Records> OpenRecords(const Config& config) {
  Records records;
  if (IsShared(config)) {
    auto replicas = storage::PostgresReplicas::Join(PostgresOptionsOf(config));
    if (!replicas.ok()) return replicas.status();
    records.store = std::make_unique<storage::PostgresGenerationStore>(**replicas);
    records.replicas = *std::move(replicas);
    return records;
  }
  std::unique_ptr<generation::GenerationStore> store;
  if (config.settings.store().location() == "memory") {
    store = std::make_unique<storage::MemoryGenerationStore>();
  } else {
    auto opened = storage::SqliteGenerationStore::Open(DataPath(config, "generations.db"));
    if (!opened.ok()) return opened.status();
    store = *std::move(opened);
  }
  // Nobody else writes to either.
  records.store = std::make_unique<storage::RememberingGenerationStore>(std::move(store));
  return records;
}

bool UsesBucket(const Config& config) { return ParseS3Location(config.settings.images().location()).has_value(); }

std::unique_ptr<storage::S3Bucket> OpenBucket(const Config& config, upstream::HttpClients& clients, generation::Clock& clock) {
  const auto location = ParseS3Location(config.settings.images().location());
  const auto& s3 = config.settings.images().s3();
  storage::S3Options options;
  options.endpoint = s3.endpoint();
  options.region = s3.region();
  options.bucket = location->bucket;
  options.prefix = location->prefix;
  // Sample pictures never mix with real ones here either.
  if (config.sandbox) absl::StrAppend(&options.prefix, options.prefix.empty() ? "" : "/", kSandboxName);
  options.credentials = {s3.access_key_id(), s3.secret_access_key(), s3.session_token()};
  return std::make_unique<storage::S3Bucket>(std::move(options), clients, clock);
}

absl::StatusOr<std::unique_ptr<generation::ImageStore>> OpenImages(const Config& config, storage::S3Bucket* bucket) {
  if (bucket != nullptr) return std::make_unique<storage::S3ImageStore>(*bucket);
  if (config.settings.images().location() == "memory") return std::make_unique<storage::MemoryImageStore>();
  return storage::FileImageStore::OpenDirectory(DataPath(config, "images"), DirectoryUseOf(config));
}

absl::StatusOr<std::string> LinkSecret(const Config& config) {
  if (NeedsDirectory(config)) {
    return LoadOrMakeSecret(DataPath(config, "image-links.key"), http::SignedImageLinks::kSecretBytes);
  }
  std::string secret(http::SignedImageLinks::kSecretBytes, '\0');
  std::random_device device;
  for (char& byte : secret) byte = static_cast<char>(device());
  return secret;
}

std::uint64_t RandomBits() {
  thread_local std::mt19937_64 engine = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return engine();
}

}  // namespace easel::app
