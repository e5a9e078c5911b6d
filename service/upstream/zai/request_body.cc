#include "upstream/zai/request_body.h"

#include <google/protobuf/util/json_util.h>

#include "zai/v4/images.pb.h"

namespace easel::upstream {

std::string RequestBody(const v1::ImageSpec& spec, std::string_view submit_id, bool watermark_known) {
  ::zai::v4::ImageRequest request;
  request.set_model(spec.model());
  request.set_prompt(spec.prompt());
  if (spec.quality() == v1::QUALITY_HD) request.set_quality("hd");
  if (spec.quality() == v1::QUALITY_STANDARD) request.set_quality("standard");
  if (spec.has_size()) {
    request.set_size(std::to_string(spec.size().width()) + "x" + std::to_string(spec.size().height()));
  }
  request.set_user_id(spec.user_id());
  if (watermark_known && spec.has_watermark()) request.set_watermark_enabled(spec.watermark());
  request.set_request_id(std::string(submit_id));

  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(request, &json, options);
  return json;
}

}  // namespace easel::upstream
