#pragma once
// The faults that a test orders from the shim (pkcs11_shim.cpp), in a file that both map: SHIM_CONTROL names
// it.
#include <atomic>
#include <cstdint>

namespace test {

// CKA_DECRYPT, CKA_SIGN_RECOVER, CKA_UNWRAP, CKA_DERIVE, CKA_MODIFIABLE, CKA_COPYABLE
// Not inline: a symbol of the whole process would keep the shim from being unloaded.
constexpr std::uint64_t kAskable[] = {0x105, 0x109, 0x107, 0x10c, 0x170, 0x171};

constexpr std::uint64_t kAllMechanisms = ~std::uint64_t{0};

struct ShimControl {
  // Orders; 0 is off.
  std::atomic<std::uint64_t> sign_latency_us;  // C_Sign sleeps so long first
  std::atomic<std::uint64_t> gone;             // every call that needs the device answers this CKR
  std::atomic<std::uint64_t>
      bad_session_every;  // each n-th C_SignInit closes its session: CKR_SESSION_HANDLE_INVALID
  std::atomic<std::uint64_t> logout_every;       // each n-th C_SignInit logs everybody out first
  std::atomic<std::uint64_t> throttle_every;     // each n-th C_Sign answers CKR_FUNCTION_FAILED
  std::atomic<std::uint64_t> login_rv;           // C_Login answers this
  std::atomic<std::uint64_t> login_counts_down;  // a refused C_Login sets CKF_USER_PIN_COUNT_LOW
  std::atomic<std::uint64_t> initialize_rv;      // C_Initialize answers this
  std::atomic<std::uint64_t> corrupt_signature;  // C_Sign flips a bit of what it returns
  std::atomic<std::uint64_t> session_limit;      // C_OpenSession answers CKR_SESSION_COUNT beyond it
  // C_Sign does not come back while this stands: 1, or only for an input of so many bytes.
  std::atomic<std::uint64_t> hang_sign;
  std::atomic<std::uint64_t> hang_token_info;  // nor C_GetTokenInfo
  std::atomic<std::uint64_t>
      generate_then_fail;  // n: the n next C_GenerateKeyPair work and then answer CKR_DEVICE_REMOVED
  // C_GenerateKeyPair does not take these attributes in the template of a private key.
  std::atomic<std::uint64_t> refuse_attribute, refuse_another;
  std::atomic<std::uint64_t>
      force_attribute;  // C_GenerateKeyPair makes this one true where false is asked for
  std::atomic<std::uint64_t>
      lose_half;  // what generate_then_fail made loses its CKO_PUBLIC_KEY or CKO_PRIVATE_KEY
  std::atomic<std::uint64_t>
      throttle_audits;  // C_GetAttributeValue of CKA_NEVER_EXTRACTABLE answers CKR_DEVICE_ERROR
  std::atomic<std::uint64_t> hide_mechanism;  // this CKM is not there; kAllMechanisms: none is
  std::atomic<std::uint64_t> hide_login;      // C_GetSessionInfo never tells of a login
  // Counters.
  std::atomic<std::uint64_t> initializes;
  std::atomic<std::uint64_t> logins;
  std::atomic<std::uint64_t> sign_inits;
  std::atomic<std::uint64_t> signs;
  std::atomic<std::uint64_t> hanging;
  std::atomic<std::uint64_t> open_sessions_calls;
  std::atomic<std::uint64_t> sessions;  // open now
  std::atomic<std::uint64_t> pin_count_low;
  std::atomic<std::uint64_t> asked_last;  // kAskable of the last private key that was made, as bits
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between instances by memory alone");

}  // namespace test
