#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "generation/generations.h"
#include "tests/simulation/promises.h"

namespace easel::simulation {

// One call of a caller's, and how far it has come. Belongs to the process that serves it.
struct Call {
  enum class Kind { kGenerate, kStart, kWatch, kGet, kList, kCancel, kDelete, kRead };
  Kind kind = Kind::kStart;
  int number = 0;
  int request = 0;  // which of the callers' requests it is about
  int repeats = 0;
  generation::Order order;  // with the caller, for every kind
  std::string name;         // of the generation, once it is known
  v1::CancelPolicy policy = v1::CANCEL_POLICY_UNSPECIFIED;
  std::int64_t revision = 0;

  boost::asio::cancellation_signal interruption = {};
  bool interrupted = false;
  bool shutdown = false;  // interrupted by the service, not by the caller
  bool done = false;
  bool come_again = false;
};

// Serves a call as service/rpc does: one coroutine, to the end or until it is interrupted. Reports to `promises` what the
// caller is told.
boost::asio::awaitable<void> Serve(Call& call, generation::Generations& generations, Promises& promises);

// "Generate", "Cancel".
const char* NameOf(Call::Kind kind);

}  // namespace easel::simulation
