#include "storage/postgres_news.h"

#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace easel::storage {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// PostgreSQL takes a payload of less than 8000 bytes.
constexpr std::size_t kMostBytes = 7900;
// A connection that hears nothing is asked whether it still is one.
constexpr absl::Duration kSilence = absl::Seconds(10);
constexpr auto kPause = std::chrono::milliseconds(500);

}  // namespace

void PostgresNews::Say(std::string word) {
  {
    const std::lock_guard lock(mutex_);
    unsaid_.push_back(std::move(word));
    if (std::exchange(saying_, true)) return;
  }
  asio::co_spawn(pool_.loop(), SayAll(), asio::detached);
}

std::string PostgresNews::TakeBatch() {
  const std::lock_guard lock(mutex_);
  std::string batch;
  std::size_t taken = 0;
  while (taken < unsaid_.size() && batch.size() + unsaid_[taken].size() < kMostBytes) {
    absl::StrAppend(&batch, batch.empty() ? "" : "\n", unsaid_[taken++]);
  }
  unsaid_.erase(unsaid_.begin(), unsaid_.begin() + static_cast<std::ptrdiff_t>(taken));
  saying_ = taken > 0;
  return batch;
}

awaitable<void> PostgresNews::SayAll() {
  for (std::string batch = TakeBatch(); !batch.empty(); batch = TakeBatch()) {
    auto say = [channel = pool_.options().schema, batch](PostgresConnection& connection) -> awaitable<absl::Status> {
      PostgresValues values;
      values.Text(channel).Text(batch);
      const absl::StatusOr<PostgresResult> said =
          co_await connection.Run("SELECT 1::bigint FROM pg_notify($1::text, $2::text)", std::move(values));
      co_return said.status();
    };
    const absl::Status said = co_await pool_.Run(std::move(say));
    said.IgnoreError();  // whoever listens looks for itself now and then
  }
}

void PostgresNews::Listen(Hearing hearing) {
  hearing_ = std::move(hearing);
  asio::co_spawn(pool_.loop(), Hear(), asio::detached);
}

void PostgresNews::Stop() {
  asio::post(pool_.loop(), [this] {
    stopped_ = true;
    if (hearing_over_ != nullptr) hearing_over_->Abort();
    if (pause_ != nullptr) pause_->cancel();
  });
}

awaitable<void> PostgresNews::Hear() {
  pause_ = std::make_unique<asio::steady_timer>(pool_.loop());
  while (!stopped_) {
    auto connection = co_await PostgresConnection::Open(pool_.loop(), pool_.options());
    if (connection.ok() && !stopped_) {
      hearing_over_ = connection->get();
      co_await HearOver(**connection);
      hearing_over_ = nullptr;
    }
    if (stopped_) co_return;
    pause_->expires_after(kPause);
    co_await pause_->async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

awaitable<void> PostgresNews::HearOver(PostgresConnection& connection) {
  const auto listening = co_await connection.Execute(absl::StrCat("LISTEN ", pool_.options().schema));
  if (!listening.ok()) co_return;
  hearing_.connected();
  while (!stopped_) {
    const absl::StatusOr<std::vector<std::string>> come = co_await connection.AwaitNotifications(kSilence);
    if (!come.ok()) co_return;
    for (const std::string& batch : *come) {
      for (const auto word : absl::StrSplit(batch, '\n')) hearing_.word(std::string_view(word.data(), word.size()));
    }
    if (!come->empty()) continue;
    const auto alive = co_await connection.Execute("SELECT 1");
    if (!alive.ok()) co_return;
  }
}

}  // namespace easel::storage
