#pragma once
#include <vector>

#include "pkcs11/doctor.hpp"
#include "pkcs11/token_options.hpp"

namespace pkcs11 {

// Tries to take a private key out of its token in every way that Cryptoki offers, which all must fail, and to
// sign with it, which must work. All steps are made, also after one that failed, so that one look shows all
// that is wrong; only without a login or the key nothing is left to try. What is made for it on the token
// (session objects) is gone at return. Throws nothing. Not beside a Token on the same module in one process.
//
// Steps: login, key, attributes, read, wrap, copy, sign.
[[nodiscard]] std::vector<DoctorStep> prove_key(const TokenOptions& options, const Uri& key);

}  // namespace pkcs11
