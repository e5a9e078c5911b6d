#include "app/config_callers.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace easel::app {
namespace {

using config::v1::Caller;

std::string Place(const Sources& sources, const std::string& path) {
  const auto found = sources.find(path);
  return found == sources.end() ? path : found->second;
}

bool HasCredentials(const Caller& caller) { return caller.keys_size() > 0 || caller.certificates_size() > 0; }

// Where a key or a name stands twice, the second place is told.
class Owners {
 public:
  Owners(const Sources& sources, Problems& problems) : sources_(sources), problems_(problems) {}

  void Add(const std::string& path, const std::string& thing, const std::string& what, const std::string& owner) {
    if (thing.empty()) return;
    const auto [first, added] = owners_.emplace(thing, owner);
    if (!added) problems_.Add(Place(sources_, path), absl::StrCat(path, ": ", what, " stands at caller ", first->second, " already"));
  }

 private:
  const Sources& sources_;
  Problems& problems_;
  std::map<std::string, std::string> owners_;
};

void CheckLimits(const Caller& caller, const std::string& path, const Sources& sources, Problems& problems) {
  if (caller.burst() > 0 && caller.starts_per_minute() == 0) {
    problems.Add(Place(sources, path + ".burst"), absl::StrCat(path, ".burst: needs starts_per_minute beside it"));
  }
  std::set<std::string> currencies;
  for (int i = 0; i < caller.daily_budgets_size(); ++i) {
    const std::string budget = absl::StrCat(path, ".daily_budgets[", i, "]");
    const std::string& currency = caller.daily_budgets(i).currency();
    if (!currency.empty() && !currencies.insert(currency).second) {
      problems.Add(Place(sources, budget), absl::StrCat(budget, ": ", currency, " has a budget already"));
    }
  }
}

// Certificates are worth something only where TLS asks for them, and a list that lets nobody in is a mistake.
void CheckTls(const Settings& settings, const Sources& sources, Problems& problems) {
  const auto& grpc = settings.grpc();
  const bool asks = !grpc.tls_client_ca_file().empty();
  if (grpc.tls_client_required() && !asks) {
    problems.Add(Place(sources, "grpc.tls_client_required"),
                 "grpc.tls_client_required: needs grpc.tls_client_ca_file beside it");
  }
  if (asks && grpc.tls_cert_file().empty()) {
    problems.Add(Place(sources, "grpc.tls_client_ca_file"),
                 "grpc.tls_client_ca_file: needs grpc.tls_cert_file and grpc.tls_key_file beside it");
  }
  for (int i = 0; i < settings.callers_size(); ++i) {
    if (asks || settings.callers(i).certificates_size() == 0) continue;
    const std::string path = absl::StrCat("callers[", i, "].certificates");
    problems.Add(Place(sources, path), absl::StrCat(path, ": nobody is asked for a certificate without grpc.tls_client_ca_file"));
  }
}

void CheckOpenMetrics(const Settings& settings, const Sources& sources, Problems& problems) {
  const auto& callers = settings.callers();
  const bool keys = std::any_of(callers.begin(), callers.end(), [](const Caller& caller) { return caller.keys_size() > 0; });
  if (settings.http().open_metrics() || keys) return;
  problems.Add(Place(sources, "http.open_metrics"),
               "http.open_metrics: false lets in who has a caller's key, and no caller has one");
}

}  // namespace

bool CallersNeedCredentials(const Settings& settings) {
  return std::any_of(settings.callers().begin(), settings.callers().end(), HasCredentials);
}

void CheckCallers(const Settings& settings, const Sources& sources, Problems& problems) {
  Owners names(sources, problems);
  Owners keys(sources, problems);
  Owners certificates(sources, problems);
  const bool needed = CallersNeedCredentials(settings);
  for (int i = 0; i < settings.callers_size(); ++i) {
    const Caller& caller = settings.callers(i);
    const std::string path = absl::StrCat("callers[", i, "]");
    names.Add(path, caller.name(), absl::StrCat("the name ", caller.name()), caller.name());
    for (int k = 0; k < caller.keys_size(); ++k) {
      keys.Add(absl::StrCat(path, ".keys[", k, "]"), absl::AsciiStrToLower(caller.keys(k).sha256()), "this key", caller.name());
    }
    for (int c = 0; c < caller.certificates_size(); ++c) {
      certificates.Add(absl::StrCat(path, ".certificates"), caller.certificates(c), caller.certificates(c), caller.name());
    }
    if (needed && !HasCredentials(caller)) {
      problems.Add(Place(sources, path), absl::StrCat(path, ": the others have keys or certificates, and ", caller.name(),
                                                      " could never call: give it some, or leave it out"));
    }
    CheckLimits(caller, path, sources, problems);
  }
  CheckTls(settings, sources, problems);
  CheckOpenMetrics(settings, sources, problems);
}

}  // namespace easel::app
