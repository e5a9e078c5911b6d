#pragma once

#include <string>

namespace easel::client {

// A fresh request_id: a random UUID, 36 characters. Thread-safe.
std::string NewRequestId();

}  // namespace easel::client
