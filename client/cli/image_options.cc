#include "cli/image_options.h"

#include <iostream>
#include <iterator>

#include "cli/usage.h"
#include "cli/values.h"
#include "easel/request_id.h"

namespace easel::cli {
namespace {

namespace po = boost::program_options;

absl::StatusOr<std::string> PromptFrom(const std::string& argument) {
  std::string prompt = argument;
  if (argument == "-") prompt.assign(std::istreambuf_iterator<char>(std::cin), {});
  if (argument == "-" && !prompt.empty() && prompt.back() == '\n') prompt.pop_back();
  if (prompt.empty()) return UsageError("PROMPT", "the prompt is empty; say what the picture shows");
  return prompt;
}

}  // namespace

void AddSpecOptions(po::options_description& options) {
  options.add_options()
      ("model", po::value<std::string>()->value_name("MODEL"),
       "glm-image, cogview-4-250304; easel models lists them all")
      ("size", po::value<std::string>()->value_name("WxH"), "pixels, as 1280x1280; else the model's own")
      ("quality", po::value<std::string>()->value_name("QUALITY"),
       "hd (finer) or standard (quicker); else the model's own")
      ("user-id", po::value<std::string>()->value_name("ID"), "the end user it is made for, 6 to 128 characters")
      ("watermark", po::value<std::string>()->value_name("true|false"),
       "whether the upstream marks the image, where it has such a switch");
}

void AddRequestOptions(po::options_description& options) {
  options.add_options()
      ("request-id", po::value<std::string>()->value_name("ID"),
       "your own id: the same id is the same image and is paid once, however often it is asked for")
      ("cancel-policy", po::value<std::string>()->value_name("POLICY"),
       "when you go away: finish (make and keep it; the default) or abort")
      ("allow-resubmission", po::bool_switch(), "after an unknown outcome, send it again; it may be paid twice")
      ("allow-fallback", po::bool_switch(), "another model may be used where the operator configured one");
}

absl::StatusOr<v1::ImageSpec> SpecFrom(const Arguments& arguments) {
  v1::ImageSpec spec;
  spec.set_model(arguments.Text("model"));
  spec.set_user_id(arguments.Text("user-id"));
  if (arguments.Has("size")) {
    const auto size = ParseSize(arguments.Text("size"));
    if (!size.ok()) return size.status();
    *spec.mutable_size() = *size;
  }
  if (arguments.Has("quality")) {
    const auto quality = ParseQuality(arguments.Text("quality"));
    if (!quality.ok()) return quality.status();
    spec.set_quality(*quality);
  }
  if (arguments.Has("watermark")) {
    const auto watermark = ParseSwitch("--watermark", arguments.Text("watermark"));
    if (!watermark.ok()) return watermark.status();
    spec.set_watermark(*watermark);
  }
  const auto prompt = PromptFrom(arguments.argument);
  if (!prompt.ok()) return prompt.status();
  spec.set_prompt(*prompt);
  return spec;
}

absl::StatusOr<v1::GenerateImageRequest> RequestFrom(const Arguments& arguments) {
  v1::GenerateImageRequest request;
  request.set_allow_resubmission(arguments.Flag("allow-resubmission"));
  request.set_allow_fallback(arguments.Flag("allow-fallback"));
  request.set_request_id(arguments.Has("request-id") ? arguments.Text("request-id") : client::NewRequestId());
  if (arguments.Has("cancel-policy")) {
    const auto policy = ParseCancelPolicy(arguments.Text("cancel-policy"));
    if (!policy.ok()) return policy.status();
    request.set_cancel_policy(*policy);
  }
  const auto spec = SpecFrom(arguments);
  if (!spec.ok()) return spec.status();
  *request.mutable_spec() = *spec;
  return request;
}

}  // namespace easel::cli
