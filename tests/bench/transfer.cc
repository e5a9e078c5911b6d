#include "tests/bench/transfer.h"

namespace easel::bench {
namespace {

// A reply to a POST is small, and ten thousand may be open.
constexpr long kPostBuffer = 4 * 1024;
constexpr long kGetBuffer = 30 * 1024;

}  // namespace

Transfer::Transfer(CurlLoop& loop, Kind kind, const std::string& url, curl_slist* headers)
    : loop_(loop), easy_(curl_easy_init()) {
  const bool post = kind == Kind::kPost;
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBytes);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::OnClose);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, &loop_);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");  // or the environment is read for each request
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, post ? kPostBuffer : kGetBuffer);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers);
  if (post) {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  }
}

void Transfer::Post(Owner& owner, std::string_view body) {
  owner_ = &owner;
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  loop_.Add(easy_);
}

void Transfer::Get(Owner& owner, const std::string& url) {
  owner_ = &owner;
  curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  loop_.Add(easy_);
}

void Transfer::End(CURLcode result) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  owner_->OnEnd(*this, result, status);
}

std::size_t Transfer::OnBytes(char* data, std::size_t /*one*/, std::size_t size, void* self) {
  static_cast<Transfer*>(self)->owner_->OnBytes({data, size});
  return size;
}

}  // namespace easel::bench
