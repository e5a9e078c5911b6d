#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "http/responder.h"

namespace easel::http {

// Answers with a sentence for people; a newline is added.
boost::asio::awaitable<void> SendText(Responder& responder, int status, std::string text, HeaderList headers = {});

// A list of one, as a function: GCC 12 takes no braces inside a co_await.
HeaderList OneHeader(std::string name, std::string value);

}  // namespace easel::http
