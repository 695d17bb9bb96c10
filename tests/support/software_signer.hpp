#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <openssl/evp.h>
#include <string>

#include "ca/signer/signer.hpp"

namespace test {

// Keys in memory behind the Signer's contract, with the faults of a token at the test's command.
class SoftwareSigner final : public ca::Signer {
 public:
  ca::Bytes sign(const ca::SigningKey& key, const ca::ToBeSigned& message, ca::Deadline deadline) override;
  ca::GeneratedSigningKey generate(const std::string& token, const std::string& label,
                                   ca::KeyAlgorithm algorithm, ca::Deadline deadline) override;
  std::optional<ca::GeneratedSigningKey> find(const std::string& token, const std::string& label,
                                              ca::Deadline deadline) override;
  void audit(const ca::SigningKey& key, ca::Deadline deadline) override;
  bool trust_again(const ca::SigningKey& key, std::chrono::milliseconds rest, ca::Deadline deadline) override;
  ca::KeyVerdict verdict(const ca::SigningKey& key) const override;
  bool is_away(const ca::SigningKey& key) const override;

  void set_away(bool away);  // calls then wait for their deadline or the return
  // The key with that label is as the token layer finds it from now on; sign() and audit() act on it.
  void set_verdict(const std::string& label, ca::KeyVerdict verdict);
  // The same as a signature that did not verify does it: until trust_again() with corrupt == false.
  void distrust(const std::string& label);
  // Runs on the signing thread when the signature exists and has not been returned yet; once.
  void after_next_signature(std::function<void()> run);
  // Runs on the thread that asks for a pair under that label, before it is made; once.
  void before_generation(const std::string& label, std::function<void()> run);
  // What no token gives away: for certificates that the authority itself would never sign.
  [[nodiscard]] std::shared_ptr<EVP_PKEY> private_key(const std::string& uri) const;
  std::atomic<int> signatures{0};
  std::atomic<int> generations{0};
  std::atomic<bool> corrupt{false};

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  void wait_for_token(ca::Deadline deadline);
  void require_usable(const ca::SigningKey& key) const;

  mutable std::mutex mutex_;
  std::condition_variable back_;
  bool away_ = false;
  std::map<std::string, Key> keys_;  // by label
  std::map<std::string, ca::KeyVerdict> verdicts_;
  std::map<std::string, ca::Deadline> distrusted_;  // by label, since when
  std::function<void()> after_signature_;
  std::map<std::string, std::function<void()>> before_generation_;  // by label
};

// What a device or a service does before it asks: a key pair and a CSR in PEM.
struct CsrOptions {
  std::string common_name = "device-7";
  std::string dns_name;       // SAN when not empty
  std::string key = "P-256";  // "P-256", "P-384", "RSA:2048"
};
std::string make_csr(const CsrOptions& options = {});
// For one key that asks twice.
std::shared_ptr<EVP_PKEY> make_key(const std::string& key = "P-256");
std::string make_csr(const CsrOptions& options, EVP_PKEY* key);

}  // namespace test
