// Requests for images over HTTP: no target opens an image without its own signature, and no range leads out of it.
// Input: lines with the target, the Range header, and the image's size.
#include <charconv>

#include "http/byte_range.h"
#include "http/request.h"
#include "http/signed_image_links.h"
#include "tests/fuzz/fuzz.h"

namespace easel::fuzz {
namespace {

using http::SignedImageLinks;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::string_view kImages = "/images/";

const SignedImageLinks& Links() {
  static const SignedImageLinks links(SignedImageLinks::Options{
      .public_url = "http://localhost",
      .secret = std::string(SignedImageLinks::kSecretBytes, 's'),
      .now = [] { return absl::FromUnixSeconds(kNow); }});
  return links;
}

http::Request RequestFor(std::string_view target) {
  http::Request request;
  request.method = "GET";
  request.target = std::string(target);
  request.path = std::string(TakeUntil(target, "?"));
  request.query = std::string(target);
  return request;
}

std::string LinkTo(const std::string& id) {
  record::v1::Record record;
  record.mutable_generation()->set_name("generations/" + id);
  return Links().LinkTo(record).url.substr(std::string_view("http://localhost").size());
}

SignedImageLinks::Verdict Check(const http::Request& request) {
  const std::string id = request.path.starts_with(kImages) ? request.path.substr(kImages.size()) : request.path;
  return Links().Check(id, request.Parameter("expires").value_or(""), request.Parameter("signature").value_or(""));
}

void CheckLinks(std::string_view target) {
  const http::Request request = RequestFor(target);
  (void)request.Parameter("a");
  const auto verdict = Check(request);
  Require(verdict != SignedImageLinks::Verdict::kValid, "a link that was not made here opens nothing", target);
  const std::string id = request.path.substr(0, 40);
  if (id.find_first_of("/?#%\n") != std::string::npos) return;
  Require(Check(RequestFor(LinkTo(id))) == SignedImageLinks::Verdict::kValid, "a link that was made here opens its image", id);
  Require(Check(RequestFor(LinkTo(id + "x").replace(0, kImages.size() + id.size() + 1, "/images/" + id))) ==
              SignedImageLinks::Verdict::kForged,
          "a link opens no other image", id);
}

void CheckRange(std::string_view header, std::int64_t size) {
  const auto asked = http::ParseRange(header, size);
  if (!asked) return;
  if (const auto* range = std::get_if<http::ByteRange>(&*asked)) {
    Require(range->first >= 0 && range->length > 0 && range->first <= size - range->length, "a range lies in the image", header);
  }
}

}  // namespace
}  // namespace easel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace easel::fuzz;
  std::string_view input = View(data, size);
  CheckLinks(TakeUntil(input, "\n"));
  const std::string_view header = TakeUntil(input, "\n");
  std::int64_t bytes = 0;
  std::from_chars(input.data(), input.data() + input.size(), bytes);
  CheckRange(header, bytes < 0 ? 0 : bytes);
  return 0;
}
