#include "app/config_tls.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "app/config_text.h"
#include "app/read_file.h"

namespace easel::app {
namespace {

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;

constexpr char kCertPath[] = "grpc.tls_cert_file";
constexpr char kKeyPath[] = "grpc.tls_key_file";
constexpr char kAuthoritiesPath[] = "grpc.tls_client_ca_file";

// OpenSSL would otherwise ask the terminal for the password of an encrypted key.
int NoPassword(char*, int, int, void*) { return 0; }

Bio Reader(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

Certificate ParseCertificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(Reader(pem).get(), nullptr, NoPassword, nullptr));
}

PrivateKey ParseKey(const std::string& pem) {
  return PrivateKey(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, NoPassword, nullptr));
}

std::optional<std::string> Read(const std::string& where, const std::string& path, Problems& problems) {
  auto content = ReadSmallFile(path);
  if (content.ok()) return *std::move(content);
  problems.Add(where, absl::StrCat("cannot read ", Quoted(path), ": ", content.status().message()));
  return std::nullopt;
}

std::string Where(const Sources& sources, const std::string& path) {
  const std::string& source = sources.at(path);
  return source.find(':') == std::string::npos ? source : absl::StrCat(source, ": ", path);
}

void WarnOfDates(const std::string& file, const X509& certificate, std::vector<std::string>& warnings) {
  if (X509_cmp_current_time(X509_get0_notAfter(&certificate)) < 0) {
    warnings.push_back(absl::StrCat("the certificate in ", Quoted(file), " has expired; callers will refuse it"));
  }
  if (X509_cmp_current_time(X509_get0_notBefore(&certificate)) > 0) {
    warnings.push_back(absl::StrCat("the certificate in ", Quoted(file), " is not valid yet; callers will refuse it"));
  }
}

void CheckAuthorities(const Settings& settings, const Sources& sources, Problems& problems) {
  const std::string& file = settings.grpc().tls_client_ca_file();
  if (file.empty()) return;
  const std::string where = Where(sources, kAuthoritiesPath);
  const auto text = Read(where, file, problems);
  if (text && !ParseCertificate(*text)) {
    problems.Add(where, absl::StrCat(Quoted(file), " holds no certificate in PEM"));
  }
}

}  // namespace

std::optional<TlsIdentity> ReadTls(const Settings& settings, const Sources& sources, Problems& problems,
                                   std::vector<std::string>& warnings) {
  CheckAuthorities(settings, sources, problems);
  const std::string& cert_file = settings.grpc().tls_cert_file();
  const std::string& key_file = settings.grpc().tls_key_file();
  if (cert_file.empty() && key_file.empty()) return std::nullopt;
  if (cert_file.empty() || key_file.empty()) {
    const bool has_cert = !cert_file.empty();
    problems.Add(Where(sources, has_cert ? kCertPath : kKeyPath),
                 absl::StrCat("needs ", has_cert ? kKeyPath : kCertPath, " beside it"));
    return std::nullopt;
  }
  const std::string cert_where = Where(sources, kCertPath);
  const std::string key_where = Where(sources, kKeyPath);
  auto chain = Read(cert_where, cert_file, problems);
  auto key_text = Read(key_where, key_file, problems);
  if (!chain || !key_text) return std::nullopt;
  const Certificate certificate = ParseCertificate(*chain);
  if (!certificate) {
    problems.Add(cert_where, absl::StrCat(Quoted(cert_file), " holds no certificate in PEM"));
    return std::nullopt;
  }
  const PrivateKey key = ParseKey(*key_text);
  if (!key) {
    problems.Add(key_where, absl::StrCat(Quoted(key_file), " holds no private key in PEM without a password"));
    return std::nullopt;
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    problems.Add(key_where, absl::StrCat("the key does not belong to the certificate in ", Quoted(cert_file)));
    return std::nullopt;
  }
  WarnOfDates(cert_file, *certificate, warnings);
  return TlsIdentity{*std::move(chain), *std::move(key_text)};
}

}  // namespace easel::app
