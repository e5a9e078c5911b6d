#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "easel/error.h"
#include "easel/observer.h"
#include "easel/options.h"
#include "easel/v1/image_service.pb.h"
#include "easel/waiter.h"

namespace easel::client {

struct Core;

// Size and digest as the service announced them.
struct ImageDigest {
  int64_t size_bytes = 0;
  // Lower-case hexadecimal.
  std::string sha256;
};

enum class Overwrite { kReplace, kRefuse };

// Easel's service, for C++.
//
// Every call blocks its thread and ends with an error that easel::client::Error decodes. Thread-safe: one Client serves
// any number of threads over one connection. It must outlive the calls in progress. Callbacks run on the calling thread
// and must not destroy the Client; nothing of it lives on gRPC's own threads.
//
// Money: a call that makes an image always carries a request_id. Where the caller gives none, one is made before the
// first attempt and kept through all of them, so repeating is free. To make a repetition free across processes too,
// give your own.
class Client {
 public:
  // Connects at the first call. INVALID_ARGUMENT: an option cannot be used. `waiter` must outlive the client.
  static absl::StatusOr<Client> Connect(ConnectOptions options, Waiter& waiter = SystemWaiter());
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Makes one image and waits until it is there; no bytes. If the stream breaks after the service named the generation,
  // it goes on watching it (with CANCEL_POLICY_ABORT it repeats the call, which takes hold of the same generation).
  // Returns the generation when it SUCCEEDED, else an error. After DEADLINE or INTERRUPTED the error names the
  // generation, if it was accepted, and the request_id: go on with Watch. `request.image_delivery` is ignored.
  absl::StatusOr<v1::Generation> Generate(v1::GenerateImageRequest request, const Observer& observer = {},
                                          const CallOptions& options = {});

  // Generate, then ReadImageToFile.
  absl::StatusOr<v1::Generation> GenerateToFile(v1::GenerateImageRequest request, const std::string& path,
                                                const Observer& observer = {}, const CallOptions& options = {},
                                                Overwrite overwrite = Overwrite::kReplace);

  // The RPC of that name, repeated while that is safe. An inline image must fit max_receive_bytes.
  absl::StatusOr<v1::GenerateImageResponse> GenerateImage(v1::GenerateImageRequest request, const CallOptions& options = {});

  // The RPC of that name; each event is handed over as it comes. Repeated while that is safe and no piece of the image
  // was handed over yet.
  using OnEvent = std::function<void(const v1::StreamGenerateImageResponse& event)>;
  absl::Status StreamGenerateImage(v1::StreamGenerateImageRequest request, const OnEvent& on_event,
                                   const CallOptions& options = {});

  // Returns as soon as the work is accepted. Repeated while that is safe.
  absl::StatusOr<v1::Generation> StartGeneration(v1::StartGenerationRequest request, const CallOptions& options = {});

  // Waits for a generation's end and returns it, whatever its end is. A broken stream is taken up again where it broke.
  // `revision` as in WatchGenerationRequest.
  absl::StatusOr<v1::Generation> Watch(const std::string& name, const Observer& observer = {},
                                       const CallOptions& options = {}, int64_t revision = 0);

  absl::StatusOr<v1::Generation> GetGeneration(const std::string& name, const CallOptions& options = {});

  // One page.
  absl::StatusOr<v1::ListGenerationsResponse> ListGenerations(const v1::ListGenerationsRequest& request,
                                                              const CallOptions& options = {});

  // Every page, one generation after the other, until there are no more or `visit` returns false.
  using Visit = std::function<bool(const v1::Generation& generation)>;
  absl::Status ForEachGeneration(v1::ListGenerationsRequest request, const Visit& visit, const CallOptions& options = {});

  absl::StatusOr<v1::Generation> CancelGeneration(const v1::CancelGenerationRequest& request,
                                                  const CallOptions& options = {});
  absl::Status DeleteGeneration(const std::string& name, const CallOptions& options = {});
  absl::StatusOr<v1::QuoteImageResponse> QuoteImage(const v1::ImageSpec& spec, const CallOptions& options = {});
  absl::StatusOr<v1::ListModelsResponse> ListModels(const CallOptions& options = {});

  // The image's bytes from `offset` on, each piece handed over once and in order; a broken stream is taken up again
  // where it broke. An error of `sink` ends the call with that error. The digest is of the whole image, and is not
  // compared with the bytes; both fields are empty where `offset` is the image's size.
  using Sink = std::function<absl::Status(const v1::ImageChunk& chunk)>;
  absl::StatusOr<ImageDigest> ReadImage(const std::string& name, int64_t offset, const Sink& sink,
                                        const CallOptions& options = {});

  // The image into a file. The bytes go to "PATH.part" (locked against a second writer), which becomes PATH once size
  // and sha256 are right; a broken download leaves it, and the next call for the same path goes on from there.
  // DATA_LOSS with IMAGE_CORRUPT: the bytes are wrong, and nothing was kept. ALREADY_EXISTS: PATH is there and
  // `overwrite` is kRefuse.
  absl::StatusOr<ImageDigest> ReadImageToFile(const std::string& name, const std::string& path,
                                              const CallOptions& options = {}, Overwrite overwrite = Overwrite::kReplace);

 private:
  explicit Client(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace easel::client
