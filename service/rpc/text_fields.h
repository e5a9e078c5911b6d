#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "generation/error.h"
#include "google/protobuf/descriptor.h"

namespace easel::rpc {

// The first byte that is not UTF-8; npos: all of it is.
std::size_t FirstInvalidUtf8(std::string_view text);

// Reads a serialized message of this type leniently, and finds every string field that is not UTF-8, by its path
// ("spec.prompt"). In `bytes` the offending bytes are replaced by '?', so that protobuf takes the rest. Reading stops
// where the bytes are no message.
std::vector<generation::Violation> RepairText(const google::protobuf::Descriptor& type, std::string& bytes);

}  // namespace easel::rpc
