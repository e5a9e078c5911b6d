#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"

namespace easel::generation {

// Bytes on their way into an ImageStore. Used by one coroutine at a time. Destroyed without Keep: nothing remains.
class ImageWriter {
 public:
  virtual ~ImageWriter() = default;

  // `chunk` must live until the call returns.
  virtual boost::asio::awaitable<absl::Status> Append(std::string_view chunk) = 0;

  // Makes all that was appended readable under `digest`, durably: after OK it survives a crash. Keeping a digest that is
  // kept already is OK. The writer is of no further use.
  virtual boost::asio::awaitable<absl::Status> Keep(std::string_view digest) = 0;
};

// Kept bytes, held open: they stay readable even if they are removed meanwhile. Used by one coroutine at a time.
class ImageReader {
 public:
  virtual ~ImageReader() = default;

  virtual std::int64_t size() const = 0;

  // Between 1 and `max_bytes` bytes from `offset` on, in one piece that holds its memory; empty at the end.
  virtual boost::asio::awaitable<absl::StatusOr<absl::Cord>> Read(std::int64_t offset, std::size_t max_bytes) = 0;
};

// Keeps images by the lower-case hexadecimal sha256 of their bytes. Thread-safe. Operations complete on the calling
// coroutine's executor and ignore cancellation.
//
// Errors: NOT_FOUND (Open: no such digest); RESOURCE_EXHAUSTED (the disk is full); UNAVAILABLE (anything else that may
// pass). Messages name the path and the system's reason.
class ImageStore {
 public:
  virtual ~ImageStore() = default;

  virtual boost::asio::awaitable<absl::StatusOr<std::unique_ptr<ImageWriter>>> Create() = 0;
  virtual boost::asio::awaitable<absl::StatusOr<std::unique_ptr<ImageReader>>> Open(std::string_view digest) = 0;
  // Removing what is not there is OK.
  virtual boost::asio::awaitable<absl::Status> Remove(std::string_view digest) = 0;
  // Up to `limit` digests that are kept and come after this one (empty: from the first on), in ascending order.
  virtual boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> List(std::string_view after, int limit) = 0;
  // OK when an image could be written now: what /readyz asks.
  virtual boost::asio::awaitable<absl::Status> Check() = 0;
};

}  // namespace easel::generation
