#include "tests/bench/transfers.h"

#include <utility>

namespace easel::bench {

Transfers::Transfers(CurlLoop& loop, std::string post_url, const std::vector<std::string>& headers)
    : loop_(loop), post_url_(std::move(post_url)) {
  for (const std::string& line : headers) headers_ = curl_slist_append(headers_, line.c_str());
}

Transfer& Transfers::Take(Transfer::Kind kind, std::vector<Transfer*>& spare) {
  if (spare.empty()) {
    curl_slist* const headers = kind == Transfer::Kind::kPost ? headers_ : nullptr;
    all_.push_back(std::make_unique<Transfer>(loop_, kind, post_url_, headers));
    return *all_.back();
  }
  Transfer* const taken = spare.back();
  spare.pop_back();
  return *taken;
}

}  // namespace easel::bench
