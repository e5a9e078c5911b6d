#pragma once

#include <string>
#include <string_view>

#include <curl/curl.h>

#include "tests/bench/curl_loop.h"

namespace easel::bench {

// One easy handle, used again and again with most of its options set once. For the loop's thread.
class Transfer {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnBytes(std::string_view piece) = 0;
    // The last word about a request. `status` is the HTTP status, 0 if there was none. The transfer is free again.
    virtual void OnEnd(Transfer& transfer, CURLcode result, long status) = 0;
  };

  enum class Kind { kPost, kGet };

  // For a POST, `url` is where every request goes; for a GET each request has its own. `headers` outlive this.
  Transfer(CurlLoop& loop, Kind kind, const std::string& url, curl_slist* headers);
  ~Transfer() { curl_easy_cleanup(easy_); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // `body` stays where it is until the end.
  void Post(Owner& owner, std::string_view body);
  void Get(Owner& owner, const std::string& url);

 private:
  friend class CurlLoop;

  void End(CURLcode result);
  static std::size_t OnBytes(char* data, std::size_t one, std::size_t size, void* self);

  CurlLoop& loop_;
  CURL* easy_;
  Owner* owner_ = nullptr;
};

}  // namespace easel::bench
