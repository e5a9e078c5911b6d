#include "storage/generation_listing.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/generation_row.h"
#include "storage/generation_table.h"
#include "storage/sqlite_query.h"

namespace easel::storage {
namespace {

using generation::ListQuery;
using generation::Record;

// Names follow creation times, but for what happens within one instant: bounds on names that stand for times are drawn
// this much wider, and the times themselves are compared as well.
constexpr absl::Duration kNameSlack = absl::Seconds(1);

// What a ListQuery asks of the index, besides what it says itself.
struct Range {
  std::string first_name;
  std::string last_name;
};

bool HasFrom(const ListQuery& query) { return query.create_time_from != absl::InfinitePast(); }
bool HasTo(const ListQuery& query) { return query.create_time_to != absl::InfiniteFuture(); }

// An index holds one state's names in order, not those of several: a page is put together from one page of each state.
// Nothing: one page, whatever the state.
std::vector<std::optional<int>> StatesToRead(const ListQuery& query) {
  const std::set<int> wanted(query.states.begin(), query.states.end());
  if (!wanted.empty()) return {wanted.begin(), wanted.end()};
  if (query.model.empty() || query.caller.empty()) return {std::nullopt};
  std::vector<std::optional<int>> all;
  for (int state = v1::GenerationState_MIN; state <= v1::GenerationState_MAX; ++state) all.emplace_back(state);
  return all;
}

std::string_view IndexFor(const ListQuery& query, bool has_state) {
  if (query.caller.empty()) return "";
  if (!query.model.empty()) return " INDEXED BY generations_caller_model_state";
  if (has_state) return " INDEXED BY generations_caller_state";
  return " INDEXED BY generations_caller";
}

// Conditions in the order in which BindPage gives their values.
std::string PageStatement(const ListQuery& query, bool has_state) {
  std::string sql = absl::StrCat("SELECT name, record FROM generations", std::string(IndexFor(query, has_state)),
                                 " WHERE name >= ?");
  if (HasTo(query)) sql += " AND name <= ?";
  if (!query.after_name.empty()) sql += " AND name < ?";
  if (!query.caller.empty()) sql += " AND caller = ?";
  if (!query.model.empty()) sql += " AND model = ?";
  if (has_state) sql += " AND state = ?";
  if (!query.request_id.empty()) sql += " AND request_id = ?";
  if (HasFrom(query)) sql += " AND create_time >= ?";
  if (HasTo(query)) sql += " AND create_time < ?";
  return sql + " ORDER BY name DESC LIMIT ?";
}

void BindPage(SqliteQuery& page, const ListQuery& query, const Range& range, std::optional<int> state) {
  page.Text(range.first_name);
  if (HasTo(query)) page.Text(range.last_name);
  if (!query.after_name.empty()) page.Text(query.after_name);
  if (!query.caller.empty()) page.Text(query.caller);
  if (!query.model.empty()) page.Text(query.model);
  if (state) page.Integer(*state);
  if (!query.request_id.empty()) page.Text(query.request_id);
  if (HasFrom(query)) page.Integer(absl::ToUnixNanos(query.create_time_from));
  if (HasTo(query)) page.Integer(absl::ToUnixNanos(query.create_time_to));
  page.Integer(query.limit);
}

constexpr char kFirstSince[] =
    "SELECT name FROM generations INDEXED BY generations_caller_time WHERE caller = ? AND create_time >= ?"
    " ORDER BY create_time, name LIMIT 1";
constexpr char kLastBefore[] =
    "SELECT name FROM generations INDEXED BY generations_caller_time WHERE caller = ? AND create_time < ?"
    " ORDER BY create_time DESC, name DESC LIMIT 1";

// False: no name.
absl::StatusOr<bool> NameAt(SqliteConnection& connection, std::string_view sql, const std::string& caller, absl::Time time,
                            std::string& name) {
  SqliteQuery query(connection, sql);
  absl::StatusOr<bool> found = query.Text(caller).Integer(absl::ToUnixNanos(time)).Step();
  if (found.ok() && *found) name = query.BytesAt(0);
  return found;
}

// Nothing: no record has such a time.
absl::StatusOr<std::optional<Range>> RangeOf(SqliteConnection& connection, const ListQuery& query) {
  Range range{.first_name = "", .last_name = "\xff"};
  if (query.caller.empty()) return range;
  absl::StatusOr<bool> found = true;
  if (HasFrom(query)) {
    found = NameAt(connection, kFirstSince, query.caller, query.create_time_from - kNameSlack, range.first_name);
  }
  if (found.ok() && *found && HasTo(query)) {
    found = NameAt(connection, kLastBefore, query.caller, query.create_time_to + kNameSlack, range.last_name);
  }
  if (!found.ok()) return found.status();
  if (!*found) return std::nullopt;
  return range;
}

using Named = std::pair<std::string, std::string>;  // name, serialized record

absl::Status ReadPage(SqliteConnection& connection, const ListQuery& query, const Range& range, std::optional<int> state,
                      std::vector<Named>& into) {
  SqliteQuery page(connection, PageStatement(query, state.has_value()));
  BindPage(page, query, range, state);
  while (true) {
    const absl::StatusOr<bool> row = page.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    into.emplace_back(page.BytesAt(0), page.BytesAt(1));
  }
}

absl::StatusOr<std::vector<Named>> ReadPages(SqliteConnection& connection, const ListQuery& query) {
  const absl::StatusOr<std::optional<Range>> range = RangeOf(connection, query);
  if (!range.ok()) return range.status();
  std::vector<Named> rows;
  if (!range->has_value()) return rows;
  for (const std::optional<int> state : StatesToRead(query)) {
    if (absl::Status status = ReadPage(connection, query, **range, state, rows); !status.ok()) return status;
  }
  std::sort(rows.begin(), rows.end(), [](const Named& a, const Named& b) { return a.first > b.first; });
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(query.limit)));
  return rows;
}

