#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace easel::client {

// A running SHA-256. Belongs to one thread.
class Sha256 {
 public:
  Sha256();

  void Add(std::string_view data);

  // Of everything added, in lower-case hexadecimal. More can be added afterwards.
  std::string Hex() const;

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace easel::client
