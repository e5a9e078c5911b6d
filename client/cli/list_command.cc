#include <algorithm>
#include <iostream>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/values.h"

namespace easel::cli {
namespace {

namespace po = boost::program_options;

constexpr int kLargestPage = 1000;

void AddListOptions(po::options_description& options) {
  options.add_options()
      ("state", po::value<std::vector<std::string>>()->composing()->value_name("STATE"),
       "only these: queued, submitting, rendering, fetching, succeeded, failed, cancelled; may be given again")
      ("model", po::value<std::string>()->value_name("MODEL"), "only of this model")
      ("request-id", po::value<std::string>()->value_name("ID"), "only the one with this id")
      ("limit", po::value<std::string>()->value_name("N"), "at most so many; else 50");
}

absl::StatusOr<v1::ListGenerationsRequest> ListRequestFrom(const Arguments& arguments, int limit) {
  v1::ListGenerationsRequest request;
  for (const std::string& text : arguments.Texts("state")) {
    const auto state = ParseState(text);
    if (!state.ok()) return state.status();
    request.add_states(*state);
  }
  request.set_model(arguments.Text("model"));
  request.set_request_id(arguments.Text("request-id"));
  request.set_page_size(std::min(limit, kLargestPage));
  return request;
}

std::vector<std::string> Row(const v1::Generation& generation) {
  return {generation.name(),
          StateText(generation.state()),
          generation.spec().model(),
          QualityText(generation.spec().quality()),
          SizeText(generation.spec().size()),
          Moment(generation.create_time()),
          ChargeText(generation.charge()),
          generation.spec().prompt()};
}

absl::Status RunList(Session& session) {
  const auto limit = ParseLimit(session.arguments.Has("limit") ? session.arguments.Text("limit") : "50");
  if (!limit.ok()) return limit.status();
  const auto request = ListRequestFrom(session.arguments, *limit);
  if (!request.ok()) return request.status();
  Table table({"NAME", "STATE", "MODEL", "QUALITY", "SIZE", "CREATED", "COST", "PROMPT"}, {3, 4, 2, 5});
  int count = 0;
  const auto visit = [&](const v1::Generation& generation) {
    if (session.global.json) {
      std::cout << Json(generation) << "\n";
    } else {
      table.Add(Row(generation));
    }
    return ++count < *limit;
  };
  const absl::Status status = session.client.ForEachGeneration(*request, visit, session.QuickCall());
  if (status.ok() && !session.global.json) table.Print();
  return status;
}

}  // namespace

Command ListCommand() {
  return {
      .name = "list",
      .argument = "",
      .summary = "list your generations, newest first",
      .description = "A table on a terminal. In a pipe: no heading, the name first, columns separated by tabs.\n",
      .examples = "  easel list --state failed --state cancelled\n"
                  "  easel list --request-id order-4711 --json\n"
                  "  easel list --state succeeded | cut -f1\n",
      .add_options = &AddListOptions,
      .run = &RunList,
  };
}

}  // namespace easel::cli
