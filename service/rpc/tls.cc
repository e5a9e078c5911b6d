#include "rpc/tls.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace easel::rpc {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

absl::StatusOr<std::string> ReadFile(const std::string& path, const char* what) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the TLS ", what, " '", path, "' cannot be read: ", std::strerror(errno)));
  }
  return text;
}

std::unique_ptr<BIO, Free> Open(const std::string& text) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::Status CheckPair(const TlsFiles& files, const std::string& certificate_pem, const std::string& key_pem) {
  const auto certificate_bio = Open(certificate_pem);
  const std::unique_ptr<X509, Free> certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", files.certificate, "' holds no certificate in PEM format (BEGIN CERTIFICATE)"));
  }
  const auto key_bio = Open(key_pem);
  // An empty passphrase, so that nobody is asked for one at a terminal.
  std::string passphrase;
  const std::unique_ptr<EVP_PKEY, Free> key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, passphrase.data()));
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", files.key, "' holds no private key in PEM format without a passphrase (BEGIN PRIVATE KEY)"));
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the private key '", files.key, "' does not belong to the certificate '", files.certificate, "'"));
  }
  return absl::OkStatus();
}

absl::Status CheckAuthorities(const TlsFiles& files, const std::string& pem) {
  const auto bio = Open(pem);
  const std::unique_ptr<X509, Free> first(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (first != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", files.client_authorities, "' holds no certificate in PEM format (BEGIN CERTIFICATE)"));
}

}  // namespace

absl::StatusOr<TlsIdentity> LoadTls(const TlsFiles& files) {
  const auto certificate = ReadFile(files.certificate, "certificate");
  if (!certificate.ok()) return certificate.status();
  const auto key = ReadFile(files.key, "key");
  if (!key.ok()) return key.status();
  if (absl::Status pair = CheckPair(files, *certificate, *key); !pair.ok()) return pair;
  TlsIdentity identity{.certificate_chain = *certificate, .private_key = *key, .client_authorities = {}};
  if (files.client_authorities.empty()) return identity;
  auto authorities = ReadFile(files.client_authorities, "client authorities");
  if (!authorities.ok()) return authorities.status();
  if (absl::Status checked = CheckAuthorities(files, *authorities); !checked.ok()) return checked;
  identity.client_authorities = *std::move(authorities);
  return identity;
}

}  // namespace easel::rpc
