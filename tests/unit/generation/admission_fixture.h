#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "generation/admission.h"
#include "tests/fakes/scripted_image_model.h"
#include "tests/fakes/simulated_clock.h"

namespace easel::generation {
namespace asio = boost::asio;
inline constexpr char kModel[] = "glm-image";

// Somebody who waits for a turn, and keeps it until it is given back.
struct Guest {
  std::string name;
  std::optional<Admission::Turn> turn;
  bool answered = false;
  asio::cancellation_signal leave;
};

inline asio::awaitable<void> Stand(Admission& admission, Admission::Entry entry, Admission::Place place, Guest& guest,
                            std::vector<std::string>& order) {
  co_await asio::this_coro::throw_if_cancelled(false);
  guest.turn = co_await admission.Wait(std::move(entry), std::move(place));
  guest.answered = true;
  if (guest.turn) order.push_back(guest.name);
}

class AdmissionTest : public ::testing::Test {
 protected:
  ~AdmissionTest() override {
    loop_.reset();
    guests_.clear();
  }

  void Open(Governor::Limits limits = {.start = 1, .max = 8}, int queue_max = 100,
            std::vector<ImageModel*> accounts = {}) {
    if (accounts.empty()) accounts = {&first_};
    admission_ = std::make_unique<Admission>(queue_max, limits, accounts, std::vector<std::string>{kModel, "cogview"},
                                             clock_, metrics_, [] { return std::uint64_t{512}; }, loop_->get_executor(),
                                             [this](Admission::Event event, const ImageModel&) { events_.push_back(event); });
  }

  Admission::Entry EntryOf(const std::string& name, const std::string& caller) {
    return {.name = name, .caller = caller, .model = kModel, .until = clock_.Now() + absl::Hours(2)};
  }
  // anna's generation of this number, created that many seconds after the first.
  Admission::Entry OfBefore(int number) {
    Admission::Entry entry = EntryOf("g" + std::to_string(number), "anna");
    entry.created = absl::FromUnixSeconds(1'600'000'000 + number);
    return entry;
  }
  Guest& Queue(Admission::Entry entry, Admission::Place place = {}) {
    Guest& guest = guests_.emplace_back();
    guest.name = entry.name;
    asio::co_spawn(*loop_, Stand(*admission_, std::move(entry), std::move(place), guest, order_),
                   asio::bind_cancellation_slot(guest.leave.slot(), asio::detached));
    Settle();
    return guest;
  }
  Guest& Queue(const std::string& name, const std::string& caller = "anna") { return Queue(EntryOf(name, caller)); }
  void GiveBack(Guest& guest) {
    guest.turn.reset();
    Settle();
  }
  void Report(Guest& guest, Governor::Answer answer) {
    guest.turn->Report(answer);
    Settle();
  }
  // A turn that ends with this answer.
  void Use(Guest& guest, Governor::Answer answer) {
    ASSERT_TRUE(guest.turn) << guest.name;
    Report(guest, answer);
    GiveBack(guest);
  }
  void Settle() { RunFor(absl::ZeroDuration()); }
  void RunFor(absl::Duration duration) { clock_.RunFor(*loop_, duration); }

  fakes::SimulatedClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  fakes::ScriptedImageModel first_{"00000001"};
  fakes::ScriptedImageModel second_{"00000002"};
  fakes::ScriptedImageModel elsewhere_{"00000003", "https://elsewhere.test/api/paas/v4"};
  Metrics metrics_;
  std::unique_ptr<asio::io_context> loop_ = std::make_unique<asio::io_context>();
  std::unique_ptr<Admission> admission_;
  std::deque<Guest> guests_;
  std::vector<std::string> order_;
  std::vector<Admission::Event> events_;
};

}  // namespace easel::generation
