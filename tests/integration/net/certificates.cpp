#include "tests/integration/net/certificates.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace {

void require(bool held) {
  if (!held) {
    throw std::runtime_error{"OpenSSL could not make a test certificate"};
  }
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

std::FILE* open_new(const std::string& file) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  require(out != nullptr);
  return out;
}

}  // namespace

ca::Bytes Identity::der() const {
  ca::Bytes bytes(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)));
  unsigned char* out = bytes.data();
  i2d_X509(certificate.get(), &out);
  return bytes;
}

Identity make_identity(const IdentityOptions& options) {
  Identity made;
  made.key = {EVP_EC_gen("P-256"), EVP_PKEY_free};
  made.certificate = {X509_new(), X509_free};
  X509* certificate = made.certificate.get();
  X509* issuer = options.issuer != nullptr ? options.issuer->certificate.get() : certificate;
  X509_set_version(certificate, X509_VERSION_3);
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), options.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.valid_for);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  X509_set_pubkey(certificate, made.key.get());
  add_extension(certificate, issuer, NID_basic_constraints,
                options.authority ? "critical,CA:TRUE" : "CA:FALSE");
  add_extension(certificate, issuer, NID_key_usage,
                options.authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  add_extension(certificate, issuer, NID_subject_alt_name, "DNS:localhost");
  if (!options.extended_key_usage.empty()) {
    add_extension(certificate, issuer, NID_ext_key_usage, options.extended_key_usage.c_str());
  }
  EVP_PKEY* signer = options.issuer != nullptr ? options.issuer->key.get() : made.key.get();
  require(X509_sign(certificate, signer, EVP_sha256()) > 0);
  return made;
}

Folder::Folder() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string{base != nullptr ? base : "/tmp"} + "/chancery-net-XXXXXX";
  require(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void write_certificate(const std::string& file, const Identity& identity) {
  std::FILE* out = open_new(file);
  PEM_write_X509(out, identity.certificate.get());
  std::fclose(out);
}

void write_key(const std::string& file, const Identity& identity, const std::string& passphrase) {
  std::FILE* out = open_new(file);
  PEM_write_PrivateKey(out, identity.key.get(), passphrase.empty() ? nullptr : EVP_aes_256_cbc(),
                       reinterpret_cast<const unsigned char*>(passphrase.data()),
                       static_cast<int>(passphrase.size()), nullptr, nullptr);
  std::fclose(out);
}
