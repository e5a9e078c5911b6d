#include "storage/postgres_listing.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/postgres_table.h"

namespace easel::storage {
namespace {

using boost::asio::awaitable;
using generation::ListQuery;
using generation::Record;

// Names follow creation times, but for what happens within one instant: bounds on names that stand for times are drawn
// wider, and the times themselves are compared as well.
constexpr absl::Duration kTimeSlack = absl::Seconds(1);

// Puts a statement and its parameters together.
class Listing {
 public:
  explicit Listing(const ListQuery& query) : query_(query) {
    AddRange();
    if (!query.caller.empty()) Add("caller = ", Text(query.caller));
    if (!query.model.empty()) Add("model = ", Text(query.model));
    if (!query.request_id.empty()) Add("request_id = ", Text(query.request_id));
    limit_ = Integer(query.limit);
  }

  std::string Sql() const {
    if (query_.caller.empty()) {
      const std::string states = query_.states.empty() ? "" : absl::StrCat(" AND ", StateIn(query_.states));
      return absl::StrCat("SELECT record FROM generations WHERE ", Conditions(), states, Order());
    }
    std::vector<std::string> runs;
    for (int state = v1::GENERATION_STATE_SUCCEEDED; state <= v1::GenerationState_MAX; ++state) {
      if (Wants(state)) runs.push_back(Run(absl::StrCat("end_time IS NOT NULL AND state = ", state)));
    }
    std::string running = "end_time IS NULL";
    if (!query_.states.empty()) absl::StrAppend(&running, " AND ", StateIn(query_.states));
    runs.push_back(Run(running));
    return absl::StrCat("SELECT g.record FROM (", absl::StrJoin(runs, " UNION ALL "),
                        ") AS page JOIN generations g USING (name)", Order());
  }

  PostgresValues TakeValues() { return std::move(values_); }

 private:
  std::string Placeholder() { return absl::StrCat("$", ++count_); }
  std::string Text(const std::string& text) {
    values_.Text(text);
    return absl::StrCat(Placeholder(), "::text");
  }
  std::string Integer(std::int64_t number) {
    values_.Integer(number);
    return absl::StrCat(Placeholder(), "::bigint");
  }
  std::string Time(absl::Time time) { return Integer(absl::ToUnixNanos(time)); }
  void Add(std::string_view left, const std::string& right) {
    conditions_.push_back(absl::StrCat(std::string(left), right));
  }

  void AddRange() {
    if (!query_.after_name.empty()) Add("name < ", Text(query_.after_name));
    if (query_.create_time_from != absl::InfinitePast()) {
      Add("create_time >= ", Time(query_.create_time_from));
      // '~' comes after every name: nothing was created since.
      Add("name >= ", absl::StrCat("coalesce((SELECT min(name) FROM (SELECT name FROM generations WHERE create_time >= ",
                                   Time(query_.create_time_from - kTimeSlack),
                                   " ORDER BY create_time LIMIT 16) AS first), '~')"));
    }
    if (query_.create_time_to != absl::InfiniteFuture()) {
      Add("create_time < ", Time(query_.create_time_to));
      Add("name <= ", absl::StrCat("coalesce((SELECT max(name) FROM (SELECT name FROM generations WHERE create_time < ",
                                   Time(query_.create_time_to + kTimeSlack),
                                   " ORDER BY create_time DESC LIMIT 16) AS last), '')"));
    }
  }

  bool Wants(int state) const {
    return query_.states.empty() || std::find(query_.states.begin(), query_.states.end(), state) != query_.states.end();
  }
  static std::string StateIn(const std::vector<v1::GenerationState>& states) {
    return absl::StrCat("state IN (", absl::StrJoin(states, ",", [](std::string* out, v1::GenerationState state) {
                          absl::StrAppend(out, static_cast<int>(state));
                        }), ")");
  }
  std::string Conditions() const { return conditions_.empty() ? "true" : absl::StrJoin(conditions_, " AND "); }
  std::string Order() const { return absl::StrCat(" ORDER BY name DESC LIMIT ", limit_); }
  std::string Run(const std::string& which) const {
    return absl::StrCat("(SELECT name FROM generations WHERE ", which, " AND ", Conditions(), Order(), ")");
  }

  const ListQuery& query_;
  PostgresValues values_;
  int count_ = 0;
  std::vector<std::string> conditions_;
  std::string limit_;
};

}  // namespace

awaitable<absl::StatusOr<std::vector<Record>>> ListRecords(PostgresConnection& connection, const ListQuery& query) {
  if (query.limit <= 0) co_return std::vector<Record>();
  Listing listing(query);
  const absl::StatusOr<PostgresResult> answer = co_await connection.RunOnce(listing.Sql(), listing.TakeValues());
  co_return RecordsOf(answer);
}

}  // namespace easel::storage
