#include "storage/sqlite_error.h"

#include <sqlite3.h>

#include <system_error>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/posix_error.h"

namespace easel::storage {
namespace {

absl::StatusCode CodeOf(int code, int system_errno) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kInternal;
    case SQLITE_IOERR:
      return IsDiskFull(system_errno) ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

absl::Status SqliteError(int code, sqlite3* db, std::string_view doing, std::string_view path) {
  const int system_errno = db == nullptr ? 0 : sqlite3_system_errno(db);
  std::string message = absl::StrCat("cannot ", std::string(doing), " ", std::string(path), ": ",
                                     db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db));
  const absl::StatusCode meaning = CodeOf(code, system_errno);
  const bool of_the_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  if (of_the_system && system_errno != 0) absl::StrAppend(&message, " (", std::generic_category().message(system_errno), ")");
  if (meaning == absl::StatusCode::kResourceExhausted) {
    message += "; free some space, the store goes on by itself";
  } else if (meaning == absl::StatusCode::kDataLoss) {
    message += "; the file is damaged: stop the service, keep a copy, then put a backup in its place or rebuild it with "
               "sqlite3's .recover";
  }
  return {meaning, message};
}

}  // namespace easel::storage
