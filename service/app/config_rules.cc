#include "app/config_rules.h"

#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "app/config_kinds.h"

namespace easel::app {
namespace {

std::string PlaceOf(const Sources& sources, const std::string& path) {
  const auto found = sources.find(path);
  return found == sources.end() ? path : found->second;
}

// The settings of listeners that other machines can reach.
std::vector<std::string> OpenListeners(const Settings& settings) {
  std::vector<std::string> open;
  for (const auto& [path, text] : {std::pair{"grpc.listen", settings.grpc().listen()},
                                   std::pair{"http.listen", settings.http().listen()}}) {
    const auto address = ParseListenAddress(text);
    if (address && !IsLoopback(address->host)) open.push_back(path);
  }
  return open;
}

void CheckFallbacks(const config::v1::Upstream& upstream, const Sources& sources, Problems& problems) {
  std::set<std::string> seen = {upstream.base_url()};
  for (int i = 0; i < upstream.fallbacks_size(); ++i) {
    const std::string path = absl::StrCat("upstream.fallbacks[", i, "]");
    const std::string& url = upstream.fallbacks(i).base_url();
    if (url.empty() || seen.insert(url).second) continue;
    problems.Add(PlaceOf(sources, path), absl::StrCat(path, ".base_url: ", url, " is an upstream already; further keys of "
                                                      "an upstream belong into its `keys`"));
  }
  const std::string& model = upstream.fallback_model();
  if (model == "none" || model == "glm-image" || model == "cogview-4-250304") return;
  problems.Add(PlaceOf(sources, "upstream.fallback_model"),
               absl::StrCat("upstream.fallback_model: expected none, glm-image or cogview-4-250304, got \"", model, "\""));
}

void CheckObjectStorage(const config::v1::Images& images, const Sources& sources, Problems& problems) {
  if (!absl::StartsWith(images.location(), "s3:")) return;
  if (images.s3().access_key_id().empty() || images.s3().secret_access_key().empty()) {
    problems.Add(PlaceOf(sources, "images.location"),
                 absl::StrCat(images.location(), " needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or "
                              "AWS_SECRET_ACCESS_KEY_FILE)"));
  }
}

}  // namespace

void CheckSafety(const Settings& settings, const Sources& sources, const SafetyRequest& request, Problems& problems) {
  const std::vector<std::string> open = OpenListeners(settings);
  if (open.empty()) return;
  std::vector<std::string> places;
  for (const std::string& path : open) places.push_back(PlaceOf(sources, path));
  const std::string where = absl::StrJoin(places, ", ");
  if (!request.has_key && !request.sandbox_asked) {
    problems.Add(where, "listening beyond this machine without an upstream key: set ZAI_API_KEY (or ZAI_API_KEY_FILE), "
                        "or add --sandbox to serve sample pictures on purpose");
  }
  if (!request.insecure_asked && !request.callers_known) {
    problems.Add(where, "listening beyond this machine lets anyone who reaches it make images: listen on 127.0.0.1, give "
                        "callers keys or certificates, or add --insecure if the network in between is trusted");
  }
}

void CheckConsistency(const Settings& settings, const Sources& sources, Problems& problems) {
  const auto grpc = ParseListenAddress(settings.grpc().listen());
  const auto http = ParseListenAddress(settings.http().listen());
  if (grpc && http && grpc->port != 0 && grpc->port == http->port && grpc->host == http->host) {
    problems.Add(PlaceOf(sources, "http.listen"),
                 absl::StrCat("the gRPC and the HTTP listener cannot share ", settings.http().listen()));
  }
  const auto& upstream = settings.upstream();
  CheckFallbacks(upstream, sources, problems);
  if (upstream.concurrency_start() > upstream.concurrency_max()) {
    problems.Add(PlaceOf(sources, "upstream.concurrency_start"),
                 absl::StrCat("upstream.concurrency_start (", upstream.concurrency_start(),
                              ") must not be above upstream.concurrency_max (", upstream.concurrency_max(), ")"));
  }
  const auto& images = settings.images();
  CheckObjectStorage(images, sources, problems);
  if (images.max_total_bytes() > 0 && images.max_total_bytes() < images.max_bytes()) {
    problems.Add(PlaceOf(sources, "images.max_total_bytes"),
                 absl::StrCat("images.max_total_bytes (", images.max_total_bytes(),
                              ") must have room for the largest image, images.max_bytes (", images.max_bytes(), ")"));
  }
}

std::string DefaultDataDir(const Environment& environment, Problems& problems) {
  if (environment.root) return "/var/lib/easel";
  // The base directory specification: a relative path there is to be ignored.
  const auto state = environment.Get("XDG_STATE_HOME");
  if (state && absl::StartsWith(*state, "/")) return absl::StrCat(*state, "/easel");
  if (const auto home = environment.Get("HOME")) return absl::StrCat(*home, "/.local/state/easel");
  problems.Add("EASEL_DATA_DIR", "there is no HOME to keep data in: name a directory");
  return "";
}

}  // namespace easel::app
