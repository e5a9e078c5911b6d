#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/transfer.h"

namespace easel::bench {

// Transfers to one upstream, for reuse. For the loop's thread.
class Transfers {
 public:
  // `headers` are lines such as "Authorization: Bearer key", for POSTs only.
  Transfers(CurlLoop& loop, std::string post_url, const std::vector<std::string>& headers);
  ~Transfers() { curl_slist_free_all(headers_); }
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  Transfer& TakePost() { return Take(Transfer::Kind::kPost, posts_); }
  Transfer& TakeGet() { return Take(Transfer::Kind::kGet, gets_); }
  void ReturnPost(Transfer& transfer) { posts_.push_back(&transfer); }
  void ReturnGet(Transfer& transfer) { gets_.push_back(&transfer); }

 private:
  Transfer& Take(Transfer::Kind kind, std::vector<Transfer*>& spare);

  CurlLoop& loop_;
  const std::string post_url_;
  curl_slist* headers_ = nullptr;
  std::vector<std::unique_ptr<Transfer>> all_;
  std::vector<Transfer*> posts_;
  std::vector<Transfer*> gets_;
};

}  // namespace easel::bench
