#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "http/responder.h"
#include "sandbox/business_error.h"
#include "sandbox/fault.h"

namespace easel::sandbox {

// The error that code=, http= and retry-after= ask for; nothing if they ask for none.
std::optional<ErrorReply> ErrorOf(const Fault& fault);

// Whether the fault takes the place of an answer: an error, hang or drop.
bool ReplacesAnswer(const Fault& fault);

// What stands in the ledger for it: the business code, or the word.
std::string NameOf(const Fault& fault);

// Sends the error, hangs until the peer leaves, or drops the connection.
boost::asio::awaitable<void> Misbehave(Fault fault, http::Responder& responder);

boost::asio::awaitable<void> Pause(double seconds);

// Sends `body` whole, or, cut, the first half of it and then closes the connection. `before_end` is called before the last
// bytes of a whole body go out, so that what it counts is counted when the caller has them.
boost::asio::awaitable<void> SendMaybeCut(bool cut, http::ReplyHead head, std::string_view body,
                                          http::Responder& responder, std::function<void()> before_end = [] {});

}  // namespace easel::sandbox
