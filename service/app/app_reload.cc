#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "app/app.h"
#include "app/config_callers.h"
#include "app/config_live.h"
#include "app/parts.h"
#include "generation/spending.h"

namespace easel::app {

void App::Reload() {
  const absl::StatusOr<Config> fresh = LoadConfig(source_.flags, source_.environment);
  const absl::Status applied = fresh.ok() ? Apply(*fresh) : fresh.status();
  if (applied.ok()) {
    TellOfReload(*fresh);
  } else {
    for (const auto& line : absl::StrSplit(applied.message(), '\n', absl::SkipEmpty())) {
      log_.Error("configuration refused: the one before stays in force", {{"reason", std::string(line)}});
    }
  }
  metrics_->ConfigReloaded(applied.ok());  // whoever sees the count finds the lines
}

void App::TellOfReload(const Config& fresh) {
  for (const std::string& warning : fresh.warnings) log_.Warning(warning);
  if (const auto waiting = NeedRestart(config_.settings, fresh.settings); !waiting.empty()) {
    log_.Warning("some settings differ, and take effect at the next start", {{"settings", absl::StrJoin(waiting, ", ")}});
  }
  log_.Info("configuration read anew", {{"callers", fresh.settings.callers_size()}});
}

// First everything that can fail; what follows cannot.
absl::Status App::Apply(const Config& fresh) {
  if (absl::Status refusal = Refusable(fresh); !refusal.ok()) return refusal;
  const auto accounts = AccountsOf(fresh);
  if (!accounts.ok()) return accounts.status();
  if (config_.grpc_tls && fresh.grpc_tls) {
    rpc::TlsFiles files = TlsFilesOf(fresh);
    const std::string& authorities = config_.settings.grpc().tls_client_ca_file();
    if (authorities.empty() != files.client_authorities.empty()) files.client_authorities = authorities;
    if (absl::Status reloaded = rpc_server_->ReloadTls(files); !reloaded.ok()) return reloaded;
  }
  account_list_.Replace(*accounts);
  admission_->SetAccounts(*accounts);
  admission_->SetLimits(fresh.settings.admission().queue_max(), GovernorLimitsOf(fresh));
  ApplyPrices(fresh);
  log_.SetMinimum(LogLevelOf(fresh));
  grpc_log_->SetMinimum(LogLevelOf(fresh));
  SetCallers(fresh);
  const auto before = FilesOf(source_.flags, source_.environment, newest_);
  newest_ = fresh.settings;
  auto now = FilesOf(source_.flags, source_.environment, newest_);
  if (now != before) files_.Watch(std::move(now));
  // A budget that is new has to know what was spent before.
  auto remembered = boost::asio::co_spawn(loops_.executors().front(),
                                          generation::RememberSpending(*store_, *caller_limits_), boost::asio::use_future);
  if (absl::Status status = remembered.get(); !status.ok()) LogFault("spending", status);
  return absl::OkStatus();
}

absl::Status App::Refusable(const Config& fresh) const {
  if (!config_.sandbox && fresh.sandbox) {
    return absl::InvalidArgumentError("the upstream's keys are gone, and the sandbox does not take over while easeld runs");
  }
  if (CallersNeedCredentials(newest_) && !CallersNeedCredentials(fresh.settings)) {
    return absl::InvalidArgumentError("no caller has a key or a certificate any more, which would let in everybody: if that "
                                      "is meant, restart easeld");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<generation::ImageModel*>> App::AccountsOf(const Config& fresh) {
  if (config_.sandbox) return account_list_.InUse();
  auto wanted = MakeAccounts(WithKeysOf(config_, fresh), upstream_url_, *http_clients_, *guard_);
  if (!wanted.ok()) return wanted.status();
  return Adopt(*std::move(wanted), accounts_, *metrics_);
}

void App::ApplyPrices(const Config& fresh) {
  const auto& upstream = fresh.settings.upstream();
  catalog_->SetPrices(PricesOf(upstream.prices()));
  for (const auto& fallback : upstream.fallbacks()) {
    const auto found = fallback_catalogs_.find(fallback.base_url());
    if (found != fallback_catalogs_.end()) found->second.SetPrices(PricesOf(fallback.prices()));
  }
}

void App::SetCallers(const Config& config) {
  caller_limits_->Set(CallerLimitsOf(config));
  callers_.Replace(KnownCallersOf(config));
}

}  // namespace easel::app
