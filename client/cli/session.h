#pragma once

#include <string>

#include "cli/command_line.h"
#include "easel/client.h"

namespace easel::cli {

// What a command works with. Belongs to the main thread.
struct Session {
  GlobalOptions global;
  Arguments arguments;
  client::Client client;
  client::Cancellation& cancellation;

  // Options for a call that answers at once: 30 s, unless --timeout says otherwise.
  client::CallOptions QuickCall() const;
  // Options for a call that waits for an image: no limit, unless --timeout says otherwise.
  client::CallOptions LongCall() const;
};

}  // namespace easel::cli
