#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "easel/cancellation.h"

namespace easel::client {

// TLS to the service. All in PEM; empty fields take the default.
struct TlsOptions {
  // Empty: the system's certificate authorities.
  std::string root_certificates = {};
  // Both, or neither: the client's own certificate.
  std::string certificate_chain = {};
  std::string private_key = {};
  // The name expected in the server's certificate, where it differs from the address.
  std::string server_name = {};
};

// How often, and how patiently, calls that make an image, and broken streams, are repeated.
struct RetryOptions {
  // Attempts without any progress, the first included. 1: never repeat.
  int max_attempts = 8;
  // The same while a generation that the service accepted is at work: it is worth waiting for a service that restarts.
  int max_attempts_accepted = 12;
  // Doubles with each attempt up to max_delay; the real wait is a random part of it, between half and all. A delay that
  // the service names (RetryInfo) is never undercut.
  absl::Duration first_delay = absl::Milliseconds(200);
  absl::Duration max_delay = absl::Seconds(30);
};

struct ConnectOptions {
  // As gRPC takes it: "host:port", "unix:/path".
  std::string address = "127.0.0.1:50051";
  // Unset: plaintext.
  std::optional<TlsOptions> tls = {};
  // Metadata `easel-caller`, [a-z0-9._-]{1,64}; empty: not sent, which makes the caller "default".
  std::string caller = {};
  // The caller's key where the service wants one: goes out with every call as `authorization: Bearer KEY`, so use TLS
  // wherever the network in between is not trusted. Empty: none.
  std::string api_key = {};
  // The largest reply that is taken, in bytes; also told to the service (`easel-max-receive-bytes`), which refuses an
  // inline image that would not fit instead of sending it.
  int max_receive_bytes = 64 * 1024 * 1024;
  // Put in front of gRPC's own user agent.
  std::string user_agent = {};
  RetryOptions retry = {};
};

// What one call may take. Everything pointed to must outlive the call, nothing is kept beyond it.
struct CallOptions {
  // For the whole call, every repetition included.
  absl::Duration timeout = absl::InfiniteDuration();
  // Ends the call with CANCELLED from another thread; may be shared by several calls.
  Cancellation* cancellation = nullptr;
  // Called before each wait for a repetition, with the error and the time to be waited, on the calling thread.
  std::function<void(const absl::Status& error, absl::Duration delay)> on_retry = {};
};

}  // namespace easel::client
