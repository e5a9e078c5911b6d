#include "absl/strings/str_cat.h"
#include "easel/call_context.h"
#include "easel/client.h"
#include "easel/retry.h"

namespace easel::client {
namespace {

absl::Status Corrupt(const std::string& message) {
  return ClientError(absl::StatusCode::kDataLoss, kImageCorrupt, message);
}

// One download: where it stands, over all its attempts.
class Download {
 public:
  Download(int64_t offset, const Client::Sink& sink) : next_(offset), sink_(sink) {}

  int64_t next() const { return next_; }
  const ImageDigest& digest() const { return digest_; }
  bool complete() const { return digest_.sha256.empty() || next_ == digest_.size_bytes; }

  absl::Status Take(const v1::ImageChunk& chunk) {
    if (chunk.offset() != next_) {
      return Corrupt(absl::StrCat("a piece of the image begins at byte ", chunk.offset(), " instead of ", next_));
    }
    if (!chunk.sha256().empty()) {
      if (!digest_.sha256.empty() && digest_.sha256 != chunk.sha256()) return Corrupt("the image changed during the download");
      digest_ = {chunk.size_bytes(), chunk.sha256()};
    }
    next_ += static_cast<int64_t>(chunk.data().size());
    return sink_(chunk);
  }

 private:
  int64_t next_;
  const Client::Sink& sink_;
  ImageDigest digest_;
};

absl::Status ReadOnce(const Core& core, const std::string& name, const Retry& retry, const CallOptions& options,
                      Download& download) {
  v1::ReadImageRequest request;
  request.set_name(name);
  request.set_read_offset(download.next());
  CallContext context(core, retry.deadline(), options.cancellation);
  const auto reader = core.stub->ReadImage(context.get(), request);
  v1::ReadImageResponse response;
  absl::Status taken;
  while (taken.ok() && reader->Read(&response)) taken = download.Take(response.image_chunk());
  if (!taken.ok()) context.get()->TryCancel();
  const grpc::Status status = reader->Finish();
  return taken.ok() ? WithMetadata(context.Result(status), "generation", name) : taken;
}

}  // namespace

absl::StatusOr<ImageDigest> Client::ReadImage(const std::string& name, int64_t offset, const Sink& sink,
                                              const CallOptions& options) {
  Retry retry(core_->options.retry, options, core_->waiter);
  // An error of the sink is the caller's own and never repeated.
  absl::Status refused;
  const Sink guarded = [&](const v1::ImageChunk& chunk) { return refused = sink(chunk); };
  Download download(offset, guarded);
  while (true) {
    const int64_t before = download.next();
    absl::Status status = ReadOnce(*core_, name, retry, options, download);
    if (!refused.ok()) return refused;
    if (status.ok() && download.complete()) return download.digest();
    if (status.ok()) {
      status = ClientError(absl::StatusCode::kUnavailable, kUnreachable,
                           absl::StrCat("the download ended at byte ", download.next(), " of ", download.digest().size_bytes));
    }
    if (download.next() > before) retry.MadeProgress();
    if (!retry.WaitAfter(status)) return status;
  }
}

}  // namespace easel::client
