#pragma once

#include <grpc/grpc.h>

#include "tests/bench/load.h"

namespace easel::bench {

// "RESOURCE_EXHAUSTED QUEUE_FULL": the status, and the reason of its ErrorInfo if there is one.
Outcome FailureOf(grpc_status_code status, const grpc_slice& details, const grpc_metadata_array& trailing);

}  // namespace easel::bench
