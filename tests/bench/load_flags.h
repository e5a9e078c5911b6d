#pragma once

#include <string>
#include <vector>

#include "tests/bench/grpc_client.h"
#include "tests/bench/http_caller.h"
#include "tests/bench/load.h"
#include "tests/bench/requests.h"

namespace easel::bench {

// What the command line of bench_load says.
struct LoadFlags {
  std::string case_name;
  Plan plan;
  ClientOptions client;
  OrderOptions order;
  // Of `get` and `read`: a file with a name a line; empty: so many are made first.
  std::string names_file;
  int make = 64;
  // Gets the names of what `generate` and `start` made.
  std::string names_out;
  int page_size = 50;
  // One request_id, made first, for all calls.
  bool repeat = false;
  // The part of the calls that are cancelled as soon as the service has accepted them.
  double cancel_share = 0;
  // Of `watchers`.
  int generations = 100;
  int watchers = 1000;
  // Of `http` and `http-get`.
  HttpOptions http;
};

LoadFlags ReadLoadFlags(int argc, char** argv);

}  // namespace easel::bench
