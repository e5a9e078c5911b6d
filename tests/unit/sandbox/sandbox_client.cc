#include "tests/unit/sandbox/sandbox_client.h"

#include <curl/curl.h>

#include <utility>

namespace easel::sandbox {
namespace {

namespace json = boost::json;

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(data, size * count);
  return size * count;
}

std::unique_ptr<Sandbox> StartOrDie(SandboxOptions options, double latency_scale) {
  options.latency_scale = latency_scale;
  return Sandbox::Start(std::move(options)).value();
}

}  // namespace

json::object Answer::Json() const {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  return value.is_object() ? value.as_object() : json::object{};
}

std::string Answer::Code() const {
  const json::object object = Json();
  const json::value* error = object.if_contains("error");
  return error != nullptr && error->is_object() ? json::value_to<std::string>(error->at("code")) : "";
}

SandboxClient::SandboxClient(std::string address, std::string key) : address_(std::move(address)), key_(std::move(key)) {}

Answer SandboxClient::Call(const std::string& method, const std::string& url, const std::string& body,
                           const std::vector<std::string>& headers, long timeout_ms) const {
  Answer answer;
  CURL* easy = curl_easy_init();
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
  if (method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
  }
  if (method != "HEAD") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, Collect);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, Collect);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer.headers);
  answer.curl_error = curl_easy_perform(easy);
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
  answer.status = static_cast<int>(status);
  answer.content_type = type == nullptr ? "" : type;
  curl_easy_cleanup(easy);
  curl_slist_free_all(list);
  return answer;
}

std::vector<std::string> SandboxClient::ApiHeaders() const {
  return {"Authorization: Bearer " + key_, "Content-Type: application/json"};
}

Answer SandboxClient::Post(const std::string& path, const json::object& body) const {
  return Call("POST", Url("/api/paas/v4" + path), json::serialize(body), ApiHeaders());
}

Answer SandboxClient::Poll(const std::string& id) const {
  return Call("GET", Url("/api/paas/v4/async-result/" + id), "", ApiHeaders());
}

Answer SandboxClient::AskForFault(const json::value& fault) const {
  return Call("POST", Url("/sandbox/faults"), json::serialize(fault));
}

json::object SandboxClient::Ledger() const { return Call("GET", Url("/sandbox/ledger")).Json(); }

Fixture::Fixture(SandboxOptions options, double latency_scale)
    : sandbox(StartOrDie(std::move(options), latency_scale)), client(sandbox->address()) {}

json::object Ask(const std::string& prompt) {
  return {{"model", "glm-image"}, {"prompt", prompt}, {"size", "512x512"}};
}

std::string ImageUrl(const Answer& answer) {
  const json::object body = answer.Json();
  const json::value& images = body.contains("data") ? body.at("data") : body.at("image_result");
  return json::value_to<std::string>(images.as_array().at(0).at("url"));
}

std::string MakeImage(const SandboxClient& client, const std::string& prompt) {
  const Answer accepted = client.Async(Ask(prompt));
  return ImageUrl(client.Poll(json::value_to<std::string>(accepted.Json().at("id"))));
}

}  // namespace easel::sandbox
