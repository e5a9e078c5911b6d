#include <iostream>
#include <utility>

#include "absl/time/clock.h"
#include "cli/commands.h"
#include "cli/destination.h"
#include "cli/image_options.h"
#include "cli/json.h"
#include "cli/progress_display.h"
#include "cli/session.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace easel::cli {
namespace {

void AddGenerateOptions(boost::program_options::options_description& options) {
  AddSpecOptions(options);
  AddRequestOptions(options);
  AddOutputOption(options);
}

std::string RetryNote(const absl::Status& error, absl::Duration delay) {
  return client::Error(error).reason() + ", again in " + Time(delay);
}

void Print(const Session& session, const v1::Generation& generation, const std::string& path, absl::Duration elapsed) {
  if (session.global.json) {
    std::cout << Json(generation) << "\n";
  } else if (IsTerminal(1)) {
    std::cout << MadeSummary(generation, path, elapsed);
  } else if (!path.empty()) {
    std::cout << path << "\n";
  }
}

// The generation, with its image at `destination`.
absl::StatusOr<std::pair<v1::Generation, std::string>> Make(Session& session, const v1::GenerateImageRequest& request,
                                                            const Destination& destination) {
  ProgressDisplay progress(!session.global.json);
  const client::Observer observer{
      .on_change = [&](const v1::Generation& generation) { progress.Update(generation); },
  };
  client::CallOptions call = session.LongCall();
  call.on_retry = [&](const absl::Status& error, absl::Duration delay) { progress.Note(RetryNote(error, delay)); };
  const absl::Time deadline = absl::Now() + call.timeout;
  auto generation = session.client.Generate(request, observer, call);
  if (!generation.ok()) {
    const bool aborts = request.cancel_policy() == v1::CANCEL_POLICY_ABORT;
    return aborts ? client::WithMetadata(generation.status(), "cancel_policy", "ABORT") : generation.status();
  }
  progress.Note("saving the image");
  call.timeout = deadline - absl::Now();
  const auto path = destination.Save(session.client, *generation, call);
  if (!path.ok()) return client::WithMetadata(path.status(), "generation", generation->name());
  return std::make_pair(*std::move(generation), *path);
}

absl::Status RunGenerate(Session& session) {
  const auto request = RequestFrom(session.arguments);
  if (!request.ok()) return request.status();
  const auto destination = Destination::From(session.arguments, session.global.json);
  if (!destination.ok()) return destination.status();
  const absl::Time begin = absl::Now();
  const auto made = Make(session, *request, *destination);
  if (!made.ok()) return made.status();
  Print(session, made->first, made->second, absl::Now() - begin);
  return absl::OkStatus();
}

}  // namespace

Command GenerateCommand() {
  return {
      .name = "generate",
      .argument = "PROMPT",
      .summary = "make an image and save it",
      .description = "Waits until the image is there, with a progress line on a terminal. In a pipe it prints the file's path\n"
                     "and nothing else. If you interrupt it, the image is made and kept all the same, unless the policy is\n"
                     "abort. The prompt - is read from standard input; text to be drawn belongs in quotation marks.\n",
      .examples = "  easel generate \"a kitten on a windowsill\" -o kitten.png\n"
                  "  easel generate \"a poster that says 'Spring Sale'\" --size 1280x1280 --quality hd\n"
                  "  easel generate - --model cogview-4-250304 -o - < prompt.txt | display\n"
                  "  easel generate \"a lighthouse\" --request-id order-4711 -o lighthouse.png   # safe to repeat\n",
      .add_options = &AddGenerateOptions,
      .run = &RunGenerate,
  };
}

}  // namespace easel::cli
