#include <iostream>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/summary.h"
#include "cli/values.h"

namespace easel::cli {
namespace {

absl::Status RunGet(Session& session) {
  const auto name = ParseName(session.arguments.argument);
  if (!name.ok()) return name.status();
  const auto generation = session.client.GetGeneration(*name, session.QuickCall());
  if (!generation.ok()) return generation.status();
  std::cout << (session.global.json ? Json(*generation) + "\n" : Details(*generation));
  return absl::OkStatus();
}

}  // namespace

Command GetCommand() {
  return {
      .name = "get",
      .argument = "NAME",
      .summary = "show one generation",
      .description = "The name is written generations/ID, or only ID.\n",
      .examples = "  easel get generations/0198c2\n"
                  "  easel get generations/0198c2 --json | jq .charge\n",
      .add_options = &NoOptions,
      .run = &RunGet,
  };
}

}  // namespace easel::cli
