#include <iostream>

#include "absl/time/clock.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/summary.h"
#include "cli/text.h"
#include "cli/values.h"
#include "easel/outcome.h"

namespace easel::cli {
namespace {

std::string ChangeText(const v1::Generation& generation) {
  const std::string progress = ProgressText(generation);
  const std::string time = absl::FormatTime("%H:%M:%S", absl::Now(), absl::LocalTimeZone());
  return time + "  " + StateText(generation.state()) + (progress.empty() ? "" : ", " + progress);
}

absl::Status RunWatch(Session& session) {
  const auto name = ParseName(session.arguments.argument);
  if (!name.ok()) return name.status();
  int64_t revision = -1;
  const client::Observer observer{
      .on_change =
          [&](const v1::Generation& generation) {
            if (generation.revision() == revision) return;
            revision = generation.revision();
            std::cout << (session.global.json ? Json(generation) : ChangeText(generation)) << std::endl;
          },
  };
  const auto generation = session.client.Watch(*name, observer, session.LongCall());
  if (!generation.ok()) return generation.status();
  return client::OutcomeOf(*generation);
}

}  // namespace

Command WatchCommand() {
  return {
      .name = "watch",
      .argument = "NAME",
      .summary = "print each change of a generation until it ends",
      .description = "Done (0) when there is an image; else the generation's own error and its exit code.\n",
      .examples = "  easel watch generations/0198c2 && easel read generations/0198c2 -o kitten.png\n",
      .add_options = &NoOptions,
      .run = &RunWatch,
  };
}

}  // namespace easel::cli
