#include "storage/sqlite_error.h"

#include <sqlite3.h>

#include <system_error>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/posix_error.h"

namespace easel::storage {
namespace {

// SQLite notes the reason of a failed write to its -wal only beside that file.
int ErrnoOfLog(sqlite3* db) {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  int error = 0;
  if (log != nullptr && log->pMethods != nullptr) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

int SystemErrno(int code, sqlite3* db) {
  if (db == nullptr) return 0;
  const int error = code == SQLITE_IOERR_WRITE ? ErrnoOfLog(db) : 0;
  return error != 0 ? error : sqlite3_system_errno(db);
}

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
  const int system_errno = SystemErrno(code, db);
  std::string message = absl::StrCat("cannot ", std::string(doing), " ", std::string(path), ": ",
                                     db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db));
  const absl::StatusCode meaning = CodeOf(code, system_errno);
  const bool of_the_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  if (of_the_system && system_errno != 0) {
    absl::StrAppend(&message, " (", std::generic_category().message(system_errno), ")");
  }
  if (meaning == absl::StatusCode::kResourceExhausted) {
    message += "; free some space, the store goes on by itself";
  } else if (meaning == absl::StatusCode::kDataLoss) {
    message += "; the file is damaged: stop the service, keep a copy, then put a backup in its place or rebuild it with "
               "sqlite3's .recover";
  }
  return {meaning, message};
}

}  // namespace easel::storage
