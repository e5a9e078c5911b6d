#include "app/parts.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "app/files.h"
#include "http/signed_image_links.h"
#include "storage/file_image_store.h"
#include "storage/memory_generation_store.h"
#include "storage/memory_image_store.h"
#include "storage/sqlite_generation_store.h"
#include "upstream/metered_image_model.h"
#include "upstream/zai/zai_image_model.h"

namespace easel::app {
namespace {

constexpr char kSandboxName[] = "sandbox";

}  // namespace

bool NeedsDirectory(const Config& config) {
  return config.settings.store().location() != "memory" || config.settings.images().location() != "memory";
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

generation::Catalog MakeCatalog(const Config& config) {
  std::vector<generation::PriceOverride> prices;
  for (const auto& price : config.settings.upstream().prices()) {
    prices.push_back({price.model(), price.quality(), price.cost_micros(), price.currency()});
  }
  const bool mainland = !config.sandbox && absl::StrContains(config.settings.upstream().base_url(), "bigmodel.cn");
  const int longest = config.settings.admission().prompt_max_code_points();
  return generation::Catalog(mainland ? generation::Host::kMainland : generation::Host::kZai, prices,
                             longest > 0 ? std::optional<int>(longest) : std::nullopt);
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

std::vector<std::string> ModelNames(const generation::Catalog& catalog) {
  std::vector<std::string> names;
  for (const v1::Model& model : catalog.models()) names.push_back(model.model());
  return names;
}

telemetry::KnownLabels KnownLabelsOf(const generation::Catalog& catalog,
                                     const std::vector<std::unique_ptr<generation::ImageModel>>& accounts) {
  telemetry::KnownLabels known;
  for (const v1::Model& model : catalog.models()) {
    telemetry::KnownLabels::Model labels{.name = model.model(), .qualities = {}};
    for (const auto& option : model.qualities()) {
      labels.qualities.push_back(option.quality());
      if (std::find(known.currencies.begin(), known.currencies.end(), option.currency()) == known.currencies.end()) {
        known.currencies.push_back(option.currency());
      }
    }
    known.models.push_back(std::move(labels));
  }
  for (const auto& account : accounts) known.upstreams.push_back({account->upstream(), account->key_fingerprint()});
  known.upstream_codes = {"1301", "1302", "1305", "1113", "1000", "connection", "timeout"};
  return known;
}

rpc::ServerOptions RpcOptionsOf(const Config& config) {
  rpc::ServerOptions options;
  options.listen = config.settings.grpc().listen();
  const auto& grpc = config.settings.grpc();
  if (config.grpc_tls) options.tls = rpc::TlsFiles{grpc.tls_cert_file(), grpc.tls_key_file()};
  return options;
}

upstream::CurlOptions CurlOptionsOf(const Config& config) {
  upstream::CurlOptions options;
  options.proxy = config.settings.upstream().proxy();
  return options;
}

absl::StatusOr<upstream::UrlGuard> MakeGuard(const Config& config) {
  const auto& named = config.settings.upstream().image_hosts();
  std::vector<std::string> hosts(named.begin(), named.end());
  if (config.sandbox) hosts.push_back("127.0.0.1");
  return upstream::UrlGuard::Create(hosts);
}

absl::StatusOr<std::vector<std::unique_ptr<generation::ImageModel>>> MakeAccounts(const Config& config,
                                                                                  const std::string& base_url,
                                                                                  upstream::HttpClients& clients,
                                                                                  const upstream::UrlGuard& guard) {
  std::vector<std::unique_ptr<generation::ImageModel>> accounts;
  for (const std::string& key : config.sandbox ? std::vector<std::string>{kSandboxName} : config.api_keys) {
    upstream::ZaiOptions options;
    // The built-in sandbox may have another port after a restart, and is the same upstream all the same.
    if (config.sandbox) options.name = kSandboxName;
    options.base_url = base_url;
    options.api_key = key;
    options.async_glm_image = config.settings.upstream().glm_image_mode() != config::v1::GLM_IMAGE_MODE_SYNC;
    options.sync_timeout = ToDuration(config.settings.upstream().timeout());
    options.max_image_bytes = config.settings.images().max_bytes();
    auto account = upstream::ZaiImageModel::Create(std::move(options), clients, guard);
    if (!account.ok()) return account.status();
    accounts.push_back(*std::move(account));
  }
  return accounts;
}

std::vector<std::unique_ptr<generation::ImageModel>> Metered(
    std::vector<std::unique_ptr<generation::ImageModel>> accounts, generation::Metrics& metrics) {
  for (auto& account : accounts) account = std::make_unique<upstream::MeteredImageModel>(std::move(account), metrics);
  return accounts;
}

std::vector<generation::ImageModel*> AccountPointers(
    const std::vector<std::unique_ptr<generation::ImageModel>>& accounts) {
  std::vector<generation::ImageModel*> pointers;
  for (const auto& account : accounts) pointers.push_back(account.get());
  return pointers;
}

absl::StatusOr<std::unique_ptr<generation::GenerationStore>> OpenStore(const Config& config) {
  if (config.settings.store().location() == "memory") return std::make_unique<storage::MemoryGenerationStore>();
  return storage::SqliteGenerationStore::Open(DataPath(config, "generations.db"));
}

absl::StatusOr<std::unique_ptr<generation::ImageStore>> OpenImages(const Config& config) {
  if (config.settings.images().location() == "memory") return std::make_unique<storage::MemoryImageStore>();
  return storage::FileImageStore::OpenDirectory(DataPath(config, "images"));
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
