#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "google/rpc/status.pb.h"

namespace easel::cli {

// protobuf's JSON mapping on one line, without a line break.
std::string Json(const google::protobuf::Message& message);

// The same for an error. A detail of a type that this program does not know is left out, rather than the whole.
std::string Json(const google::rpc::Status& error);

}  // namespace easel::cli
