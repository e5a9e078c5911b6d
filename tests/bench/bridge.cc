#include "tests/bench/bridge.h"

#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"

namespace easel::bench {
namespace {

// The upstream's replies have no escapes in their URLs.
std::string_view UrlIn(std::string_view reply) {
  constexpr std::string_view kBefore = R"("url":")";
  const std::size_t at = reply.find(kBefore);
  if (at == std::string_view::npos) return {};
  reply.remove_prefix(at + kBefore.size());
  return reply.substr(0, reply.find('"'));
}

void AppendJsonText(std::string_view text, std::string& to) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      to.append("\\u00");
      to.push_back(kHex[c >> 4]);
      to.push_back(kHex[c & 15]);
    } else {
      to.push_back(c);
    }
  }
}

std::string JsonBody(const v1::GenerateImageRequest& request) {
  std::string body = R"({"model":")";
  AppendJsonText(request.spec().model(), body);
  body.append(R"(","prompt":")");
  AppendJsonText(request.spec().prompt(), body);
  body.append(request.spec().quality() == v1::QUALITY_HD ? R"(","quality":"hd","size":")"
                                                         : R"(","quality":"standard","size":")");
  absl::StrAppend(&body, request.spec().size().width(), "x", request.spec().size().height(), R"(","request_id":")");
  AppendJsonText(request.request_id(), body);
  body.append("\"}");
  return body;
}

}  // namespace

// One call, from its request to its answer. Belongs to itself. It is no reactor: gRPC would tell a reactor that the call is
// done from yet another thread.
class Errand final : public Transfer::Owner {
 public:
  Errand(Transfers& transfers, grpc::ServerUnaryReactor& call, v1::GenerateImageRequest& request, grpc::ByteBuffer& response)
      : transfers_(transfers),
        call_(call),
        response_(response),
        inline_(request.image_delivery() == v1::IMAGE_DELIVERY_INLINE),
        body_(JsonBody(request)),
        request_id_(std::move(*request.mutable_request_id())) {}

  // On the loop's thread.
  void Start() { transfers_.TakePost().Post(*this, body_); }

  void OnBytes(std::string_view piece) override {
    if (!fetching_) {
      reply_.append(piece);
      return;
    }
    image_bytes_ += piece.size();
    if (inline_) image_.emplace_back(piece.data(), piece.size());
  }

  void OnEnd(Transfer& transfer, CURLcode result, long status) override {
    fetching_ ? transfers_.ReturnGet(transfer) : transfers_.ReturnPost(transfer);
    if (result != CURLE_OK || status != 200) {
      Finish({grpc::StatusCode::UNAVAILABLE, absl::StrCat("the upstream: ", curl_easy_strerror(result), ", HTTP ", status)});
    } else if (!std::exchange(fetching_, true)) {
      url_ = UrlIn(reply_);
      transfers_.TakeGet().Get(*this, url_);
    } else {
      Answer();
    }
  }

 private:
  void Answer() {
    v1::GenerateImageResponse response;
    v1::Generation& generation = *response.mutable_generation();
    generation.set_name("generations/" + request_id_);
    generation.set_request_id(std::move(request_id_));
    generation.set_state(v1::GENERATION_STATE_SUCCEEDED);
    generation.mutable_image()->set_url(std::move(url_));
    generation.mutable_image()->set_content_type("image/png");
    generation.mutable_image()->set_size_bytes(static_cast<std::int64_t>(image_bytes_));
    if (inline_) {
      image_.insert(image_.begin(), EncodeBeforeBytes(response, v1::GenerateImageResponse::kImageDataFieldNumber, image_bytes_));
    } else {
      image_.push_back(Encode(response));
    }
    grpc::ByteBuffer bytes(image_.data(), image_.size());
    response_.Swap(&bytes);
    Finish(grpc::Status::OK);
  }

  void Finish(const grpc::Status& status) {
    call_.Finish(status);
    delete this;
  }

  Transfers& transfers_;
  grpc::ServerUnaryReactor& call_;
  grpc::ByteBuffer& response_;
  const bool inline_;
  bool fetching_ = false;
  const std::string body_;
  std::string request_id_;
  std::string reply_;
  std::string url_;
  std::size_t image_bytes_ = 0;
  std::vector<grpc::Slice> image_;
};

Bridge::Bridge(const std::string& post_url)
    : transfers_(loop_, post_url, {"Content-Type: application/json", "Authorization: Bearer bench-key"}) {}

void Bridge::Run() {
  std::vector<Errand*> errands;
  while (true) {
    while (inbox_.Take(errands)) {
      for (Errand* errand : errands) errand->Start();
      errands.clear();
    }
    loop_.Wait(-1);
    inbox_.Awake();
    loop_.Serve();
  }
}

grpc::ServerUnaryReactor* Bridge::GenerateImage(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  v1::GenerateImageRequest message;
  if (!Decode(*request, message)) {
    call->Finish({grpc::StatusCode::INVALID_ARGUMENT, "not a GenerateImageRequest"});
  } else if (inbox_.Put(new Errand(transfers_, *call, message, *response))) {
    loop_.Wake();
  }
  return call;
}

}  // namespace easel::bench
