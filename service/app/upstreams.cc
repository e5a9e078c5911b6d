#include "app/upstreams.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "upstream/metered_image_model.h"
#include "upstream/zai/zai_image_model.h"

namespace easel::app {
namespace {

using Fallbacks = google::protobuf::RepeatedPtrField<config::v1::FallbackUpstream>;
using Prices = google::protobuf::RepeatedPtrField<config::v1::Price>;

constexpr char kSandboxName[] = "sandbox";

const Fallbacks& FallbacksOf(const Config& config) {
  static const Fallbacks none;
  return config.sandbox ? none : config.settings.upstream().fallbacks();
}

generation::Catalog CatalogOf(const Config& config, const std::string& base_url, const Prices& priced) {
  const std::vector<generation::PriceOverride> prices = PricesOf(priced);
  const bool mainland = !config.sandbox && absl::StrContains(base_url, "bigmodel.cn");
  const int longest = config.settings.admission().prompt_max_code_points();
  return generation::Catalog(mainland ? generation::Host::kMainland : generation::Host::kZai, prices,
                             longest > 0 ? std::optional<int>(longest) : std::nullopt);
}

// The first catalog's come first.
std::vector<std::string> CurrenciesOf(const generation::Catalog& first, const Catalogs& fallbacks) {
  std::vector<std::string> currencies;
  const auto add = [&](const generation::Catalog& catalog) {
    for (const v1::Model& model : catalog.models()) {
      for (const auto& option : model.qualities()) {
        if (std::find(currencies.begin(), currencies.end(), option.currency()) == currencies.end()) {
          currencies.push_back(option.currency());
        }
      }
    }
  };
  add(first);
  for (const auto& [base_url, catalog] : fallbacks) add(catalog);
  return currencies;
}

absl::StatusOr<std::unique_ptr<generation::ImageModel>> MakeAccount(const Config& config, const std::string& base_url,
                                                                    const std::string& key,
                                                                    upstream::HttpClients& clients,
                                                                    const upstream::UrlGuard& guard) {
  upstream::ZaiOptions options;
  // The built-in sandbox may have another port after a restart, and is the same upstream all the same.
  if (config.sandbox) options.name = kSandboxName;
  options.base_url = base_url;
  options.api_key = key;
  options.async_glm_image = config.settings.upstream().glm_image_mode() != config::v1::GLM_IMAGE_MODE_SYNC;
  options.sync_timeout = ToDuration(config.settings.upstream().timeout());
  options.max_image_bytes = config.settings.images().max_bytes();
  return upstream::ZaiImageModel::Create(std::move(options), clients, guard);
}

}  // namespace

std::vector<generation::PriceOverride> PricesOf(const Prices& priced) {
  std::vector<generation::PriceOverride> prices;
  for (const auto& price : priced) {
    prices.push_back({price.model(), price.quality(), price.cost_micros(), price.currency()});
  }
  return prices;
}

generation::Catalog MakeCatalog(const Config& config) {
  const auto& upstream = config.settings.upstream();
  return CatalogOf(config, upstream.base_url(), upstream.prices());
}

Catalogs FallbackCatalogs(const Config& config) {
  Catalogs catalogs;
  for (const auto& fallback : FallbacksOf(config)) {
    catalogs.emplace(fallback.base_url(), CatalogOf(config, fallback.base_url(), fallback.prices()));
  }
  return catalogs;
}

std::map<std::string, generation::UpstreamTerms, std::less<>> FallbackTerms(const Config& config,
                                                                            const Catalogs& catalogs) {
  std::map<std::string, generation::UpstreamTerms, std::less<>> terms;
  for (const auto& fallback : FallbacksOf(config)) {
    const generation::UpstreamTerms its{catalogs.at(fallback.base_url()), fallback.rejects_duplicates()};
    terms.emplace(fallback.base_url(), its);
  }
  return terms;
}

std::string FallbackModel(const Config& config) {
  const std::string& model = config.settings.upstream().fallback_model();
  return model == "none" ? "" : model;
}

std::vector<std::string> ModelNames(const generation::Catalog& catalog) {
  std::vector<std::string> names;
  for (const v1::Model& model : catalog.models()) names.push_back(model.model());
  return names;
}

upstream::CurlOptions CurlOptionsOf(const Config& config) {
  upstream::CurlOptions options;
  options.proxy = config.settings.upstream().proxy();
  return options;
}

absl::StatusOr<upstream::UrlGuard> MakeGuard(const Config& config) {
  const auto& named = config.settings.upstream().image_hosts();
  std::set<std::string> hosts(named.begin(), named.end());
  for (const auto& fallback : FallbacksOf(config)) {
    hosts.insert(fallback.image_hosts().begin(), fallback.image_hosts().end());
  }
  if (config.sandbox) hosts.insert("127.0.0.1");
  return upstream::UrlGuard::Create(std::vector<std::string>(hosts.begin(), hosts.end()));
}

absl::StatusOr<Accounts> MakeAccounts(const Config& config, const std::string& base_url, upstream::HttpClients& clients,
                                      const upstream::UrlGuard& guard) {
  using Keys = std::vector<std::string>;
  std::vector<std::pair<std::string, Keys>> upstreams = {{base_url, config.sandbox ? Keys{kSandboxName} : config.api_keys}};
  for (int i = 0; i < FallbacksOf(config).size(); ++i) {
    upstreams.emplace_back(FallbacksOf(config)[i].base_url(), config.fallback_keys[static_cast<std::size_t>(i)]);
  }
  Accounts accounts;
  for (const auto& [url, keys] : upstreams) {
    for (const std::string& key : keys) {
      auto account = MakeAccount(config, url, key, clients, guard);
      if (!account.ok()) return account.status();
      accounts.push_back(*std::move(account));
    }
  }
  return accounts;
}

Accounts Metered(Accounts accounts, generation::Metrics& metrics) {
  for (auto& account : accounts) account = std::make_unique<upstream::MeteredImageModel>(std::move(account), metrics);
  return accounts;
}

Config WithKeysOf(Config running, const Config& fresh) {
  running.api_keys = fresh.api_keys;
  const auto& now = running.settings.upstream().fallbacks();
  const auto& then = fresh.settings.upstream().fallbacks();
  for (int i = 0; i < now.size(); ++i) {
    for (int k = 0; k < then.size(); ++k) {
      if (now[i].base_url() != then[k].base_url()) continue;
      running.fallback_keys[static_cast<std::size_t>(i)] = fresh.fallback_keys[static_cast<std::size_t>(k)];
    }
  }
  return running;
}

std::vector<generation::ImageModel*> Adopt(Accounts wanted, Accounts& all, generation::Metrics& metrics) {
  std::vector<generation::ImageModel*> adopted;
  for (auto& account : wanted) {
    const auto known = std::find_if(all.begin(), all.end(), [&account](const auto& other) {
      return other->upstream() == account->upstream() && other->key_fingerprint() == account->key_fingerprint();
    });
    if (known != all.end()) {
      adopted.push_back(known->get());
      continue;
    }
    all.push_back(std::make_unique<upstream::MeteredImageModel>(std::move(account), metrics));
    adopted.push_back(all.back().get());
  }
  return adopted;
}

std::vector<generation::ImageModel*> AccountPointers(const Accounts& accounts) {
  std::vector<generation::ImageModel*> pointers;
  for (const auto& account : accounts) pointers.push_back(account.get());
  return pointers;
}

telemetry::KnownLabels KnownLabelsOf(const generation::Catalog& catalog, const Catalogs& fallbacks,
                                     const Accounts& accounts) {
  telemetry::KnownLabels known;
  for (const v1::Model& model : catalog.models()) {
    telemetry::KnownLabels::Model labels{.name = model.model(), .qualities = {}};
    for (const auto& option : model.qualities()) labels.qualities.push_back(option.quality());
    known.models.push_back(std::move(labels));
  }
  known.currencies = CurrenciesOf(catalog, fallbacks);
  for (const auto& account : accounts) known.upstreams.push_back({account->upstream(), account->key_fingerprint()});
  known.upstream_codes = {"1301", "1302", "1305", "1113", "1000", "connection", "timeout"};
  return known;
}

}  // namespace easel::app
