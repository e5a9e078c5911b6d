#include "tests/bench/requests.h"

#include <unistd.h>

#include <charconv>
#include <cstring>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "easel/v1/image_service.pb.h"

namespace easel::bench {
namespace {

constexpr char kService[] = "/easel.v1.ImageService/";
// Reading a reply costs the load generator more than it is worth for each: the first ones, then every so often.
constexpr std::uint64_t kAllChecked = 32;
constexpr std::uint64_t kCheckedThen = 64;
constexpr std::size_t kIdDigits = 12;

grpc_slice SliceOf(std::string_view bytes) { return grpc_slice_from_copied_buffer(bytes.data(), bytes.size()); }

// Each process has ids of its own.
std::string FreshId() { return absl::StrFormat("bench-%x-%x-%012d", std::time(nullptr), getpid(), 0); }

template <class Request>
Request OrderOf(const OrderOptions& options) {
  Request request;
  request.set_request_id(FreshId());
  if (options.abort) request.set_cancel_policy(v1::CANCEL_POLICY_ABORT);
  v1::ImageSpec& spec = *request.mutable_spec();
  spec.set_model(options.model);
  spec.set_prompt(options.prompt);
  if (options.quality == "hd") spec.set_quality(v1::QUALITY_HD);
  if (options.quality == "standard") spec.set_quality(v1::QUALITY_STANDARD);
  spec.mutable_size()->set_width(options.width);
  spec.mutable_size()->set_height(options.height);
  return request;
}

// One request, of which only the digits at the end of its id change.
class Orders : public Requests {
 public:
  template <class Request>
  Orders(const char* method, const Request& request)
      : method_(absl::StrCat(kService, method)), bytes_(request.SerializeAsString()),
        digits_(bytes_.find(request.request_id()) + request.request_id().size() - kIdDigits) {}

  const std::string& method() const override { return method_; }

  grpc_slice Next(std::size_t /*slot*/) override {
    std::uint64_t number = ++number_;
    for (std::size_t i = kIdDigits; i > 0; --i, number /= 10) {
      bytes_[digits_ + i - 1] = static_cast<char>('0' + number % 10);
    }
    return SliceOf(bytes_);
  }

 protected:
  bool ToBeRead() { return ++replies_ <= kAllChecked || replies_ % kCheckedThen == 0; }

 private:
  const std::string method_;
  std::string bytes_;
  const std::size_t digits_;
  std::uint64_t number_ = 0;
  std::uint64_t replies_ = 0;
};

class Generating : public Orders {
 public:
  Generating(const OrderOptions& options, bool image_inline, Names* made)
      : Orders("GenerateImage", RequestOf(options, image_inline)), inline_(image_inline), made_(made) {}

  bool Check(std::size_t /*slot*/, std::string_view message) override {
    if (!ToBeRead() && made_ == nullptr) return true;
    v1::GenerateImageResponse response;
    if (!response.ParseFromArray(message.data(), static_cast<int>(message.size()))) return false;
    const v1::Generation& generation = response.generation();
    if (made_ != nullptr) made_->push_back(generation.name());
    const auto bytes = static_cast<std::int64_t>(response.image_data().size());
    return generation.state() == v1::GENERATION_STATE_SUCCEEDED && !generation.image().url().empty() &&
           (!inline_ || (bytes > 0 && bytes == generation.image().size_bytes()));
  }

 private:
  static v1::GenerateImageRequest RequestOf(const OrderOptions& options, bool image_inline) {
    auto request = OrderOf<v1::GenerateImageRequest>(options);
    if (image_inline) request.set_image_delivery(v1::IMAGE_DELIVERY_INLINE);
    return request;
  }

  const bool inline_;
  Names* const made_;
};

class Starting final : public Orders {
 public:
  Starting(const OrderOptions& options, Names* made)
      : Orders("StartGeneration", OrderOf<v1::StartGenerationRequest>(options)), made_(made) {}

