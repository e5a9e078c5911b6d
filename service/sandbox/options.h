#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace easel::sandbox {

struct SandboxOptions {
  std::string listen = "127.0.0.1:0";          // host:port; port 0 takes a free one
  std::vector<std::string> keys;               // the API keys that are let in; none named: any key that is not empty
  double latency_scale = 1.0;                  // times of generation are multiplied by this; 0 answers at once
  int concurrency = 5;                         // unfinished generations for each key and model; more: 1302. 0: no limit
  std::size_t max_prompt_code_points = 65536;  // more: 1261
  bool signed_urls = false;                    // image URLs with a signed query, as on the mainland's host
  bool reject_duplicates = false;              // a request_id of an accepted request comes again: 1231
  std::string state_directory;                 // tasks and ledger are kept there; empty: in memory only
};

}  // namespace easel::sandbox
