#include "tests/simulation/scenario.h"

namespace easel::simulation {
namespace {

generation::Pacing DrawPacing(Dice& dice) {
  generation::Pacing pacing;
  constexpr int kMinutes[] = {1, 3, 15};
  pacing.submit_timeout = absl::Minutes(dice.Of(kMinutes));
  pacing.render_timeout = absl::Minutes(dice.Of(kMinutes));
  pacing.fetch_timeout = absl::Minutes(dice.Of(kMinutes));
  if (dice.Chance(0.3)) pacing.poll_first = absl::Milliseconds(200);
  if (dice.Chance(0.3)) pacing.poll_interval = absl::Seconds(10);
  return pacing;
}

double Level(const Scenario& scenario, Dice& dice) {
  constexpr double kLevels[] = {0, 0, 0.1, 0.3, 1};
  return scenario.worst * dice.Of(kLevels);
}

}  // namespace

Scenario Draw(Dice& dice) {
  Scenario scenario;
  constexpr int kAccounts[] = {1, 1, 2};
  constexpr int kCallers[] = {1, 2, 2, 3};
  constexpr int kQueues[] = {0, 1, 2, 30, 30};
  constexpr int kLimits[] = {1, 2, 100, 100};
  constexpr int kDeaths[] = {0, 1, 1, 2, 3};
  constexpr double kWorst[] = {0, 0.1, 0.5, 0.9};
  scenario.accounts = dice.Of(kAccounts);
  scenario.callers = dice.Of(kCallers);
  scenario.requests = 1 + dice.Below(4);
  scenario.limits = {.start = 1 + dice.Below(2), .max = 2 + dice.Below(3)};
  scenario.queue_max = dice.Of(kQueues);
  scenario.pacing = DrawPacing(dice);
  scenario.rejects_duplicates = dice.Chance(0.25);
  scenario.other_upstream = scenario.accounts == 2 && dice.Chance(0.5);
  scenario.other_rejects_duplicates = scenario.other_upstream ? dice.Chance(0.5) : scenario.rejects_duplicates;
  scenario.fallback_model = dice.Chance(0.3);
  scenario.upstream_limit = dice.Of(kLimits);
  scenario.same_pictures = dice.Chance(0.1);
  scenario.retention = dice.Chance(0.2);
  if (scenario.retention) {
    scenario.pacing.retention = dice.Between(absl::Seconds(5), absl::Minutes(2));
    scenario.pacing.request_id_retention = dice.Between(absl::Minutes(1), absl::Minutes(5));
    if (dice.Chance(0.5)) scenario.max_kept_bytes = 250;
  }
  scenario.deaths = dice.Of(kDeaths);
  scenario.troubled = dice.Between(absl::Minutes(1), absl::Minutes(5));
  scenario.worst = dice.Of(kWorst);
  return scenario;
}

Weather DrawWeather(const Scenario& scenario, Dice& dice) {
  Weather weather;
  weather.store_writes = Level(scenario, dice);
  weather.store_reads = dice.Chance(0.5) ? weather.store_writes : 0;
  weather.images = Level(scenario, dice);
  weather.submit = Level(scenario, dice);
  weather.poll = Level(scenario, dice);
  weather.fetch = Level(scenario, dice);
  weather.dead_key = dice.Chance(0.1 * scenario.worst);
  weather.no_quota = dice.Chance(0.1 * scenario.worst);
  return weather;
}

}  // namespace easel::simulation
