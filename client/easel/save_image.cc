#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "easel/client.h"
#include "easel/core.h"
#include "easel/part_file.h"

namespace easel::client {
namespace {

// What an earlier download left is worth a try: if it turns out to be of another image, the digest tells.
absl::StatusOr<ImageDigest> Fill(Client& client, const std::string& name, PartFile& file, const CallOptions& options) {
  return client.ReadImage(
      name, file.size(), [&file](const v1::ImageChunk& chunk) { return file.Append(chunk.data()); }, options);
}

CallOptions WithTimeLeft(const CallOptions& options, absl::Time deadline, Waiter& waiter) {
  CallOptions left = options;
  left.timeout = deadline - waiter.Now();
  return left;
}

}  // namespace

absl::StatusOr<ImageDigest> Client::ReadImageToFile(const std::string& name, const std::string& path,
                                                    const CallOptions& options, Overwrite overwrite) {
  const absl::Time deadline = core_->waiter.Now() + options.timeout;
  absl::StatusOr<std::unique_ptr<PartFile>> file = PartFile::Open(path);
  if (!file.ok()) return file.status();
  PartFile& part = **file;
  const bool resumed = part.size() > 0;
  if (resumed) {
    // One byte is asked for again, so that the answer always has a piece that tells the digest.
    if (absl::Status status = part.Truncate(part.size() - 1); !status.ok()) return status;
  }
  absl::StatusOr<ImageDigest> digest = Fill(*this, name, part, options);
  const bool past_end = resumed && absl::IsOutOfRange(digest.status());
  if (resumed && (past_end || (digest.ok() && !part.Matches(*digest)))) {
    if (absl::Status status = part.Truncate(0); !status.ok()) return status;
    digest = Fill(*this, name, part, WithTimeLeft(options, deadline, core_->waiter));
  }
  if (!digest.ok()) return digest;
  if (!part.Matches(*digest)) {
    const std::string what = absl::StrCat("the ", part.size(), " bytes of ", name);
    part.Truncate(0).IgnoreError();
    return ClientError(absl::StatusCode::kDataLoss, kImageCorrupt, what + " are not those whose digest the service told");
  }
  if (absl::Status status = part.Commit(overwrite); !status.ok()) return status;
  return digest;
}

absl::StatusOr<v1::Generation> Client::GenerateToFile(v1::GenerateImageRequest request, const std::string& path,
                                                      const Observer& observer, const CallOptions& options,
                                                      Overwrite overwrite) {
  const absl::Time deadline = core_->waiter.Now() + options.timeout;
  absl::StatusOr<v1::Generation> generation = Generate(std::move(request), observer, options);
  if (!generation.ok()) return generation;
  const absl::StatusOr<ImageDigest> saved =
      ReadImageToFile(generation->name(), path, WithTimeLeft(options, deadline, core_->waiter), overwrite);
  if (!saved.ok()) return WithMetadata(saved.status(), "generation", generation->name());
  return generation;
}

}  // namespace easel::client
