#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "sandbox/sandbox.h"

namespace easel::sandbox {

// What came back of one HTTP exchange.
struct Answer {
  int curl_error = 0;  // CURLE_OK
  int status = 0;
  std::string content_type;
  std::string headers;  // all, as sent
  std::string body;

  boost::json::object Json() const;
  // `error.code` of the body; empty if there is none.
  std::string Code() const;
};

// A caller of the sandbox over real HTTP with libcurl, on connections of its own.
class SandboxClient {
 public:
  explicit SandboxClient(std::string address, std::string key = "a-key");

  // `timeout_ms` 0: none.
  Answer Call(const std::string& method, const std::string& url, const std::string& body = "",
              const std::vector<std::string>& headers = {}, long timeout_ms = 0) const;

  Answer Post(const std::string& path, const boost::json::object& body) const;  // under /api/paas/v4, with the key
  Answer Sync(const boost::json::object& body) const { return Post("/images/generations", body); }
  Answer Async(const boost::json::object& body) const { return Post("/async/images/generations", body); }
  Answer Poll(const std::string& id) const;
  Answer Fetch(const std::string& url) const { return Call("GET", url); }
  Answer AskForFault(const boost::json::value& fault) const;
  boost::json::object Ledger() const;

  std::string Url(const std::string& path) const { return "http://" + address_ + path; }
  std::vector<std::string> ApiHeaders() const;

 private:
  std::string address_;
  std::string key_;
};

// A sandbox on a free port whose generations end at once, unless `options` say otherwise.
struct Fixture {
  explicit Fixture(SandboxOptions options = {}, double latency_scale = 0);
  std::unique_ptr<Sandbox> sandbox;
  SandboxClient client;
};

// A glm-image request.
boost::json::object Ask(const std::string& prompt);

// The URL in a sync answer or in an async result.
std::string ImageUrl(const Answer& answer);

// Submits, polls and answers with the image's URL.
std::string MakeImage(const SandboxClient& client, const std::string& prompt);

}  // namespace easel::sandbox
