#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sandbox/options.h"

namespace easel::sandbox {

// A faithful local Z.AI: the sync and async image API, its results and its image host on one listener, with faults on
// demand (fault.h) and a ledger. Runs on threads of its own.
class Sandbox {
 public:
  // Reads the state directory, binds and begins to serve. The error says what was wrong with which option.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Start(SandboxOptions options);

  // Closes every connection and returns when all threads have ended. Accepted tasks stay in the state directory.
  virtual ~Sandbox() = default;

  // "host:port" as bound.
  virtual std::string address() const = 0;

  // What ZAI_BASE_URL would be: "http://host:port/api/paas/v4".
  std::string base_url() const;
};

}  // namespace easel::sandbox
