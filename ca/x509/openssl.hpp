#pragma once
#include <memory>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string>

// OpenSSL objects as owned values; the only place that names their free functions.
namespace ca::openssl {

struct Deleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};

using Pkey = std::unique_ptr<EVP_PKEY, Deleter>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter>;
using MdContext = std::unique_ptr<EVP_MD_CTX, Deleter>;
using Number = std::unique_ptr<BIGNUM, Deleter>;
using NumberContext = std::unique_ptr<BN_CTX, Deleter>;

// The reasons in this thread's error queue, oldest first, and an empty queue behind it.
[[nodiscard]] inline std::string take_errors() {
  std::string text;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    text += (text.empty() ? "" : "; ") + std::string{reason == nullptr ? "unknown" : reason};
  }
  return text;
}

}  // namespace ca::openssl
