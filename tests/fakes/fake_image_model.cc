#include "tests/fakes/fake_image_model.h"

#include <cstdint>
#include <utility>

namespace easel::fakes {

namespace asio = boost::asio;
using generation::Fetched;
using generation::ImageReady;
using generation::UpstreamError;

namespace {

void AppendNumber(std::uint32_t number, std::string& out) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<char>((number >> shift) & 0xFF));
}

std::uint32_t Crc(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

void AppendChunk(std::string_view type, std::string_view data, std::string& out) {
  AppendNumber(static_cast<std::uint32_t>(data.size()), out);
  const std::string body = std::string(type).append(data);
  out.append(body);
  AppendNumber(Crc(body), out);
}

UpstreamError Aborted() {
  UpstreamError error;
  error.taken = generation::Taken::kUnknown;
  error.code = "connection";
  error.message = "the connection was closed";
  error.cancelled = true;
  return error;
}

}  // namespace

void FakeImageModel::FailNext(UpstreamError error) {
  const std::lock_guard lock(mutex_);
  failures_.push_back(std::move(error));
}

asio::awaitable<generation::Submission> FakeImageModel::Submit(const v1::ImageSpec&, generation::SubmitIds) {
  ++submissions_;
  const bool passed = co_await gate_.Pass();
  if (!passed) {
    ++aborted_;
    co_return Aborted();
  }
  const std::lock_guard lock(mutex_);
  if (failures_.empty()) co_return ImageReady{.url = "https://upstream.test/image.png", .content_filter = {}};
  UpstreamError failure = std::move(failures_.front());
  failures_.pop_front();
  co_return failure;
}

asio::awaitable<generation::PollResult> FakeImageModel::Poll(std::string_view) { co_return generation::StillRendering{}; }

asio::awaitable<Fetched> FakeImageModel::Fetch(std::string_view, generation::ByteSink& sink) {
  constexpr std::size_t kPiece = 64 * 1024;
  Fetched fetched{.outcome = Fetched::Outcome::kSinkFailed, .status = absl::OkStatus()};
  fetched.status = co_await sink.Begin(static_cast<std::int64_t>(image_.size()));
  for (std::size_t at = 0; fetched.status.ok() && at < image_.size(); at += kPiece) {
    fetched.status = co_await sink.Append(std::string_view(image_).substr(at, kPiece));
  }
  if (fetched.status.ok()) fetched.outcome = Fetched::Outcome::kComplete;
  co_return fetched;
}

std::string PngOf(int width, int height, std::size_t size_bytes) {
  std::string header;
  AppendNumber(static_cast<std::uint32_t>(width), header);
  AppendNumber(static_cast<std::uint32_t>(height), header);
  header.append({8, 2, 0, 0, 0});
  std::string png = "\x89PNG\r\n\x1a\n";
  AppendChunk("IHDR", header, png);
  constexpr std::size_t kFrames = 2 * 12;  // of IDAT and IEND
  std::string data;
  std::uint32_t noise = 1;
  while (png.size() + kFrames + data.size() < size_bytes) {
    noise = noise * 1664525 + 1013904223;
    data.push_back(static_cast<char>(noise >> 24));
  }
  AppendChunk("IDAT", data, png);
  AppendChunk("IEND", "", png);
  return png;
}

}  // namespace easel::fakes
