#pragma once

#include <functional>
#include <string>

#include "easel/v1/generation.pb.h"

namespace easel::client {

// What a caller hears while it waits. Called on the thread that made the call, never after it returned. Either may be
// empty.
struct Observer {
  // Once, as soon as the service accepted the work.
  std::function<void(const std::string& name)> on_accepted = {};
  // With each change of state, and with fresh progress in between (the same revision). Revisions never go back; states
  // may be skipped; the last one is always told.
  std::function<void(const v1::Generation& generation)> on_change = {};
};

}  // namespace easel::client
