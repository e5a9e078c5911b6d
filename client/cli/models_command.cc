#include <iostream>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace easel::cli {
namespace {

std::string SizesText(const v1::SizeRules& rules) {
  std::string text = absl::StrCat(rules.min_side(), " to ", rules.max_side(), ", multiples of ", rules.side_multiple());
  if (rules.has_default_size()) text += "; " + SizeText(rules.default_size()) + " if unset";
  return text;
}

// Not in a pipe, where a program would have to take it off again.
std::string Star(bool is_default) { return is_default && IsTerminal(1) ? "*" : ""; }

void AddRows(const v1::Model& model, Table& table) {
  for (const v1::QualityOption& option : model.qualities()) {
    table.Add({model.model() + Star(model.is_default()),
               QualityText(option.quality()) + Star(option.quality() == model.default_quality()),
               Money(option.cost_micros(), option.currency()),
               Time(DurationOf(option.typical_duration())),
               SizesText(model.size_rules())});
  }
}

absl::Status RunModels(Session& session) {
  const auto models = session.client.ListModels(session.QuickCall());
  if (!models.ok()) return models.status();
  Table table({"MODEL", "QUALITY", "PRICE", "TIME", "SIDES IN PIXELS"});
  for (const v1::Model& model : models->models()) {
    if (session.global.json) std::cout << Json(model) << "\n";
    AddRows(model, table);
  }
  if (!session.global.json) table.Print();
  return absl::OkStatus();
}

}  // namespace

Command ModelsCommand() {
  return {
      .name = "models",
      .argument = "",
      .summary = "list models, qualities, prices and sizes",
      .description = "On a terminal, a star marks what a request gets that names none.\n",
      .examples = "  easel models\n"
                  "  easel models --json | jq .qualities\n",
      .add_options = &NoOptions,
      .run = &RunModels,
  };
}

}  // namespace easel::cli
