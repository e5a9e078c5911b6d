#include "upstream/zai/request_body.h"

#include <boost/json.hpp>

namespace easel::upstream {

// As the JSON mapping of zai.v4.ImageRequest, which says what the fields mean.
std::string RequestBody(const v1::ImageSpec& spec, std::string_view submit_id, bool watermark_known) {
  boost::json::object request;
  const auto set = [&request](std::string_view name, std::string_view text) {
    if (!text.empty()) request.emplace(name, text);
  };
  set("model", spec.model());
  set("prompt", spec.prompt());
  if (spec.quality() == v1::QUALITY_HD) set("quality", "hd");
  if (spec.quality() == v1::QUALITY_STANDARD) set("quality", "standard");
  if (spec.has_size()) set("size", std::to_string(spec.size().width()) + "x" + std::to_string(spec.size().height()));
  set("user_id", spec.user_id());
  if (watermark_known && spec.has_watermark()) request.emplace("watermark_enabled", spec.watermark());
  set("request_id", submit_id);
  return boost::json::serialize(request);
}

}  // namespace easel::upstream
