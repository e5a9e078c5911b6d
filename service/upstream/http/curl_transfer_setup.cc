// What a transfer asks of curl: its options, chosen once for each request.
#include <algorithm>
#include <string>

#include "upstream/http/curl_loop.h"
#include "upstream/http/curl_transfer.h"

namespace easel::upstream {
namespace {

// Below the idle timeouts that are usual in front of APIs (60 s and more), so that a connection is rarely reused in the
// moment in which the server closes it: for a POST that would be an unknown outcome.
constexpr long kReuseSeconds = 45;
// Within what the allocator keeps at hand.
constexpr long kStreamBuffer = 16L * 1024;
// What waits for an answer waits long, and thousands do.
constexpr long kAnswerBuffer = 1024;

long Milliseconds(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return 0;
  return static_cast<long>(std::clamp<std::int64_t>(absl::ToInt64Milliseconds(duration), 1, 1L << 30));
}

bool IsTls(const std::string& url) { return url.starts_with("https:"); }

const std::string& UserAgent(const CurlOptions& options) {
  static const std::string own = "easel/" EASEL_VERSION;
  return options.user_agent.empty() ? own : options.user_agent;
}

bool HasBody(HttpRequest::Method method) {
  return method == HttpRequest::Method::kPost || method == HttpRequest::Method::kPut;
}

// Where it is not what curl sends by itself.
const char* MethodName(HttpRequest::Method method) {
  switch (method) {
    case HttpRequest::Method::kPut:
      return "PUT";
    case HttpRequest::Method::kDelete:
      return "DELETE";
    default:
      return nullptr;
  }
}

}  // namespace

// Handles are used again and again, so what is the same for every request is set once. The rest is set for each, whatever
// the one before has set.
void CurlTransfer::PrepareForAll(CURL* easy, const CurlOptions& options) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Without this, giving up while a name is being resolved blocks the loop until the resolver's thread ends.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, UserAgent(options).c_str());
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kReuseSeconds);
  // A synchronous generation is silent for minutes; boxes on the way forget silent connections.
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 15L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::OnHeader);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::OnBytes);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &CurlTransfer::OnBeforeRequest);
}

bool CurlTransfer::Prepare() {
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, curl_message_.data());
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  SetConnection();
  SetTimeouts();
  SetCallbacks();
  SetBody();
  return SetHeaders();
}

void CurlTransfer::SetConnection() {
  const CurlOptions& options = loop_->options();
  const bool http2 = options.http2 && body_ == Body::kWhole && IsTls(request_.url);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, http2 ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, body_ == Body::kStreamed ? kStreamBuffer : kAnswerBuffer);
}

void CurlTransfer::SetTimeouts() {
  const HttpTimeouts& timeouts = request_.timeouts;
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(timeouts.connect));
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, Milliseconds(timeouts.total));
  const bool guarded = timeouts.low_speed_bytes > 0;
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(timeouts.low_speed_bytes));
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME,
                   guarded ? static_cast<long>(std::max<std::int64_t>(1, absl::ToInt64Seconds(timeouts.low_speed_time))) : 0L);
}

void CurlTransfer::SetBody() {
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, MethodName(request_.method));
  if (!HasBody(request_.method)) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, nullptr);
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    return;
  }
  // Goes out with the head in one piece, and without a buffer that curl would keep while it waits for the answer. What curl
  // has in hand it may send a second time by itself; OnBeforeRequest does not let it.
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.c_str());
}

bool CurlTransfer::SetHeaders() {
  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_, line.c_str());
    if (longer != nullptr) header_list_ = longer;
    return longer != nullptr;
  };
  for (const HttpHeader& header : request_.headers) {
    if (!add(header.name + ": " + header.value)) return false;
  }
  // No round trip before a large body.
  if (HasBody(request_.method) && !add("Expect:")) return false;
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
  return true;
}

void CurlTransfer::SetCallbacks() {
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_opensocket_callback open = nullptr;
  if (request_.address_allowed && loop_->options().proxy.empty()) open = &CurlTransfer::OnOpenSocket;
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, open);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
}

}  // namespace easel::upstream
