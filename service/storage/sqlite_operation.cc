#include "storage/sqlite_operation.h"

namespace easel::storage {

void SqliteQueue::Push(std::unique_ptr<SqliteOperation> operation) {
  {
    const std::lock_guard lock(mutex_);
    operations_.push_back(std::move(operation));
  }
  changed_.notify_one();
}

SqliteBatch SqliteQueue::Take(std::size_t most) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !operations_.empty(); });
  SqliteBatch batch;
  while (!operations_.empty() && batch.size() < most) {
    batch.push_back(std::move(operations_.front()));
    operations_.pop_front();
  }
  return batch;
}

void SqliteQueue::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

}  // namespace easel::storage
