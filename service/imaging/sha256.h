#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_md_ctx_st;

namespace easel::imaging {

// A sha256 over bytes that come in pieces. One thread at a time.
class Sha256 {
 public:
  Sha256();

  void Append(std::string_view bytes);

  // 64 lower-case hexadecimal digits, once; INTERNAL if the cryptographic library failed.
  absl::StatusOr<std::string> Finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
  bool ok_ = true;
};

}  // namespace easel::imaging
