#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/config.h"
#include "generation/catalog.h"
#include "generation/lifecycle.h"
#include "generation/ports/image_model.h"
#include "generation/ports/metrics.h"
#include "telemetry/prometheus_metrics.h"
#include "upstream/http/curl_options.h"
#include "upstream/http/http_clients.h"
#include "upstream/http/url_guard.h"

namespace easel::app {

// The way to the upstreams, by the configuration: the first one, or the built-in sandbox in its place, and its fallbacks,
// which the sandbox has none of.

// What the first one offers: what callers may ask for.
generation::Catalog MakeCatalog(const Config& config);
// What the others offer, by their base URLs.
using Catalogs = std::map<std::string, generation::Catalog>;
Catalogs FallbackCatalogs(const Config& config);
// `catalogs` outlive it.
std::map<std::string, generation::UpstreamTerms, std::less<>> FallbackTerms(const Config& config, const Catalogs& catalogs);
// Empty: none.
std::string FallbackModel(const Config& config);
std::vector<std::string> ModelNames(const generation::Catalog& catalog);

upstream::CurlOptions CurlOptionsOf(const Config& config);
// Which hosts images may come from; with the sandbox, itself too.
absl::StatusOr<upstream::UrlGuard> MakeGuard(const Config& config);

std::vector<generation::PriceOverride> PricesOf(const google::protobuf::RepeatedPtrField<config::v1::Price>& prices);

using Accounts = std::vector<std::unique_ptr<generation::ImageModel>>;
// One for each key, by preference; `base_url` is the first upstream's. `clients` and `guard` outlive them.
absl::StatusOr<Accounts> MakeAccounts(const Config& config, const std::string& base_url, upstream::HttpClients& clients,
                                      const upstream::UrlGuard& guard);
// The same, counted.
Accounts Metered(Accounts accounts, generation::Metrics& metrics);
// `running` with the keys that `fresh` has for the same upstreams.
Config WithKeysOf(Config running, const Config& fresh);
// Those of `wanted`, in their order: the ones that `all` has are taken from there, and the others are added to it, counted.
std::vector<generation::ImageModel*> Adopt(Accounts wanted, Accounts& all, generation::Metrics& metrics);
std::vector<generation::ImageModel*> AccountPointers(const Accounts& accounts);

telemetry::KnownLabels KnownLabelsOf(const generation::Catalog& catalog, const Catalogs& fallbacks,
                                     const Accounts& accounts);

}  // namespace easel::app
