#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "http/responder.h"
#include "sandbox/business_error.h"
#include "sandbox/fault_book.h"
#include "sandbox/records.h"

namespace easel::sandbox {

// What the real Z.AI has not: /sandbox (a list of these), /sandbox/faults (POST, GET, DELETE; words in fault.h),
// /sandbox/ledger (GET; ?entries=0 for the totals alone) and /sandbox/reset (POST). Nobody is asked for a key. Used on the
// sandbox's one thread; what it is given must outlive its coroutines.
class Control {
 public:
  Control(Records& records, FaultBook& faults);

  boost::asio::awaitable<void> Serve(const http::Request& request, http::Responder& responder);

 private:
  ErrorReply Handle(const http::Request& request);
  ErrorReply AddFaults(const std::string& body);
  std::string ListFaults() const;

  Records& records_;
  FaultBook& faults_;
};

}  // namespace easel::sandbox
