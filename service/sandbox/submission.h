#pragma once

#include <optional>
#include <string>

#include "http/request.h"
#include "sandbox/business_error.h"
#include "sandbox/fault.h"
#include "sandbox/options.h"

namespace easel::sandbox {

// One POST that asks for an image. What a refused one did not say, or said wrongly, is empty.
struct Submission {
  bool async = false;
  std::string key;  // fingerprint
  std::string model;
  std::string prompt;
  std::string quality;
  std::string size;
  int width = 0;
  int height = 0;
  std::string user_id;
  std::string request_id;
  std::vector<Fault> faults;  // of the prompt's directives
};

// The Bearer check. Fills `key` with the fingerprint as soon as there is a key.
std::optional<ErrorReply> CheckKey(const http::Request& request, const SandboxOptions& options, std::string& key);

// Reads and checks everything that does not depend on other requests; `submission.async` says for which endpoint. Fills
// `submission` as far as it gets, and answers with the refusal if there is one.
std::optional<ErrorReply> ReadSubmission(const http::Request& request, const SandboxOptions& options,
                                         Submission& submission);

}  // namespace easel::sandbox
