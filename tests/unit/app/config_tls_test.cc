#include "app/config_tls.h"

#include <gmock/gmock.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

EVP_PKEY* NewKey() { return EVP_EC_gen("P-256"); }

template <typename Write>
std::string Pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string KeyPem(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
  return Pem([&](BIO* bio) {
    unsigned char password[] = "password";
    return PEM_write_bio_PrivateKey(bio, key, cipher, password, cipher ? 8 : 0, nullptr, nullptr);
  });
}

// Valid between the two, in seconds from now.
std::string CertificatePem(EVP_PKEY* key, long from, long to) {
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), to);
  X509_set_pubkey(certificate, key);
  EXPECT_GT(X509_sign(certificate, key, EVP_sha256()), 0);
  const std::string pem = Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  X509_free(certificate);
  return pem;
}

class ConfigTlsTest : public ConfigTest {
 protected:
  ConfigTlsTest() : key_(NewKey()) {
    cert_file_ = WriteFile("cert.pem", CertificatePem(key_, -3600, 3600));
    key_file_ = WriteFile("key.pem", KeyPem(key_));
    Use(cert_file_, key_file_);
  }
  ~ConfigTlsTest() override { EVP_PKEY_free(key_); }

  void Use(const std::string& cert_file, const std::string& key_file) {
    environment.variables["EASEL_GRPC_TLS_CERT_FILE"] = cert_file;
    environment.variables["EASEL_GRPC_TLS_KEY_FILE"] = key_file;
  }

  EVP_PKEY* key_;
  std::string cert_file_, key_file_;
};

TEST_F(ConfigTlsTest, ReadsACertificateWithItsKey) {
  const auto config = Load();
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_TRUE(config->grpc_tls.has_value());
  EXPECT_THAT(config->grpc_tls->certificate_chain, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_THAT(config->grpc_tls->private_key, HasSubstr("PRIVATE KEY"));
  EXPECT_THAT(Summary(*config), HasSubstr("gRPC on 127.0.0.1:50051 with TLS"));
}

TEST_F(ConfigTlsTest, NeedsBothFiles) {
  Use(cert_file_, "");
  EXPECT_EQ(Problems(), "EASEL_GRPC_TLS_CERT_FILE: needs grpc.tls_key_file beside it");
  Use("", "");
  EXPECT_EQ(ProblemsOf("grpc:\n  tls_key_file: /x\n"),
            "easel.yaml:2: grpc.tls_key_file: needs grpc.tls_cert_file beside it");
}

TEST_F(ConfigTlsTest, NamesAFileThatIsMissing) {
  Use(Path("none.pem"), key_file_);
  EXPECT_EQ(Problems(), "EASEL_GRPC_TLS_CERT_FILE: cannot read \"DIR/none.pem\": No such file or directory");
}

TEST_F(ConfigTlsTest, NamesAFileThatIsSomethingElse) {
  Use(key_file_, cert_file_);
  EXPECT_EQ(Problems(), "EASEL_GRPC_TLS_CERT_FILE: \"DIR/key.pem\" holds no certificate in PEM");
  Use(cert_file_, cert_file_);
  EXPECT_EQ(Problems(),
            "EASEL_GRPC_TLS_KEY_FILE: \"DIR/cert.pem\" holds no private key in PEM without a password");
}

TEST_F(ConfigTlsTest, AnEmptyFileNeverMeansNoTls) {
  Use(WriteFile("empty.pem", ""), key_file_);
  EXPECT_EQ(Problems(), "EASEL_GRPC_TLS_CERT_FILE: \"DIR/empty.pem\" holds no certificate in PEM");
  Use(cert_file_, WriteFile("empty.pem", ""));
  EXPECT_EQ(Problems(),
            "EASEL_GRPC_TLS_KEY_FILE: \"DIR/empty.pem\" holds no private key in PEM without a password");
}

TEST_F(ConfigTlsTest, RefusesAKeyWithAPasswordWithoutAskingForIt) {
  Use(cert_file_, WriteFile("locked.pem", KeyPem(key_, EVP_aes_128_cbc())));
  EXPECT_EQ(Problems(),
            "EASEL_GRPC_TLS_KEY_FILE: \"DIR/locked.pem\" holds no private key in PEM without a password");
}

TEST_F(ConfigTlsTest, RefusesAnotherCertificatesKey) {
  EVP_PKEY* other = NewKey();
  Use(cert_file_, WriteFile("other.pem", KeyPem(other)));
  EVP_PKEY_free(other);
  EXPECT_EQ(Problems(), "EASEL_GRPC_TLS_KEY_FILE: the key does not belong to the certificate in \"DIR/cert.pem\"");
}

TEST_F(ConfigTlsTest, WarnsOfACertificateOutOfItsTime) {
  Use(WriteFile("old.pem", CertificatePem(key_, -7200, -3600)), key_file_);
  ASSERT_TRUE(Load().ok());
  EXPECT_THAT(Load()->warnings, ElementsAre(HasSubstr("has expired")));
  Use(WriteFile("new.pem", CertificatePem(key_, 3600, 7200)), key_file_);
  EXPECT_THAT(Load()->warnings, ElementsAre(HasSubstr("is not valid yet")));
}

}  // namespace
}  // namespace easel::app
