#include "rpc/read_image_call.h"

#include "absl/strings/str_cat.h"
#include "generation/error.h"
#include "generation/generations.h"
#include "rpc/image_chunks.h"
#include "rpc/request_check.h"

namespace easel::rpc {
namespace {

absl::Status PastTheEnd(const v1::Generation& generation, std::int64_t offset, std::int64_t size) {
  generation::Error error{.reason = v1::ERROR_REASON_OFFSET_OUT_OF_RANGE,
                          .message = absl::StrCat("read_offset is ", offset, ", and the image has ", size, " bytes."),
                          .metadata = {{"generation", generation.name()}, {"size_bytes", absl::StrCat(size)}}};
  generation::DescribeCharge(generation.charge(), error.metadata);
  return generation::ToStatus(error);
}

}  // namespace

boost::asio::awaitable<absl::Status> ReadImage(Call& call, Received<v1::ReadImageRequest> received,
                                               Writer<v1::ReadImageResponse> writer) {
  const v1::ReadImageRequest& request = received.message;
  RequestCheck check(call, std::move(received.violations));
  check.Name(request.name());
  check.NotNegative("read_offset", request.read_offset());
  if (!check.ok()) co_return check.status();

  const auto found = co_await call.generations().Get(check.caller().name, request.name());
  if (!found.ok()) co_return found.status();
  const auto reader = co_await call.generations().OpenImage(*found);
  if (!reader.ok()) co_return reader.status();
  if (request.read_offset() > (*reader)->size()) {
    co_return PastTheEnd((*found)->generation(), request.read_offset(), (*reader)->size());
  }
  co_return co_await WriteImage(**reader, **found, request.read_offset(), writer);
}

}  // namespace easel::rpc
