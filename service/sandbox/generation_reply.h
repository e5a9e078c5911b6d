#pragma once

#include <string>
#include <utility>

#include "sandbox/task.h"

namespace easel::sandbox {

// The bodies of success, with the fields that real traffic shows. `host` is the request's Host header: image URLs point to
// where the caller found this server.

// 200 of the sync endpoint.
std::string SyncBody(const Task& task, const std::string& host);

// 200 of the async endpoint.
std::string AcceptedBody(const Task& task);

// 200 of async-result: PROCESSING, SUCCESS or FAIL.
std::string ResultBody(const Task& task, bool ended, const std::string& host);

// The business code and message of a failure: `fail=1301` names a code, anything else is a message.
std::pair<int, std::string> FailureOf(const Outcome& outcome);

}  // namespace easel::sandbox
