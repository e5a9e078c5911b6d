#include "generation/together.h"

#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "tests/fakes/gate.h"

namespace easel::generation {
namespace {

namespace asio = boost::asio;

class TogetherTest : public ::testing::Test {
 protected:
  asio::awaitable<absl::Status> One(absl::Status end) {
    ++begun_;
    co_await asio::post(asio::use_awaitable);
    co_await gate_.Pass();
    ++ended_;
    co_return end;
  }
  void Start(std::vector<absl::Status> ends) {
    std::vector<asio::awaitable<absl::Status>> all;
    for (absl::Status& end : ends) all.push_back(One(std::move(end)));
    asio::co_spawn(
        loop_,
        [](std::vector<asio::awaitable<absl::Status>> ones, std::optional<absl::Status>& told) -> asio::awaitable<void> {
          co_await asio::this_coro::throw_if_cancelled(false);
          told = co_await Together(std::move(ones));
        }(std::move(all), told_),
        asio::bind_cancellation_slot(signal_.slot(), [](std::exception_ptr) {}));
    loop_.poll();
  }

  asio::io_context loop_{1};
  asio::cancellation_signal signal_;
  fakes::Gate gate_;
  std::optional<absl::Status> told_;
  int begun_ = 0;
  int ended_ = 0;
};

TEST_F(TogetherTest, AllAreUnderWayAtTheSameTimeAndTheFirstErrorIsTold) {
  gate_.Close();
  Start({absl::OkStatus(), absl::AbortedError("one"), absl::DataLossError("another")});
  EXPECT_EQ(begun_, 3);
  EXPECT_FALSE(told_);
  gate_.Open();
  loop_.poll();
  EXPECT_EQ(ended_, 3);
  EXPECT_EQ(told_, absl::AbortedError("one"));
}

TEST_F(TogetherTest, NoneIsDoneAtOnce) {
  Start({});
  EXPECT_EQ(told_, absl::OkStatus());
}

TEST_F(TogetherTest, WhatWasBegunIsFinishedThoughNobodyWantsItAnyMore) {
  gate_.Close();
  Start({absl::OkStatus(), absl::OkStatus()});
  signal_.emit(asio::cancellation_type::terminal);
  loop_.poll();
  EXPECT_FALSE(told_);
  gate_.Open();
  loop_.poll();
  EXPECT_EQ(ended_, 2);
  EXPECT_EQ(told_, absl::OkStatus());
}

}  // namespace
}  // namespace easel::generation
