#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "generation/ports/replicas.h"
#include "storage/postgres_lease.h"
#include "storage/postgres_news.h"
#include "storage/postgres_pool.h"

namespace easel::storage {

// The processes that share a PostgreSQL database, and this one among them: keeps the lease, on connections and a thread of
// its own so that busy records do not delay it, and carries news. A PostgresGenerationStore writes in its name.
class PostgresReplicas : public generation::Replicas {
 public:
  // Makes or brings up to date the tables, and takes the lease; blocks. FAILED_PRECONDITION: the database cannot be used so
  // (its words say why), or is a newer Easel's; UNAVAILABLE: it does not answer.
  static absl::StatusOr<std::unique_ptr<PostgresReplicas>> Join(PostgresOptions options);
  ~PostgresReplicas() override;

  void Listen(Listener* listener) override;
  Standing standing() const override { return lease_.standing(); }
  std::uint64_t lease() const override { return lease_.number(); }
  boost::asio::awaitable<absl::StatusOr<std::vector<Owned>>> ListOwned() override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> TakeOver(int limit) override;
  boost::asio::awaitable<absl::StatusOr<CountByModel>> LetGoOfQueued() override;
  boost::asio::awaitable<absl::Status> Tell(std::string_view name, Wish wish) override;
  boost::asio::awaitable<absl::Status> HoldImage(std::string_view name, std::string_view digest) override;
  boost::asio::awaitable<absl::StatusOr<bool>> ClaimImage(std::string_view digest) override;
  boost::asio::awaitable<absl::Status> ForgetImage(std::string_view digest) override;
  boost::asio::awaitable<absl::StatusOr<generation::Reservation>> ReserveWithin(Quota quota,
                                                                                generation::Snapshot record) override;
  boost::asio::awaitable<absl::Status> Leave() override;

  // --- For PostgresGenerationStore ---

  PostgresPool& pool() { return pool_; }
  std::string owner() const { return lease_.id(); }
  // A record has changed.
  void Announce(std::string_view name, std::int64_t revision);

 private:
  explicit PostgresReplicas(PostgresOptions options);

  absl::Status Start();
  boost::asio::awaitable<absl::StatusOr<bool>> KeepLease();
  boost::asio::awaitable<void> KeepOn();
  boost::asio::awaitable<void> ForgetOldSpending();
  void Heard(std::string_view word);
  void Tell(const std::function<void(Listener&)>& news);

  PostgresPool pool_;    // for records
  PostgresPool keeper_;  // for leases and news
  PostgresLease lease_;
  PostgresNews news_;
  std::mutex listener_mutex_;  // held during calls
  Listener* listener_ = nullptr;
  // On the keeper's loop only.
  boost::asio::steady_timer pause_;
  bool leaving_ = false;
  absl::Time forgot_ = absl::InfinitePast();
};

}  // namespace easel::storage
