#pragma once

#include <random>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "http/responder.h"
#include "sandbox/fault_book.h"
#include "sandbox/options.h"
#include "sandbox/records.h"

namespace easel::sandbox {

// The API: POST images/generations, POST async/images/generations and GET async-result/{id}. Used on the sandbox's one
// thread; what it is given must outlive its coroutines.
class Generations {
 public:
  Generations(const SandboxOptions& options, Records& records, FaultBook& faults);

  boost::asio::awaitable<void> Submit(bool async, const http::Request& request, http::Responder& responder);
  boost::asio::awaitable<void> Poll(std::string id, const http::Request& request, http::Responder& responder);

 private:
  boost::asio::awaitable<void> Answer(const Task& task, bool cut, const http::Request& request,
                                      http::Responder& responder);
  boost::asio::awaitable<void> Refuse(const Submission& submission, ErrorReply refusal, http::Responder& responder);
  std::optional<ErrorReply> CheckLimits(const Submission& submission);
  Task MakeTask(const Submission& submission, const Outcome& outcome);
  std::string RandomHex(int digits);

  const SandboxOptions& options_;
  Records& records_;
  FaultBook& faults_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace easel::sandbox
