#pragma once
#include <filesystem>
#include <memory>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string>

#include "ca/base/bytes.hpp"

// A key and its certificate, made for one test.
struct Identity {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;
  [[nodiscard]] ca::Bytes der() const;
};

struct IdentityOptions {
  std::string name;
  const Identity* issuer = nullptr;  // self-signed without
  bool authority = false;
  std::string extended_key_usage;  // "clientAuth"; none when empty
  long valid_from = -3600;         // seconds from now
  long valid_for = 86400;
};

[[nodiscard]] Identity make_identity(const IdentityOptions& options);

// A folder of its own that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

void write_certificate(const std::string& file, const Identity& identity);
void write_key(const std::string& file, const Identity& identity, const std::string& passphrase = "");
