// Requests of callers: any bytes are a message or a refusal that names fields in valid text; a spec that passes is one that
// can be sent on, and equal to itself.
// Input: one byte that says which request, and the bytes of the message; metadata are tried on the same text.
#include <memory>
#include <regex>

#include "easel/v1/image_service.pb.h"
#include "generation/catalog.h"
#include "generation/same_order.h"
#include "generation/validation.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "rpc/caller.h"
#include "rpc/messages.h"
#include "rpc/page_token.h"
#include "rpc/status.h"
#include "tests/fuzz/fuzz.h"
#include "upstream/zai/request_body.h"

namespace easel::fuzz {
namespace {

using generation::Catalog;
using generation::Violation;

const Catalog& CatalogOf(generation::Host host) {
  static const Catalog zai(generation::Host::kZai);
  static const Catalog mainland(generation::Host::kMainland);
  return host == generation::Host::kZai ? zai : mainland;
}

void CheckRefusal(const absl::Status& status) {
  const grpc::Status answer = rpc::ToGrpcStatus(status);
  Require(answer.error_code() == grpc::StatusCode::INVALID_ARGUMENT, "a refusal is INVALID_ARGUMENT", answer.error_message());
  Require(IsUtf8(answer.error_message()), "a refusal is text", answer.error_message());
  google::rpc::Status details;
  Require(details.ParseFromString(answer.error_details()), "a refusal's details can be read");
  // Headers have 8 KiB by default; text takes up to three bytes for one there.
  Require(answer.error_message().size() * 3 + answer.error_details().size() * 4 / 3 < 8000, "a refusal fits into headers");
}

void CheckViolations(const std::vector<Violation>& violations) {
  for (const Violation& violation : violations) {
    Require(!violation.field.empty() && !violation.description.empty(), "a violation names a field and says what is wrong");
    Require(IsUtf8(violation.field) && IsUtf8(violation.description), "a violation is text", violation.description);
  }
  if (!violations.empty()) CheckRefusal(generation::InvalidRequest(violations));
}

void CheckValid(const v1::ImageSpec& spec, const Catalog& catalog) {
  const v1::ImageSpec resolved = catalog.Resolve(spec);
  Require(generation::Validate(resolved, catalog).empty(), "what is valid stays valid when it is filled in");
  Require(catalog.Charge(resolved, v1::CHARGE_STATE_MADE).cost_micros() > 0, "an image has a price");
  const std::string body = upstream::RequestBody(resolved, "id", true);
  google::protobuf::Struct json;
  Require(google::protobuf::util::JsonStringToMessage(body, &json).ok(), "the upstream is sent JSON", body);
  Require(json.fields().at("prompt").string_value() == spec.prompt(), "the prompt is sent as it is");
}

void CheckSpec(const v1::ImageSpec& spec, const std::string& request_id) {
  CheckViolations(generation::ValidateRequestId(request_id));
  for (const auto host : {generation::Host::kZai, generation::Host::kMainland}) {
    const auto violations = generation::Validate(spec, CatalogOf(host));
    CheckViolations(violations);
    if (violations.empty()) CheckValid(spec, CatalogOf(host));
  }
  generation::Record record;
  *record.mutable_requested_spec() = spec;
  Require(generation::CheckSameOrder(spec, record).ok(), "a repeated order is the same order");
  v1::ImageSpec other = spec;
  other.set_prompt(spec.prompt() + "!");
  Require(!generation::CheckSameOrder(other, record).ok(), "another prompt is another order");
}

void CheckListing(const v1::ListGenerationsRequest& request) {
  (void)rpc::ReadPageToken(request);
  v1::ListGenerationsRequest next = request;
  next.set_page_token(rpc::MakePageToken(request, "generations/1"));
  Require(rpc::ReadPageToken(next) == "generations/1", "a page token leads where it was made for");
  next.add_states(v1::GENERATION_STATE_QUEUED);
  Require(!rpc::ReadPageToken(next), "a page token is of no use with other filters");
}

void CheckMetadata(const std::string& text) {
  static const std::regex caller("[a-z0-9._-]{1,64}");
  static const std::regex trace("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
  if (text.size() > 100) return;
  Require(rpc::IsCallerName(text) == std::regex_match(text, caller), "a caller's name", text);
  Require(rpc::IsTraceparent(text) == std::regex_match(text, trace), "a traceparent", text);
}

// Decoded, or nothing where it is refused.
template <class Message>
std::unique_ptr<Message> Decoded(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  auto message = std::make_unique<Message>();
  std::vector<Violation> violations;
  const absl::Status status = rpc::Decode(grpc::ByteBuffer(&slice, 1), *message, violations);
  if (!status.ok()) CheckRefusal(status);
  CheckViolations(violations);
  if (!status.ok()) return nullptr;
  Message again;
  Require(again.ParseFromString(message->SerializeAsString()), "what was decoded can be read again");
  return message;
}

template <class Message>
void CheckOrder(const std::string& bytes) {
  if (const auto message = Decoded<Message>(bytes)) CheckSpec(message->spec(), message->request_id());
}

}  // namespace
}  // namespace easel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace easel::fuzz;
  static const google::protobuf::LogSilencer silent;
  using namespace easel::v1;
  if (size == 0) return 0;
  const std::string bytes(View(data + 1, size - 1));
  CheckMetadata(bytes);
  switch (data[0] % 5) {
    case 0:
      CheckOrder<GenerateImageRequest>(bytes);
      break;
    case 1:
      CheckOrder<StartGenerationRequest>(bytes);
      break;
    case 2:
      if (const auto message = Decoded<ListGenerationsRequest>(bytes)) CheckListing(*message);
      break;
    case 3:
      Decoded<WatchGenerationRequest>(bytes);
      break;
    default:
      Decoded<ReadImageRequest>(bytes);
  }
  return 0;
}
