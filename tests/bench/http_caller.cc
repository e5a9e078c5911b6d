#include "tests/bench/http_caller.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace easel::bench {
namespace {

// Gateways may write spaces around the colon, and `\/` for a slash.
std::string FirstUrl(const std::string& json) {
  constexpr char kKey[] = "\"url\"";
  for (std::size_t at = json.find(kKey); at != std::string::npos; at = json.find(kKey, at + 1)) {
    const std::size_t begin = json.find_first_not_of(" \t\r\n:", at + sizeof kKey - 1);
    if (begin == std::string::npos || json[begin] != '"') continue;
    std::string url = json.substr(begin + 1, json.find('"', begin + 1) - begin - 1);
    std::erase(url, '\\');
    return url;
  }
  return {};
}

}  // namespace

// One call at a time, from its POST to the last byte of its image.
class HttpCaller::Visit final : public Transfer::Owner {
 public:
  Visit(HttpCaller& caller, std::size_t slot) : caller_(caller), slot_(slot) {}

  void Start() {
    bytes_ = 0;
    reply_.clear();
    posting_ = !caller_.options_.body.empty();
    if (posting_) {
      caller_.transfers_.TakePost().Post(*this, caller_.options_.body);
    } else {
      caller_.transfers_.TakeGet().Get(*this, caller_.options_.url);
    }
  }

  void OnBytes(std::string_view piece) override {
    if (posting_) reply_.append(piece);
    bytes_ += piece.size();
  }

  void OnEnd(Transfer& transfer, CURLcode result, long status) override {
    posting_ ? caller_.transfers_.ReturnPost(transfer) : caller_.transfers_.ReturnGet(transfer);
    const bool good = result == CURLE_OK && status == 200;
    if (good && posting_) {
      url_ = FirstUrl(reply_);
      posting_ = false;
      if (!url_.empty()) {
        caller_.transfers_.TakeGet().Get(*this, url_);
        return;
      }
      End("NO URL", reply_);
    } else if (!good) {
      End(result == CURLE_OK ? absl::StrCat("HTTP ", status) : absl::StrCat("CURL ", result),
          result == CURLE_OK ? reply_ : curl_easy_strerror(result));
    } else {
      End("", "");
    }
  }

 private:
  void End(std::string error, std::string message) {
    caller_.ends_->Ended(slot_, {.error = std::move(error), .message = std::move(message), .bytes = bytes_});
  }

  HttpCaller& caller_;
  const std::size_t slot_;
  bool posting_ = false;
  std::string reply_;
  std::string url_;
  std::uint64_t bytes_ = 0;
};

HttpCaller::HttpCaller(const HttpOptions& options, std::size_t slots)
    : options_(options), transfers_(loop_, options.url, options.headers) {
  for (std::size_t slot = 0; slot < slots; ++slot) visits_.push_back(std::make_unique<Visit>(*this, slot));
}

HttpCaller::~HttpCaller() = default;

void HttpCaller::Start(std::size_t slot) { visits_[slot]->Start(); }

void HttpCaller::Serve(Clock::time_point until, CallEnds& ends) {
  ends_ = &ends;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  loop_.Wait(static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000)));
  loop_.Serve();
}

}  // namespace easel::bench
