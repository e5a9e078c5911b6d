#include <iostream>

#include "cli/commands.h"
#include "cli/image_options.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/summary.h"
#include "cli/text.h"

namespace easel::cli {
namespace {

std::string QuoteText(const v1::QuoteImageResponse& quote) {
  std::string text = SpecText(quote.spec()) + ": " + Money(quote.cost_micros(), quote.currency());
  if (quote.has_expected_duration()) text += ", about " + Time(DurationOf(quote.expected_duration()));
  text += "\n";
  for (const std::string& note : quote.notes()) text += "  note: " + Printable(note) + "\n";
  return text;
}

absl::Status RunQuote(Session& session) {
  const auto spec = SpecFrom(session.arguments);
  if (!spec.ok()) return spec.status();
  const auto quote = session.client.QuoteImage(*spec, session.QuickCall());
  if (!quote.ok()) return quote.status();
  std::cout << (session.global.json ? Json(*quote) + "\n" : QuoteText(*quote));
  return absl::OkStatus();
}

}  // namespace

Command QuoteCommand() {
  return {
      .name = "quote",
      .argument = "PROMPT",
      .summary = "check a request, and name its price and time",
      .description = "Spends nothing.\n",
      .examples = "  easel quote \"a kitten on a windowsill\" --quality hd --size 1280x1280\n",
      .add_options = &AddSpecOptions,
      .run = &RunQuote,
  };
}

}  // namespace easel::cli
