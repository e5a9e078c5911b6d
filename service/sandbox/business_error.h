#pragma once

#include <optional>
#include <string>

#include "http/responder.h"

namespace easel::sandbox {

// An answer that refuses: what goes over the wire, and the code for the ledger.
struct ErrorReply {
  std::string code;  // the business code; empty if there is none
  http::ReplyHead head;
  std::string body;
};

// The HTTP status that Z.AI gives a business code; 400 for codes that its table does not list.
int HttpStatusOf(int code);

// `{"error":{"code":"1302","message":"..."}}`; with a level, `contentFilter` stands beside it. Without a message, the one
// of Z.AI's table. 1301 always carries a filter entry.
ErrorReply BusinessError(int code, std::string message = "", std::optional<int> filter_level = std::nullopt);

// The page that a proxy in front of the API would send.
ErrorReply HtmlError(int http_status);

// What the web framework, not the API, says about a path or method that it does not know.
ErrorReply FrameworkError(int http_status, const std::string& path);

}  // namespace easel::sandbox
