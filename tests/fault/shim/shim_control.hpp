#pragma once
// The faults that a test orders from the shim (pkcs11_shim.cpp), in a file that both map: SHIM_CONTROL names
// it. This is the one description of its layout: one word after the other, in this order.
// tests/support/shim.py reads it from here; the shim takes no file of another size.
#include <atomic>
#include <cstdint>
#include <string_view>

namespace test {

// CKA_DECRYPT, CKA_SIGN_RECOVER, CKA_UNWRAP, CKA_DERIVE, CKA_MODIFIABLE, CKA_COPYABLE
constexpr std::uint64_t kAskable[] = {0x105, 0x109, 0x107, 0x10c, 0x170, 0x171};

constexpr std::uint64_t kAllMechanisms = ~std::uint64_t{0};
constexpr std::uint64_t kCloudHsm = 1;

// What `only_key` holds: FNV-1a, 64 bits.
constexpr std::uint64_t label_hash(std::string_view label) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : label) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

struct ShimControl {
  // Orders; 0 is off. Times are of the monotonic clock, in nanoseconds.
  std::atomic<std::uint64_t> sign_latency_us;  // C_Sign sleeps so long first
  // C_Sign gives so many signatures in a second, whatever the number of threads: a queue without an end.
  std::atomic<std::uint64_t> capacity_per_s;
  std::atomic<std::uint64_t> queue_limit_us;  // who would wait longer in that queue gets throttle_rv at once
  std::atomic<std::uint64_t> gone;            // every call that needs the device answers this CKR
  std::atomic<std::uint64_t> gone_until_ns;   // until then; 0: until `gone` is 0
  std::atomic<std::uint64_t> loses_sessions;  // the next call finds all sessions and the login lost; then 0
  std::atomic<std::uint64_t>
      bad_session_every;  // each n-th C_SignInit closes its session: CKR_SESSION_HANDLE_INVALID
  std::atomic<std::uint64_t> bad_sessions;       // the next n C_SignInit do, counted down
  std::atomic<std::uint64_t> logout_every;       // each n-th C_SignInit logs everybody out first
  std::atomic<std::uint64_t> logouts;            // the next n C_SignInit do, counted down
  std::atomic<std::uint64_t> throttle_every;     // each n-th C_Sign answers throttle_rv
  std::atomic<std::uint64_t> throttle_rv;        // 0: CKR_FUNCTION_FAILED
  std::atomic<std::uint64_t> login_rv;           // C_Login answers this
  std::atomic<std::uint64_t> login_counts_down;  // a refused C_Login sets CKF_USER_PIN_COUNT_LOW
  std::atomic<std::uint64_t>
      pin_tries;  // so many wrong PINs lock it, with the flags on the way as in Cryptoki
  std::atomic<std::uint64_t> initialize_rv;  // C_Initialize answers this
  std::atomic<std::uint64_t> session_limit;  // C_OpenSession answers CKR_SESSION_COUNT beyond it
  // Orders "of a key" are about this key only: label_hash of its CKA_LABEL. 0: about every key.
  std::atomic<std::uint64_t> only_key;
  std::atomic<std::uint64_t> corrupt_signature;  // of a key: C_Sign flips a bit of what it returns
  // Of a key: C_Sign does not come back while this stands: 1, or only for an input of so many bytes.
  std::atomic<std::uint64_t> hang_sign;
  std::atomic<std::uint64_t>
      weaken_attribute;  // of a key: C_GetAttributeValue tells this flag the other way round
  std::atomic<std::uint64_t> hang_token_info;  // C_GetTokenInfo does not come back either
  // Object handles have another value from now on, the old ones are invalid. A multiple of 2^32.
  std::atomic<std::uint64_t> handles_from;
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
  // kCloudHsm: no read-only sessions, no calls that set a token up, PINs are CU_name:password, attributes
  // that it does not know, CKA_EXTRACTABLE true unless the template says otherwise.
  std::atomic<std::uint64_t> vendor;
  // Counters.
  std::atomic<std::uint64_t> initializes;
  std::atomic<std::uint64_t> logins;
  std::atomic<std::uint64_t> wrong_pins;  // in a row
  std::atomic<std::uint64_t> sign_inits;
  std::atomic<std::uint64_t> signs;
  std::atomic<std::uint64_t> good_signs;
  std::atomic<std::uint64_t>
      first_good_ns;  // when the first good C_Sign came, gone_until_ns over, after a 0 was written
  std::atomic<std::uint64_t> throttled;
  std::atomic<std::uint64_t> hanging;
  std::atomic<std::uint64_t> open_sessions_calls;
  std::atomic<std::uint64_t> read_only_refused;
  std::atomic<std::uint64_t> setup_refused;
  std::atomic<std::uint64_t> sessions;  // open now
  std::atomic<std::uint64_t> pin_count_low;
  std::atomic<std::uint64_t> asked_last;     // kAskable of the last private key that was made, as bits
  std::atomic<std::uint64_t> next_place_ns;  // the shim's own: when capacity_per_s gives the next signature
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between instances by memory alone");

}  // namespace test
