#pragma once

#include <optional>
#include <string>

#include "generation/ports/image_model.h"

namespace easel::upstream {

// Keeps what it is given, until it is told to fail.
struct StringSink : generation::ByteSink {
  boost::asio::awaitable<absl::Status> Begin(std::optional<std::int64_t> size_bytes) override {
    ++begins;
    announced = size_bytes;
    bytes.clear();
    co_return fail_begin ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
  }
  boost::asio::awaitable<absl::Status> Append(std::string_view chunk) override {
    bytes += chunk;
    co_return bytes.size() > fail_after ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
  }

  int begins = 0;
  std::optional<std::int64_t> announced;
  std::string bytes;
  std::size_t fail_after = std::string::npos;
  bool fail_begin = false;
};

}  // namespace easel::upstream
