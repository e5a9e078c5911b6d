#include <iostream>

#include "cli/commands.h"
#include "cli/destination.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/values.h"
#include "easel/outcome.h"

namespace easel::cli {
namespace {

absl::Status RunRead(Session& session) {
  const auto name = ParseName(session.arguments.argument);
  if (!name.ok()) return name.status();
  const auto destination = Destination::From(session.arguments, session.global.json);
  if (!destination.ok()) return destination.status();
  const auto generation = session.client.GetGeneration(*name, session.QuickCall());
  if (!generation.ok()) return generation.status();
  if (absl::Status status = client::OutcomeOf(*generation); !status.ok()) return status;
  const auto path = destination->Save(session.client, *generation, session.LongCall());
  if (!path.ok()) return path.status();
  if (session.global.json) {
    std::cout << Json(*generation) << "\n";
  } else if (!path->empty()) {
    std::cout << *path << "\n";
  }
  return absl::OkStatus();
}

}  // namespace

Command ReadCommand() {
  return {
      .name = "read",
      .argument = "NAME",
      .summary = "save the image of a generation",
      .description = "Verifies size and sha256. A broken download leaves FILE.part, and the next one goes on from there.\n",
      .examples = "  easel read generations/0198c2 -o kitten.png\n"
                  "  easel read generations/0198c2 -o - | display\n",
      .add_options = &AddOutputOption,
      .run = &RunRead,
  };
}

}  // namespace easel::cli
