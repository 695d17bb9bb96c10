#include "ca/base/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ca/base/error.hpp"

namespace ca {
namespace {

void digest_into(const EVP_MD* algorithm, ByteView data, std::uint8_t* out) {
  if (EVP_Digest(data.data(), data.size(), out, nullptr, algorithm, nullptr) != 1) {
    throw Error{Code::internal, "the digest could not be computed"};
  }
}

}  // namespace

Sha256 sha256(ByteView data) {
  Sha256 digest{};
  digest_into(EVP_sha256(), data, digest.data());
  return digest;
}

Sha256 hmac_sha256(ByteView key, ByteView data) {
  Sha256 digest{};
  // HMAC() takes "no key" for a null pointer, which an empty key may have.
  static constexpr std::uint8_t kEmpty = 0;
  const std::uint8_t* key_bytes = key.empty() ? &kEmpty : key.data();
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), data.data(), data.size(), digest.data(),
           &size) == nullptr ||
      size != digest.size()) {
    throw Error{Code::internal, "the keyed digest could not be computed"};
  }
  return digest;
}

Bytes sha1(ByteView data) {
  Bytes digest(20);
  digest_into(EVP_sha1(), data, digest.data());
  return digest;
}

Bytes sha384(ByteView data) {
  Bytes digest(48);
  digest_into(EVP_sha384(), data, digest.data());
  return digest;
}

Bytes sha512(ByteView data) {
  Bytes digest(64);
  digest_into(EVP_sha512(), data, digest.data());
  return digest;
}

Bytes digest(Digest algorithm, ByteView data) {
  switch (algorithm) {
    case Digest::sha1:
      return sha1(data);
    case Digest::sha256: {
      const Sha256 octets = sha256(data);
      return {octets.begin(), octets.end()};
    }
    case Digest::sha384:
      return sha384(data);
    case Digest::sha512:
      return sha512(data);
  }
  return {};
}

struct Sha256Stream::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> openssl{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256Stream::Sha256Stream() : context_{std::make_unique<Context>()} {
  if (!context_->openssl || EVP_DigestInit_ex(context_->openssl.get(), EVP_sha256(), nullptr) != 1) {
    throw Error{Code::internal, "the digest could not be computed"};
  }
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::update(ByteView data) {
  if (EVP_DigestUpdate(context_->openssl.get(), data.data(), data.size()) != 1) {
    throw Error{Code::internal, "the digest could not be computed"};
  }
}

Sha256 Sha256Stream::finish() {
  Sha256 digest{};
  if (EVP_DigestFinal_ex(context_->openssl.get(), digest.data(), nullptr) != 1) {
    throw Error{Code::internal, "the digest could not be computed"};
  }
  return digest;
}

bool equal_secrets(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ca
