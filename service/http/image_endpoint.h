#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "generation/ports/image_store.h"
#include "generation/watcher.h"
#include "http/responder.h"
#include "http/signed_image_links.h"

namespace easel::http {

// Where images come from: the domain's Find (any caller's generation, by name) and OpenImage. Called on the connection's
// strand; errors are those of generation/error.h.
struct ImageSource {
  std::function<boost::asio::awaitable<absl::StatusOr<generation::Snapshot>>(std::string name)> find;
  std::function<boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>>(generation::Snapshot)>
      open;
};

// GET and HEAD /images/{id}?expires=&signature=: the bytes in pieces of 64 KiB, whole or one range of them.
//
// 403 for a link that is forged or has expired; 404 for a generation without an image; 410 for one that was removed; 416
// for a range past the end; 503 while the store does not answer. The texts say what to do.
class ImageEndpoint {
 public:
  ImageEndpoint(const SignedImageLinks& links, ImageSource source) : links_(links), source_(std::move(source)) {}

  // `id`: the path behind "/images/".
  boost::asio::awaitable<void> Serve(std::string id, const Request& request, Responder& responder) const;

 private:
  boost::asio::awaitable<void> SendImage(generation::Snapshot snapshot, const Request& request,
                                         Responder& responder) const;

  const SignedImageLinks& links_;
  const ImageSource source_;
};

}  // namespace easel::http
