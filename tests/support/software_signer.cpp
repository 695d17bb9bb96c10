#include "tests/support/software_signer.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdexcept>

#include "ca/base/error.hpp"

namespace test {
namespace {

EVP_PKEY* generated(const std::string& key) {
  if (key.rfind("RSA:", 0) == 0) {
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(std::stoul(key.substr(4))));
  }
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", key.c_str());
}

std::string name_of(ca::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case ca::KeyAlgorithm::rsa_2048:
      return "RSA:2048";
    case ca::KeyAlgorithm::rsa_3072:
      return "RSA:3072";
    case ca::KeyAlgorithm::rsa_4096:
      return "RSA:4096";
    case ca::KeyAlgorithm::ec_p256:
      return "P-256";
    case ca::KeyAlgorithm::ec_p384:
      return "P-384";
    case ca::KeyAlgorithm::ec_p521:
      return "P-521";
    case ca::KeyAlgorithm::ed25519:
      break;
  }
  throw ca::Error{ca::Code::request_failed, "the test signer has no such key"};
}

const EVP_MD* digest_of(ca::SigningAlgorithm algorithm) {
  switch (algorithm) {
    case ca::SigningAlgorithm::sha256_with_rsa:
    case ca::SigningAlgorithm::sha256_with_ecdsa:
      return EVP_sha256();
    case ca::SigningAlgorithm::sha384_with_rsa:
    case ca::SigningAlgorithm::sha384_with_ecdsa:
      return EVP_sha384();
    case ca::SigningAlgorithm::sha512_with_rsa:
    case ca::SigningAlgorithm::sha512_with_ecdsa:
      return EVP_sha512();
    case ca::SigningAlgorithm::ed25519:
      break;
  }
  return nullptr;
}

std::string label_of(const ca::SigningKey& key) { return key.uri.substr(key.uri.rfind('=') + 1); }

ca::GeneratedSigningKey described(const std::string& label, EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  ca::GeneratedSigningKey result{"pkcs11:token=software;object=" + label, ca::Bytes(der, der + size)};
  OPENSSL_free(der);
  return result;
}

}  // namespace

void SoftwareSigner::wait_for_token(ca::Deadline deadline) {
  std::unique_lock lock{mutex_};
  if (!back_.wait_until(lock, deadline, [this] { return !away_; })) {
    throw ca::Error{ca::Code::unavailable, "the token is away"};
  }
}

void SoftwareSigner::set_away(bool away) {
  const std::lock_guard lock{mutex_};
  away_ = away;
  back_.notify_all();
}

std::shared_ptr<EVP_PKEY> SoftwareSigner::private_key(const std::string& uri) const {
  const std::lock_guard lock{mutex_};
  return keys_.at(uri.substr(uri.rfind('=') + 1));
}

ca::Bytes SoftwareSigner::sign(const ca::SigningKey& key, const ca::ToBeSigned& to_be_signed,
                               ca::Deadline deadline) {
  const ca::SigningAlgorithm algorithm = to_be_signed.algorithm();
  const ca::Bytes& message = to_be_signed.der();
  wait_for_token(deadline);
  require_usable(key);
  Key found;
  std::function<void()> after;
  {
    const std::lock_guard lock{mutex_};
    found = keys_.at(label_of(key));
    after.swap(after_signature_);
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  EVP_DigestSignInit(context.get(), nullptr, digest_of(algorithm), nullptr, found.get());
  std::size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size());
  ca::Bytes signature(size);
  EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size());
  signature.resize(size);
  ++signatures;
  if (after) {
    after();
  }
  if (corrupt) {
    signature[signature.size() / 2] ^= 1U;
  }
  if (!key.public_key.verify(algorithm, message, signature)) {
    throw ca::Error{ca::Code::signature_check_failed, "the signature does not verify"};
  }
  return signature;
}

