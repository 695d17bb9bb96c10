#pragma once
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ca/base/error.hpp"
#include "ca/signer/signer.hpp"
#include "pkcs11/token.hpp"

namespace ca {

// How a failure of the token layer looks to the callers of a Signer. What a person must change at the token
// or its configuration is `unavailable`: afterwards the same call works.
[[nodiscard]] Code code_of(pkcs11::ErrorClass error_class);

// The Signer over the configured tokens; a key's URI names its token by label or serial.
class Pkcs11Signer final : public Signer {
 public:
  // Pairs of configured name and token; the tokens outlive the signer.
  explicit Pkcs11Signer(std::vector<std::pair<std::string, pkcs11::Token*>> tokens);

  [[nodiscard]] Bytes sign(const SigningKey& key, const ToBeSigned& message, Deadline deadline) override;
  [[nodiscard]] GeneratedSigningKey generate(const std::string& token, const std::string& label,
                                             KeyAlgorithm algorithm, Deadline deadline) override;
  [[nodiscard]] std::optional<GeneratedSigningKey> find(const std::string& token, const std::string& label,
                                                        Deadline deadline) override;
  void audit(const SigningKey& key, Deadline deadline) override;
  bool trust_again(const SigningKey& key, std::chrono::milliseconds rest, Deadline deadline) override;
  [[nodiscard]] KeyVerdict verdict(const SigningKey& key) const override;
  [[nodiscard]] bool is_away(const SigningKey& key) const override;
  // Signatures that did not verify, since the start.
  [[nodiscard]] std::uint64_t bad_signatures() const { return bad_signatures_; }

 private:
  [[nodiscard]] pkcs11::Token& named(const std::string& token) const;
  [[nodiscard]] pkcs11::Token& holding(const pkcs11::Uri& key) const;
  // nullptr: none of the configured tokens.
  [[nodiscard]] pkcs11::Token* find_holding(const pkcs11::Uri& key) const;
  void refuse_distrusted(const pkcs11::Uri& key) const;

  std::vector<std::pair<std::string, pkcs11::Token*>> tokens_;
  mutable std::mutex mutex_;
  std::map<std::string, Deadline> distrusted_;  // by URI: when its last signature failed to verify
  std::atomic<std::uint64_t> bad_signatures_{0};
};

}  // namespace ca
