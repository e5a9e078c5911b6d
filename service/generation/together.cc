#include "generation/together.h"

#include <cstddef>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/time/time.h"
#include "generation/wakeup.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

struct Gathered {
  std::vector<absl::Status> ends;
  std::size_t left;
  std::shared_ptr<Wakeup> all_ended;
};

awaitable<void> RunOne(awaitable<absl::Status> one, Gathered& gathered, std::size_t place) {
  gathered.ends[place] = co_await std::move(one);
  if (--gathered.left == 0) gathered.all_ended->Notify();
}

}  // namespace

awaitable<absl::Status> Together(std::vector<awaitable<absl::Status>> all) {
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  Gathered gathered{std::vector<absl::Status>(all.size()), all.size(), std::make_shared<Wakeup>(loop)};
  for (std::size_t i = 0; i < all.size(); ++i) {
    asio::co_spawn(loop, RunOne(std::move(all[i]), gathered, i), asio::detached);
  }
  while (gathered.left > 0) co_await gathered.all_ended->Wait(absl::InfiniteDuration());
  absl::Status first;
  for (const absl::Status& end : gathered.ends) first.Update(end);
  co_return first;
}

}  // namespace easel::generation
