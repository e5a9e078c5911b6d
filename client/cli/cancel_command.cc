#include <iostream>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/values.h"

namespace easel::cli {
namespace {

namespace po = boost::program_options;

void AddCancelOptions(po::options_description& options) {
  options.add_options()("cancel-policy", po::value<std::string>()->value_name("POLICY"),
                        "once it is at work: finish (it is marked, and the image is made; the default) or abort");
}

std::string ResultText(const v1::Generation& generation) {
  const std::string what = generation.cancel_requested() ? "goes on until it ends; it is " : "is ";
  return generation.name() + " " + what + StateText(generation.state());
}

absl::Status RunCancel(Session& session) {
  v1::CancelGenerationRequest request;
  const auto name = ParseName(session.arguments.argument);
  if (!name.ok()) return name.status();
  request.set_name(*name);
  if (session.arguments.Has("cancel-policy")) {
    const auto policy = ParseCancelPolicy(session.arguments.Text("cancel-policy"));
    if (!policy.ok()) return policy.status();
    request.set_cancel_policy(*policy);
  }
  const auto generation = session.client.CancelGeneration(request, session.QuickCall());
  if (!generation.ok()) return generation.status();
  const std::string text = IsTerminal(1) ? ResultText(*generation) : generation->name();
  std::cout << (session.global.json ? Json(*generation) : text) << "\n";
  return absl::OkStatus();
}

}  // namespace

Command CancelCommand() {
  return {
      .name = "cancel",
      .argument = "NAME",
      .summary = "cancel a generation",
      .description = "In the queue it ends at once and costs nothing. Later the policy decides; what the upstream took may\n"
                     "have been paid. An ended generation stays as it is.\n",
      .examples = "  easel cancel generations/0198c2\n"
                  "  easel cancel generations/0198c2 --cancel-policy abort\n",
      .add_options = &AddCancelOptions,
      .run = &RunCancel,
  };
}

}  // namespace easel::cli
