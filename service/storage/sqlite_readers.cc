#include "storage/sqlite_readers.h"

#include <utility>

namespace easel::storage {
namespace {

// So few that the threads share what waits, so many that hand-overs are shared too.
constexpr std::size_t kMostReads = 16;

}  // namespace

SqliteReaders::SqliteReaders(const std::string& path, int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, path] { Run(path); });
}

SqliteReaders::~SqliteReaders() {
  queue_.Close();
  for (std::thread& thread : threads_) thread.join();
}

void SqliteReaders::Run(const std::string& path) {
  std::unique_ptr<SqliteConnection> connection;
  while (true) {
    const SqliteBatch batch = queue_.Take(kMostReads);
    if (batch.empty()) return;
    std::vector<Resumption> resumptions;
    for (const auto& operation : batch) {
      if (connection == nullptr || connection->suspect()) {
        connection.reset();
        absl::StatusOr<std::unique_ptr<SqliteConnection>> opened =
            SqliteConnection::Open(path, SqliteConnection::Use::kRead);
        if (opened.ok()) connection = *std::move(opened);
        if (!opened.ok()) operation->Fail(opened.status());
      }
      if (connection != nullptr) operation->Apply(*connection);
      resumptions.push_back(operation->Complete());
    }
    ResumeAll(std::move(resumptions));
  }
}

}  // namespace easel::storage
