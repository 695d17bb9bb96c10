#pragma once
#include <utility>

#include "ca/base/bytes.hpp"
#include "ca/x509/algorithm.hpp"

namespace ca {

// Bytes that were checked: the only form in which anything goes to a signer (I4). Only ca/lint makes one.
class ToBeSigned {
 public:
  [[nodiscard]] const Bytes& der() const { return der_; }
  [[nodiscard]] SigningAlgorithm algorithm() const { return algorithm_; }

 private:
  friend class LintSeal;
  ToBeSigned(Bytes der, SigningAlgorithm algorithm) : der_{std::move(der)}, algorithm_{algorithm} {}
  Bytes der_;
  SigningAlgorithm algorithm_;
};

}  // namespace ca
