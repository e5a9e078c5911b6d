#include <iostream>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/values.h"

namespace easel::cli {
namespace {

absl::Status RunDelete(Session& session) {
  const auto name = ParseName(session.arguments.argument);
  if (!name.ok()) return name.status();
  const absl::Status status = session.client.DeleteGeneration(*name, session.QuickCall());
  if (status.ok()) std::cout << (session.global.json ? Json(v1::DeleteGenerationResponse()) : *name) << "\n";
  return status;
}

}  // namespace

Command DeleteCommand() {
  return {
      .name = "delete",
      .argument = "NAME",
      .summary = "delete an ended generation and its image",
      .description = "",
      .examples = "  easel delete generations/0198c2\n",
      .add_options = &NoOptions,
      .run = &RunDelete,
  };
}

}  // namespace easel::cli