ca::GeneratedSigningKey SoftwareSigner::generate(const std::string&, const std::string& label,
                                                 ca::KeyAlgorithm algorithm, ca::Deadline deadline) {
  wait_for_token(deadline);
  std::function<void()> before;
  {
    const std::lock_guard lock{mutex_};
    before.swap(before_generation_[label]);
  }
  if (before) {
    before();
  }
  const Key key{generated(name_of(algorithm)), &EVP_PKEY_free};
  const std::lock_guard lock{mutex_};
  if (!keys_.emplace(label, key).second) {
    throw ca::Error{ca::Code::unavailable, "a key with the label is on the token already"};
  }
  ++generations;
  return described(label, key.get());
}

std::optional<ca::GeneratedSigningKey> SoftwareSigner::find(const std::string&, const std::string& label,
                                                            ca::Deadline deadline) {
  wait_for_token(deadline);
  const std::lock_guard lock{mutex_};
  const auto found = keys_.find(label);
  if (found == keys_.end()) {
    return std::nullopt;
  }
  return described(label, found->second.get());
}

void SoftwareSigner::audit(const ca::SigningKey& key, ca::Deadline deadline) {
  wait_for_token(deadline);
  require_usable(key);
}

void SoftwareSigner::require_usable(const ca::SigningKey& key) const {
  const ca::KeyVerdict known = verdict(key);
  if (known.state == ca::KeyVerdict::State::unusable) {
    throw ca::Error{ca::Code::key_unusable, known.detail};
  }
}

void SoftwareSigner::set_verdict(const std::string& label, ca::KeyVerdict verdict) {
  const std::lock_guard lock{mutex_};
  verdicts_[label] = std::move(verdict);
}

void SoftwareSigner::distrust(const std::string& label) {
  set_verdict(label, {ca::KeyVerdict::State::unusable, "it returned a signature that did not verify"});
  const std::lock_guard lock{mutex_};
  distrusted_[label] = std::chrono::steady_clock::now();
}

bool SoftwareSigner::trust_again(const ca::SigningKey& key, std::chrono::milliseconds rest,
                                 ca::Deadline deadline) {
  wait_for_token(deadline);
  const std::lock_guard lock{mutex_};
  const auto found = distrusted_.find(label_of(key));
  if (found == distrusted_.end()) {
    return false;
  }
  if (corrupt || std::chrono::steady_clock::now() - found->second < rest) {
    throw ca::Error{ca::Code::key_unusable, "it returned a signature that did not verify"};
  }
  distrusted_.erase(found);
  verdicts_.erase(label_of(key));
  return true;
}

void SoftwareSigner::after_next_signature(std::function<void()> run) {
  const std::lock_guard lock{mutex_};
  after_signature_ = std::move(run);
}

void SoftwareSigner::before_generation(const std::string& label, std::function<void()> run) {
  const std::lock_guard lock{mutex_};
  before_generation_[label] = std::move(run);
}

ca::KeyVerdict SoftwareSigner::verdict(const ca::SigningKey& key) const {
  const std::lock_guard lock{mutex_};
  const auto known = verdicts_.find(label_of(key));
  return known == verdicts_.end() ? ca::KeyVerdict{ca::KeyVerdict::State::usable, {}} : known->second;
}

bool SoftwareSigner::is_away(const ca::SigningKey&) const {
  const std::lock_guard lock{mutex_};
  return away_;
}

std::shared_ptr<EVP_PKEY> make_key(const std::string& key) { return {generated(key), &EVP_PKEY_free}; }

std::string make_csr(const CsrOptions& options) { return make_csr(options, make_key(options.key).get()); }

std::string make_csr(const CsrOptions& options, EVP_PKEY* key) {
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request{X509_REQ_new(), &X509_REQ_free};
  if (!options.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1,
                               0);
  }
  if (!options.dns_name.empty()) {
    STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
    sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                           ("DNS:" + options.dns_name).c_str()));
    X509_REQ_add_extensions(request.get(), extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
  X509_REQ_set_pubkey(request.get(), key);
  X509_REQ_sign(request.get(), key, EVP_sha256());
  const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_X509_REQ(out.get(), request.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace test
