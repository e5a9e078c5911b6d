#include <iostream>

#include "cli/commands.h"
#include "cli/image_options.h"
#include "cli/json.h"
#include "cli/session.h"

namespace easel::cli {
namespace {

void AddStartOptions(boost::program_options::options_description& options) {
  AddSpecOptions(options);
  AddRequestOptions(options);
}

v1::StartGenerationRequest ForStart(const v1::GenerateImageRequest& request) {
  v1::StartGenerationRequest start;
  *start.mutable_spec() = request.spec();
  start.set_request_id(request.request_id());
  start.set_cancel_policy(request.cancel_policy());
  start.set_allow_resubmission(request.allow_resubmission());
  start.set_allow_fallback(request.allow_fallback());
  return start;
}

absl::Status RunStart(Session& session) {
  const auto request = RequestFrom(session.arguments);
  if (!request.ok()) return request.status();
  const auto generation = session.client.StartGeneration(ForStart(*request), session.QuickCall());
  if (!generation.ok()) return generation.status();
  std::cout << (session.global.json ? Json(*generation) : generation->name()) << "\n";
  return absl::OkStatus();
}

}  // namespace

Command StartCommand() {
  return {
      .name = "start",
      .argument = "PROMPT",
      .summary = "begin an image and print its name at once",
      .description = "The service makes the image and keeps it, whoever listens.\n",
      .examples = "  name=$(easel start \"a kitten on a windowsill\")\n"
                  "  easel watch $name && easel read $name -o kitten.png\n",
      .add_options = &AddStartOptions,
      .run = &RunStart,
  };
}

}  // namespace easel::cli
