#include "storage/generation_listing.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "storage/generation_row.h"
#include "storage/generation_table.h"
#include "storage/sqlite_query.h"

namespace easel::storage {
namespace {

using generation::ListQuery;
using generation::Record;

// Names follow creation times, but for what happens within one instant: bounds on names that stand for times are drawn
// wider, and the times themselves are compared as well.
constexpr absl::Duration kNameSlack = absl::Seconds(1);

constexpr char kLowestName[] = "";
constexpr char kHighestName[] = "\xff";

// A listing is put together from runs of names, each in the order of an index: of what runs, and for each model and state
// of what has ended. They begin with the same conditions; states are a bit each.
constexpr char kRunning[] =
    "SELECT name, rowid FROM generations INDEXED BY generations_running WHERE end_time IS NULL AND name >= ? AND name < ?"
    " AND create_time >= ? AND create_time < ? AND caller = ? AND model = ifnull(?, model) AND (1 << state) & ?"
    " ORDER BY name DESC LIMIT ?";
constexpr char kEnded[] =
    "SELECT name, rowid FROM generations INDEXED BY generations_ended WHERE end_time IS NOT NULL AND name >= ?"
    " AND name < ? AND create_time >= ? AND create_time < ? AND caller = ? AND model = ? AND state = ?"
    " ORDER BY name DESC LIMIT ?";
// Whoever called, which no index is for.
constexpr char kEverybody[] =
    "SELECT name, rowid FROM generations WHERE name >= ? AND name < ? AND create_time >= ? AND create_time < ?"
    " AND request_id = ifnull(?, request_id) AND model = ifnull(?, model) AND (1 << state) & ? ORDER BY name DESC LIMIT ?";
constexpr char kNextModel[] =
    "SELECT model FROM generations INDEXED BY generations_ended WHERE end_time IS NOT NULL AND caller = ? AND model > ?"
    " ORDER BY model LIMIT 1";
// Of the first few, since the order of names within an instant is another one.
constexpr char kFirstSince[] =
    "SELECT min(name) FROM (SELECT name FROM generations INDEXED BY generations_time WHERE create_time >= ?"
    " ORDER BY create_time LIMIT 16)";
constexpr char kLastBefore[] =
    "SELECT max(name) FROM (SELECT name FROM generations INDEXED BY generations_time WHERE create_time < ?"
    " ORDER BY create_time DESC LIMIT 16)";
constexpr char kRecord[] = "SELECT record FROM generations WHERE rowid = ?";

// From `first` on, and before `end`.
struct Names {
  std::string first = kLowestName;
  std::string end = kHighestName;
};

struct Found {
  std::string name;
  std::int64_t row = 0;
};

bool HasFrom(const ListQuery& query) { return query.create_time_from != absl::InfinitePast(); }
bool HasTo(const ListQuery& query) { return query.create_time_to != absl::InfiniteFuture(); }

std::int64_t StateBits(const ListQuery& query) {
  if (query.states.empty()) return -1;
  std::int64_t bits = 0;
  for (const v1::GenerationState state : query.states) bits |= std::int64_t{1} << state;
  return bits;
}

void BindRange(SqliteQuery& run, const ListQuery& query, const Names& names) {
  run.Text(names.first).Text(names.end);
  run.Integer(absl::ToUnixNanos(query.create_time_from)).Integer(absl::ToUnixNanos(query.create_time_to));
}

absl::Status ReadRun(SqliteQuery& run, const ListQuery& query, std::vector<Found>& found) {
  run.Integer(query.limit);
  while (true) {
    const absl::StatusOr<bool> row = run.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    found.push_back({std::string(run.BytesAt(0)), run.IntegerAt(1)});
  }
}

absl::Status ReadWithFilters(SqliteConnection& connection, const char* statement, std::string_view who,
                             const ListQuery& query, const Names& names, std::vector<Found>& found) {
  SqliteQuery run(connection, statement);
  BindRange(run, query, names);
  run.TextOrNull(who).TextOrNull(query.model).Integer(StateBits(query));
  return ReadRun(run, query, found);
}

absl::StatusOr<std::vector<std::string>> ModelsOf(SqliteConnection& connection, const ListQuery& query) {
  std::vector<std::string> models;
  if (!query.model.empty()) return std::vector{query.model};
  while (true) {
    SqliteQuery next(connection, kNextModel);
    const absl::StatusOr<bool> row = next.Text(query.caller).Text(models.empty() ? "" : models.back()).Step();
    if (!row.ok()) return row.status();
    if (!*row) return models;
    models.emplace_back(next.BytesAt(0));
  }
}

absl::Status ReadEnded(SqliteConnection& connection, const ListQuery& query, const Names& names,
                       std::vector<Found>& found) {
  const absl::StatusOr<std::vector<std::string>> models = ModelsOf(connection, query);
  if (!models.ok()) return models.status();
  for (const std::string& model : *models) {
    for (int state = v1::GENERATION_STATE_SUCCEEDED; state <= v1::GenerationState_MAX; ++state) {
      if ((StateBits(query) >> state & 1) == 0) continue;
      SqliteQuery run(connection, kEnded);
      BindRange(run, query, names);
      run.Text(query.caller).Text(model).Integer(state);
      if (absl::Status read = ReadRun(run, query, found); !read.ok()) return read;
    }
  }
  return absl::OkStatus();
}

// Nothing: no record has such a time.
absl::StatusOr<std::optional<std::string>> NameAt(SqliteConnection& connection, const char* sql, absl::Time time) {
  SqliteQuery query(connection, sql);
  const absl::StatusOr<bool> row = query.Integer(absl::ToUnixNanos(time)).Step();
  if (!row.ok()) return row.status();
  if (query.BytesAt(0).empty()) return std::nullopt;
  return std::string(query.BytesAt(0));
}

// Nothing: no record is in the range.
absl::StatusOr<std::optional<Names>> NamesOf(SqliteConnection& connection, const ListQuery& query) {
  Names names;
  if (HasFrom(query)) {
    const auto first = NameAt(connection, kFirstSince, query.create_time_from - kNameSlack);
    if (!first.ok()) return first.status();
    if (!*first) return std::nullopt;
    names.first = **first;
  }
  if (HasTo(query)) {
    const auto last = NameAt(connection, kLastBefore, query.create_time_to + kNameSlack);
    if (!last.ok()) return last.status();
    if (!*last) return std::nullopt;
    names.end = **last + '\x01';
  }
  if (!query.after_name.empty()) names.end = std::min(names.end, query.after_name);
  return names;
}

absl::StatusOr<std::vector<Found>> FindPage(SqliteConnection& connection, const ListQuery& query) {
  const absl::StatusOr<std::optional<Names>> names = NamesOf(connection, query);
  if (!names.ok()) return names.status();
  std::vector<Found> found;
  if (!names->has_value()) return found;
  absl::Status read;
  if (query.caller.empty()) {
    read = ReadWithFilters(connection, kEverybody, query.request_id, query, **names, found);
  } else {
    read = ReadWithFilters(connection, kRunning, query.caller, query, **names, found);
    if (read.ok()) read = ReadEnded(connection, query, **names, found);
  }
  if (!read.ok()) return read;
  const auto wanted = std::min(found.size(), static_cast<std::size_t>(query.limit));
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(wanted), found.end(),
                    [](const Found& a, const Found& b) { return a.name > b.name; });
  found.resize(wanted);
  return found;
}

absl::StatusOr<std::vector<Record>> ReadPage(SqliteConnection& connection, const ListQuery& query) {
  const absl::StatusOr<std::vector<Found>> page = FindPage(connection, query);
  if (!page.ok()) return page.status();
  std::vector<Record> records;
  records.reserve(page->size());
  for (const Found& found : *page) {
    SqliteQuery select(connection, kRecord);
    const absl::StatusOr<bool> row = select.Integer(found.row).Step();
    if (!row.ok()) return row.status();
    absl::StatusOr<Record> record = ParseRecord(select.BytesAt(0));
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
  return records;
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
  if (query.limit <= 0) return std::vector<Record>();
  if (!query.caller.empty() && !query.request_id.empty()) return ListByRequest(connection, query);
  if (absl::Status begun = SqliteQuery(connection, "BEGIN").Run(); !begun.ok()) return begun;
  absl::StatusOr<std::vector<Record>> page = ReadPage(connection, query);
  if (connection.InTransaction()) SqliteQuery(connection, "COMMIT").Run().IgnoreError();
  return page;
}

std::vector<std::string> ListingStatements() {
  return {kRunning, kEnded, kNextModel, kFirstSince, kLastBefore, kRecord};
}

}  // namespace easel::storage
