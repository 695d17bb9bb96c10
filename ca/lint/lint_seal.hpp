#pragma once
// Internal to ca/lint: nobody else may include it.
#include "ca/x509/to_be_signed.hpp"

namespace ca {

class LintSeal {
 public:
  [[nodiscard]] static ToBeSigned seal(Bytes der, SigningAlgorithm algorithm) {
    return ToBeSigned{std::move(der), algorithm};
  }
};

}  // namespace ca
