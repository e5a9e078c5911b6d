#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/config.h"
#include "generation/catalog.h"
#include "generation/governor.h"
#include "generation/lifecycle.h"
#include "generation/ports/generation_store.h"
#include "generation/ports/image_model.h"
#include "generation/ports/image_store.h"
#include "rpc/server.h"
#include "telemetry/log.h"
#include "telemetry/prometheus_metrics.h"
#include "upstream/http/curl_options.h"
#include "upstream/http/http_clients.h"
#include "upstream/http/url_guard.h"

namespace easel::app {

// What each part of the service is made of, by the configuration. App puts them together.

// Whether anything is kept on disk, and where: DATA_DIR/NAME, or DATA_DIR/sandbox/NAME so that sample pictures never mix
// with real ones.
bool NeedsDirectory(const Config& config);
std::string DataPath(const Config& config, const std::string& name = "");

telemetry::LogLevel LogLevelOf(const Config& config);
generation::Catalog MakeCatalog(const Config& config);
generation::Pacing PacingOf(const Config& config);
generation::Governor::Limits GovernorLimitsOf(const Config& config);
std::vector<std::string> ModelNames(const generation::Catalog& catalog);
telemetry::KnownLabels KnownLabelsOf(const generation::Catalog& catalog,
                                     const std::vector<std::unique_ptr<generation::ImageModel>>& accounts);
rpc::ServerOptions RpcOptionsOf(const Config& config);
upstream::CurlOptions CurlOptionsOf(const Config& config);

// Which hosts images may come from; with the sandbox, itself too.
absl::StatusOr<upstream::UrlGuard> MakeGuard(const Config& config);

// One ImageModel for each key, by preference. `clients` and `guard` outlive them.
absl::StatusOr<std::vector<std::unique_ptr<generation::ImageModel>>> MakeAccounts(const Config& config,
                                                                                  const std::string& base_url,
                                                                                  upstream::HttpClients& clients,
                                                                                  const upstream::UrlGuard& guard);
// The same, counted.
std::vector<std::unique_ptr<generation::ImageModel>> Metered(
    std::vector<std::unique_ptr<generation::ImageModel>> accounts, generation::Metrics& metrics);
std::vector<generation::ImageModel*> AccountPointers(
    const std::vector<std::unique_ptr<generation::ImageModel>>& accounts);

absl::StatusOr<std::unique_ptr<generation::GenerationStore>> OpenStore(const Config& config);
absl::StatusOr<std::unique_ptr<generation::ImageStore>> OpenImages(const Config& config);

// The key of image links: the same for as long as the data directory lives.
absl::StatusOr<std::string> LinkSecret(const Config& config);

// Thread-safe.
std::uint64_t RandomBits();

// The built-in Z.AI; it serves for as long as `running` lives.
struct LocalUpstream {
  std::shared_ptr<void> running;
  std::string base_url;
};
absl::StatusOr<LocalUpstream> StartLocalUpstream(const Config& config);

}  // namespace easel::app
