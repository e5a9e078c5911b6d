#include "sandbox/control.h"

#include <utility>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "sandbox/business_error.h"

namespace easel::sandbox {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr const char* kAbout =
    "This is easel's sandbox, a local Z.AI.\n"
    "\n"
    "POST /api/paas/v4/images/generations        sync: glm-image, cogview-4-250304\n"
    "POST /api/paas/v4/async/images/generations  async: glm-image\n"
    "GET  /api/paas/v4/async-result/{id}\n"
    "GET  /images/{file}\n"
    "GET  /sandbox/ledger                        what was submitted, charged, fetched\n"
    "POST /sandbox/faults                        such as {\"code\": 1302, \"times\": 2}; GET lists, DELETE clears\n"
    "POST /sandbox/reset\n"
    "\n"
    "A prompt may carry a fault too: [[sandbox: code=1302 times=2]]\n";

std::string WordOf(const json::value& value) {
  if (value.is_string()) return json::value_to<std::string>(value);
  return value.is_bool() ? "" : json::serialize(value);
}

absl::StatusOr<std::vector<Fault>> FaultsOf(const json::value& value) {
  if (!value.is_object()) return absl::InvalidArgumentError("a fault is a JSON object, such as {\"code\": 1302}");
  FaultWords words;
  for (const auto& [word, given] : value.as_object()) {
    if (given.is_null() || given == json::value(false)) continue;
    words.emplace_back(std::string(word), WordOf(given));
  }
  return ParseFault(words, 1);
}

absl::StatusOr<std::vector<Fault>> ReadFaults(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("the body is no JSON: ", error.message()));
  if (!value.is_array()) return FaultsOf(value);
  std::vector<Fault> faults;
  for (const json::value& one : value.as_array()) {
    auto more = FaultsOf(one);
    if (!more.ok()) return more.status();
    faults.insert(faults.end(), more->begin(), more->end());
  }
  return faults;
}

ErrorReply Answer(std::string content_type, std::string body) {
  ErrorReply reply;
  reply.head.content_type = std::move(content_type);
  reply.body = std::move(body);
  return reply;
}

}  // namespace

Control::Control(Records& records, FaultBook& faults) : records_(records), faults_(faults) {}

asio::awaitable<void> Control::Serve(const http::Request& request, http::Responder& responder) {
  ErrorReply reply = Handle(request);
  co_await responder.Send(std::move(reply.head), std::move(reply.body));
}

ErrorReply Control::Handle(const http::Request& request) {
  const bool get = request.method == "GET" || request.method == "HEAD";
  const bool post = request.method == "POST";
  if (request.path == "/sandbox" && get) return Answer("text/plain; charset=utf-8", kAbout);
  if (request.path == "/sandbox/ledger" && get) {
    return Answer("application/json", json::serialize(records_.Ledger(request.Parameter("entries") != "0")));
  }
  if (request.path == "/sandbox/faults" && (get || post || request.method == "DELETE")) {
    if (request.method == "DELETE") faults_.Clear();
    return post ? AddFaults(request.body) : Answer("application/json", ListFaults());
  }
  if (request.path == "/sandbox/reset" && post) {
    records_.Reset();
    faults_.Clear();
    return Answer("application/json", "{}");
  }
  const bool known = request.path == "/sandbox" || request.path == "/sandbox/ledger" ||
                     request.path == "/sandbox/faults" || request.path == "/sandbox/reset";
  return FrameworkError(known ? 405 : 404, request.path);
}

ErrorReply Control::AddFaults(const std::string& body) {
  const auto faults = ReadFaults(body);
  if (!faults.ok()) return BusinessError(1210, std::string(faults.status().message()));
  faults_.Add(*faults);
  return Answer("application/json", ListFaults());
}

std::string Control::ListFaults() const {
  json::array waiting;
  for (const FaultBook::Waiting& fault : faults_.List()) {
    waiting.emplace_back(json::object{{"words", fault.words}, {"left", fault.left}});
  }
  return json::serialize(json::object{{"faults", std::move(waiting)}});
}

}  // namespace easel::sandbox