  bool Check(std::size_t /*slot*/, std::string_view message) override {
    if (!ToBeRead() && made_ == nullptr) return true;
    v1::StartGenerationResponse response;
    const bool read = response.ParseFromArray(message.data(), static_cast<int>(message.size()));
    if (made_ != nullptr) made_->push_back(response.generation().name());
    return read && !response.generation().name().empty();
  }

 private:
  Names* const made_;
};

class Streaming final : public Orders {
 public:
  explicit Streaming(const OrderOptions& options) : Orders("StreamGenerateImage", RequestOf(options)) {}

  bool streaming() const override { return true; }
  bool Check(std::size_t /*slot*/, std::string_view message) override { return !message.empty(); }

 private:
  static v1::StreamGenerateImageRequest RequestOf(const OrderOptions& options) {
    auto request = OrderOf<v1::StreamGenerateImageRequest>(options);
    request.set_image_delivery(v1::IMAGE_DELIVERY_INLINE);
    return request;
  }
};

class Repeating final : public Requests {
 public:
  explicit Repeating(std::unique_ptr<Requests> requests) : requests_(std::move(requests)), request_(requests_->Next(0)) {}
  ~Repeating() override { grpc_slice_unref(request_); }

  const std::string& method() const override { return requests_->method(); }
  bool streaming() const override { return requests_->streaming(); }
  grpc_slice Next(std::size_t /*slot*/) override { return grpc_slice_ref(request_); }
  bool Check(std::size_t slot, std::string_view message) override { return requests_->Check(slot, message); }

 private:
  const std::unique_ptr<Requests> requests_;
  const grpc_slice request_;
};

// Ready-made requests by turns.
class Prepared final : public Requests {
 public:
  Prepared(const char* method, bool streaming) : method_(absl::StrCat(kService, method)), streaming_(streaming) {}
  ~Prepared() override {
    for (const grpc_slice& request : requests_) grpc_slice_unref(request);
  }

  void Add(const google::protobuf::Message& request) { requests_.push_back(SliceOf(request.SerializeAsString())); }

  const std::string& method() const override { return method_; }
  bool streaming() const override { return streaming_; }
  grpc_slice Next(std::size_t /*slot*/) override { return grpc_slice_ref(requests_[next_++ % requests_.size()]); }
  bool Check(std::size_t /*slot*/, std::string_view message) override { return !message.empty(); }

 private:
  const std::string method_;
  const bool streaming_;
  std::vector<grpc_slice> requests_;
  std::size_t next_ = 0;
};

template <class Request>
std::unique_ptr<Requests> ByName(const char* method, bool streaming, const Names& names) {
  auto requests = std::make_unique<Prepared>(method, streaming);
  for (const std::string& name : names) {
    Request request;
    request.set_name(name);
    requests->Add(request);
  }
  return requests;
}

}  // namespace

std::unique_ptr<Requests> GenerateRequests(const OrderOptions& options, bool image_inline, Names* made) {
  return std::make_unique<Generating>(options, image_inline, made);
}

std::unique_ptr<Requests> StreamRequests(const OrderOptions& options) { return std::make_unique<Streaming>(options); }

std::unique_ptr<Requests> StartRequests(const OrderOptions& options, Names* made) {
  return std::make_unique<Starting>(options, made);
}

std::unique_ptr<Requests> Repeated(std::unique_ptr<Requests> requests) {
  return std::make_unique<Repeating>(std::move(requests));
}

std::unique_ptr<Requests> GetRequests(Names names) {
  return ByName<v1::GetGenerationRequest>("GetGeneration", false, names);
}

std::unique_ptr<Requests> ReadRequests(Names names) { return ByName<v1::ReadImageRequest>("ReadImage", true, names); }

std::unique_ptr<Requests> WatchRequests(Names names) {
  return ByName<v1::WatchGenerationRequest>("WatchGeneration", true, names);
}

std::unique_ptr<Requests> ListRequests(int page_size) {
  auto requests = std::make_unique<Prepared>("ListGenerations", false);
  v1::ListGenerationsRequest request;
  request.set_page_size(page_size);
  requests->Add(request);
  return requests;
}

}  // namespace easel::bench
