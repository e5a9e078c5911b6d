#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "generation/watcher.h"
#include "rpc/call.h"

namespace easel::rpc {

// What a call that waited for the image ends with, by the generation's end: OK if it SUCCEEDED, else its error, or
// GENERATION_CANCELLED; with the generation's name and the charge.
absl::Status EndOf(const generation::Record& record);

// Ends a call whose generation goes on. The caller has gone: `policy` decides what becomes of the generation. The server
// shuts down: the generation stays recorded, whatever the policy, and `repeatable` (the caller chose the request_id) says
// whether sending the request again is safe.
absl::Status LeaveEarly(const Call& call, generation::Watcher& watcher, v1::CancelPolicy policy, bool repeatable);

// An error of a call whose generation was accepted: where a repeat would pay again (the caller chose no request_id) it must
// not look like one that passes by itself.
absl::Status AfterAcceptance(const absl::Status& status, bool repeatable);

}  // namespace easel::rpc
