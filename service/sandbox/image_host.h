#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "http/responder.h"
#include "sandbox/fault_book.h"
#include "sandbox/gallery.h"
#include "sandbox/records.h"

namespace easel::sandbox {

// GET /images/{file}: what mfile.z.ai is to the API. 400 if an Authorization header comes along (so that a leaked key
// shows), 403 if a signed query is not byte for byte what was given out, 404 with the observed JSON body for what is not
// there. Used on the sandbox's one thread; what it is given must outlive its coroutines.
class ImageHost {
 public:
  ImageHost(Records& records, FaultBook& faults, Gallery& gallery);

  boost::asio::awaitable<void> Fetch(std::string file, const http::Request& request, http::Responder& responder);

 private:
  boost::asio::awaitable<void> Send(const Task& task, const Fault& fault, const http::Request& request,
                                    http::Responder& responder);

  Records& records_;
  FaultBook& faults_;
  Gallery& gallery_;
};

}  // namespace easel::sandbox
