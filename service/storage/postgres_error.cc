#include "storage/postgres_error.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace easel::storage {
namespace {

std::string OneLine(const char* words) {
  std::string line(absl::StripAsciiWhitespace(words == nullptr ? "" : words));
  return absl::StrReplaceAll(line, {{"\n\t", " "}, {"\n", " "}});
}

absl::StatusCode CodeOf(std::string_view state) {
  if (state == "53100") return absl::StatusCode::kResourceExhausted;  // disk_full
  if (state.starts_with("XX00") && state != "XX000") return absl::StatusCode::kDataLoss;
  // Programs and schemas that do not fit each other, and data that cannot be.
  for (const std::string_view mistake : {"0A", "22", "23", "26", "42", "XX"}) {
    if (state.starts_with(mistake)) return absl::StatusCode::kInternal;
  }
  return absl::StatusCode::kUnavailable;
}

}  // namespace

absl::Status PostgresError(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const absl::StatusCode code = CodeOf(state == nullptr ? "" : state);
  std::string message = absl::StrCat("PostgreSQL says: ", OneLine(words == nullptr ? PQresultErrorMessage(result) : words));
  if (state != nullptr) absl::StrAppend(&message, " (", state, ")");
  if (code == absl::StatusCode::kResourceExhausted) message += "; free some space, the store goes on by itself";
  return {code, message};
}

absl::Status PostgresConnectionError(const PGconn* connection, std::string_view doing) {
  const std::string why = OneLine(PQerrorMessage(connection));
  return absl::UnavailableError(absl::StrCat("cannot ", std::string(doing), " PostgreSQL", why.empty() ? "" : ": ", why));
}

}  // namespace easel::storage