absl::StatusOr<std::vector<Record>> ListByRequest(SqliteConnection& connection, const ListQuery& query) {
  absl::StatusOr<Record> record = FindRecord(connection, query.caller, query.request_id);
  std::vector<Record> records;
  if (!record.ok()) {
    if (absl::IsNotFound(record.status())) return records;
    return record.status();
  }
  if (Matches(query, *record)) records.push_back(*std::move(record));
  return records;
}

}  // namespace

bool Matches(const ListQuery& query, const Record& record) {
  const v1::Generation& generation = record.generation();
  const absl::Time created = ToTime(generation.create_time());
  if (!query.caller.empty() && record.caller() != query.caller) return false;
  if (!query.model.empty() && generation.spec().model() != query.model) return false;
  if (!query.request_id.empty() && generation.request_id() != query.request_id) return false;
  if (!query.after_name.empty() && generation.name() >= query.after_name) return false;
  if (created < query.create_time_from || created >= query.create_time_to) return false;
  return query.states.empty() ||
         std::find(query.states.begin(), query.states.end(), generation.state()) != query.states.end();
}

absl::StatusOr<std::vector<Record>> ListRecords(SqliteConnection& connection, const ListQuery& query) {
  std::vector<Record> records;
  if (query.limit <= 0) return records;
  if (!query.caller.empty() && !query.request_id.empty()) return ListByRequest(connection, query);
  if (absl::Status status = connection.Execute("BEGIN"); !status.ok()) return status;
  const absl::StatusOr<std::vector<Named>> rows = ReadPages(connection, query);
  if (connection.InTransaction()) connection.Execute("COMMIT").IgnoreError();
  if (!rows.ok()) return rows.status();
  for (const Named& row : *rows) {
    absl::StatusOr<Record> record = ParseRecord(row.second);
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
  return records;
}

std::vector<std::string> ListingStatements(const ListQuery& query) {
  std::vector<std::string> statements;
  for (const std::optional<int> state : StatesToRead(query)) statements.push_back(PageStatement(query, state.has_value()));
  if (HasFrom(query)) statements.emplace_back(kFirstSince);
  if (HasTo(query)) statements.emplace_back(kLastBefore);
  return statements;
}

}  // namespace easel::storage
