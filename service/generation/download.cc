#include "generation/download.h"

#include <utility>

namespace easel::generation {

using boost::asio::awaitable;

awaitable<absl::Status> Download::Begin(std::optional<std::int64_t>) {
  auto writer = co_await images_.Create();
  if (!writer.ok()) co_return writer.status();
  writer_ = *std::move(writer);
  co_return absl::OkStatus();
}

awaitable<absl::Status> Download::Append(std::string_view chunk) {
  inspector_.Append(chunk);
  co_return co_await writer_->Append(chunk);
}

awaitable<absl::Status> Download::Keep(std::string digest) { co_return co_await writer_->Keep(digest); }

}  // namespace easel::generation
