#pragma once

#include <string>

namespace easel::upstream {

// What all requests of a client have in common.
struct CurlOptions {
  // Empty: "easel/VERSION".
  std::string user_agent;
  // Empty: none; the environment's proxies are ignored.
  std::string proxy;
  // A PEM file of certificate authorities; empty: the system's.
  std::string ca_file;
  // Offer HTTP/2 over TLS for whole replies. Streamed bodies use HTTP/1.1, where a slow reader holds back only its own
  // connection.
  bool http2 = true;
};

}  // namespace easel::upstream
