#include "generation/spending.h"

#include <string>
#include <utility>
#include <vector>

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr int kPage = 500;
// What ends today was accepted this long before today at most: an image may be fetched for a day.
constexpr absl::Duration kLongestLife = absl::Hours(25);

awaitable<absl::Status> RememberCaller(GenerationStore& store, CallerLimits& limits, std::string caller) {
  ListQuery query;
  query.caller = caller;
  query.states = {v1::GENERATION_STATE_SUCCEEDED, v1::GENERATION_STATE_FAILED, v1::GENERATION_STATE_CANCELLED};
  query.create_time_from = limits.Today() - kLongestLife;
  query.limit = kPage;
  while (true) {
    const absl::StatusOr<std::vector<Record>> page = co_await store.List(query);
    if (!page.ok()) co_return page.status();
    for (const Record& record : *page) limits.Remember(caller, record.generation());
    if (page->size() < kPage) co_return absl::OkStatus();
    query.after_name = page->back().generation().name();
  }
}

}  // namespace

awaitable<absl::Status> RememberSpending(GenerationStore& store, CallerLimits& limits) {
  std::vector<std::string> callers = limits.ToRemember();
  for (std::string& caller : callers) {
    absl::Status remembered = co_await RememberCaller(store, limits, std::move(caller));
    if (!remembered.ok()) co_return remembered;
  }
  co_return absl::OkStatus();
}

}  // namespace easel::generation
