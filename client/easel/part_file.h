#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "easel/client.h"
#include "easel/sha256.h"

namespace easel::client {

// A file in the making, "PATH.part": appended to, checked, and renamed to PATH. Locked while it is open, so that two
// writers cannot mix their bytes. Left behind when it is destroyed without Commit, for a later download to go on from,
// unless it is empty. Errors have the reason FILE. Belongs to one thread.
class PartFile {
 public:
  // Opens or creates it; what an earlier download left is kept and counts. INVALID_ARGUMENT: PATH is not a regular
  // file. ABORTED: another process is writing it.
  static absl::StatusOr<std::unique_ptr<PartFile>> Open(const std::string& path);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  int64_t size() const { return size_; }
  absl::Status Append(std::string_view data);
  // Cuts the file to its first `size` bytes.
  absl::Status Truncate(int64_t size);
  bool Matches(const ImageDigest& digest) const;
  // Makes it PATH, durable. ALREADY_EXISTS: PATH is there and `overwrite` is kRefuse.
  absl::Status Commit(Overwrite overwrite);

 private:
  PartFile(std::string path, int descriptor);

  const std::string path_;
  const std::string part_;
  const int descriptor_;
  int64_t size_ = 0;
  Sha256 sha256_;
};

}  // namespace easel::client
