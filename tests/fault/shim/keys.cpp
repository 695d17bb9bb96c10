// Calls about objects and signatures.
#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <thread>
#include <vector>

#include "tests/fault/shim/device.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace shim {
namespace {

constexpr CK_OBJECT_HANDLE kHandles = CK_OBJECT_HANDLE{1} << 32U;
constexpr std::uint64_t kSecondNs = 1'000'000'000;

// SoftHSM 2.6.1 loses 37 bytes at each EdDSA signature; what this thread allocates meanwhile is forgiven.
class ForgivenLeaks {
 public:
#if defined(__SANITIZE_ADDRESS__)
  ForgivenLeaks() { __lsan_disable(); }
  ~ForgivenLeaks() { __lsan_enable(); }
#else
  ForgivenLeaks() {}
  ~ForgivenLeaks() {}
#endif
  ForgivenLeaks(const ForgivenLeaks&) = delete;
  ForgivenLeaks& operator=(const ForgivenLeaks&) = delete;
};

// Object handles as the client knows them.
CK_OBJECT_HANDLE shown(CK_OBJECT_HANDLE actual) { return actual + orders().handles_from; }
CK_OBJECT_HANDLE actual(CK_OBJECT_HANDLE shown) {
  const CK_OBJECT_HANDLE from = orders().handles_from;
  return shown < from || shown - from >= kHandles ? CK_INVALID_HANDLE : shown - from;
}

// Whether an order about keys is about this one.
bool is_meant(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  const std::uint64_t only = orders().only_key;
  std::array<char, 256> label{};
  CK_ATTRIBUTE wanted{CKA_LABEL, label.data(), label.size()};
  return only == 0 || (real().C_GetAttributeValue(session, key, &wanted, 1) == CKR_OK &&
                       test::label_hash({label.data(), wanted.ulValueLen}) == only);
}

CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  const CK_RV gone = absence_of(session);
  return gone != CKR_OK ? gone : real().C_FindObjectsInit(session, wanted, count);
}

CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* found, CK_ULONG most, CK_ULONG* count) {
  if (const CK_RV gone = absence(); gone != CKR_OK) {
    return gone;
  }
  const CK_RV rv = real().C_FindObjects(session, found, most, count);
  if (rv == CKR_OK) {
    std::transform(found, found + *count, found, &shown);
  }
  return rv;
}

// One attribute is all that the client asks for at a time.
CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                          CK_ULONG count) {
  if (const CK_RV gone = absence_of(session); gone != CKR_OK) {
    return gone;
  }
  if (count == 1 && wanted->type == CKA_NEVER_EXTRACTABLE && orders().throttle_audits != 0) {
    return CKR_DEVICE_ERROR;
  }
  if (count == 1 && !vendor_knows(wanted->type)) {
    wanted->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_ATTRIBUTE_TYPE_INVALID;
  }
  const CK_OBJECT_HANDLE key = actual(object);
  if (key == CK_INVALID_HANDLE) {
    return CKR_OBJECT_HANDLE_INVALID;
  }
  const CK_RV rv = real().C_GetAttributeValue(session, key, wanted, count);
  const bool is_flag = count == 1 && wanted->pValue != nullptr && wanted->ulValueLen == sizeof(CK_BBOOL);
  if (rv == CKR_OK && is_flag && wanted->type == orders().weaken_attribute && is_meant(session, key)) {
    *static_cast<CK_BBOOL*>(wanted->pValue) ^= 1U;
  }
  return rv;
}

CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE object) {
  const std::uint64_t count = ++orders().sign_inits;
  if (const CK_RV gone = absence_of(session); gone != CKR_OK) {
    return gone;
  }
  const std::uint64_t hidden = orders().hide_mechanism;
  if (hidden != 0 && (hidden == mechanism->mechanism || hidden == test::kAllMechanisms)) {
    return CKR_MECHANISM_INVALID;
  }
  if (is_turn(count, orders().bad_session_every) || take(orders().bad_sessions)) {
    close_session(session);
    return CKR_SESSION_HANDLE_INVALID;
  }
  if (is_turn(count, orders().logout_every) || take(orders().logouts)) {
    real().C_Logout(session);
    return CKR_USER_NOT_LOGGED_IN;
  }
  const CK_OBJECT_HANDLE key = actual(object);
  if (key == CK_INVALID_HANDLE) {
    return CKR_KEY_HANDLE_INVALID;
  }
  sessions().signs_with(session, key);
  const ForgivenLeaks forgiven;
  return real().C_SignInit(session, mechanism, key);
}

// Waits for this signature's place in the device's queue. False when that would be too long.
bool wait_in_queue() {
  const std::uint64_t capacity = orders().capacity_per_s;
  if (capacity == 0) {
    return true;
  }
  const std::uint64_t limit_ns = orders().queue_limit_us * 1000;
  std::uint64_t next = orders().next_place_ns;
  std::uint64_t place = 0;
  do {
    const std::uint64_t now = now_ns();
    place = std::max(next, now);
    if (limit_ns != 0 && place - now > limit_ns) {
      return false;
    }
  } while (!orders().next_place_ns.compare_exchange_weak(next, place + kSecondNs / capacity));
  std::this_thread::sleep_until(std::chrono::steady_clock::time_point{std::chrono::nanoseconds{place}});
  return true;
}

CK_RV throttle() {
  ++orders().throttled;
  const CK_RV ordered = orders().throttle_rv;
  return ordered != 0 ? ordered : CKR_FUNCTION_FAILED;
}

bool is_about_key_of(CK_SESSION_HANDLE session) {
  return orders().only_key == 0 || is_meant(session, sessions().key_of(session));
}

void delay(CK_SESSION_HANDLE session, CK_ULONG size) {
  const std::uint64_t hangs = orders().hang_sign;
  if ((hangs == 1 || (hangs != 0 && hangs == size)) && is_about_key_of(session)) {
    hang_while(orders().hang_sign);
  }
  if (const std::uint64_t us = orders().sign_latency_us; us != 0) {
    std::this_thread::sleep_for(std::chrono::microseconds{us});
  }
}

void count_good() {
  ++orders().good_signs;
  std::uint64_t none = 0;
  if (orders().first_good_ns == none && now_ns() >= orders().gone_until_ns) {
    orders().first_good_ns.compare_exchange_strong(none, now_ns());
  }
}

CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE* message, CK_ULONG size, CK_BYTE* signature, CK_ULONG* length) {
  const std::uint64_t count = ++orders().signs;
  delay(session, size);
  if (is_turn(count, orders().throttle_every) || !wait_in_queue()) {
    return throttle();
  }
  if (const CK_RV gone = absence_of(session); gone != CKR_OK) {
    return gone;
  }
  const ForgivenLeaks forgiven;
  const CK_RV rv = real().C_Sign(session, message, size, signature, length);
  if (rv == CKR_OK && signature != nullptr) {
    count_good();
    if (orders().corrupt_signature != 0 && is_about_key_of(session)) {
      signature[*length / 2] ^= 1U;
    }
  }
  return rv;
}

CK_ATTRIBUTE* attribute_in(CK_ATTRIBUTE* list, CK_ULONG size, std::uint64_t type) {
  CK_ATTRIBUTE* found = std::find_if(
      list, list + size, [type](const CK_ATTRIBUTE& attribute) { return attribute.type == type; });
  return found == list + size ? nullptr : found;
}

void note_asked(CK_ATTRIBUTE* list, CK_ULONG size) {
  std::uint64_t asked = 0;
  for (std::size_t i = 0; i < std::size(test::kAskable); ++i) {
    asked |= attribute_in(list, size, test::kAskable[i]) != nullptr ? std::uint64_t{1} << i : 0;
  }
  orders().asked_last = asked;
}

CK_RV judge_template(CK_ATTRIBUTE* list, CK_ULONG size) {
  for (const std::uint64_t refused : {orders().refuse_attribute.load(), orders().refuse_another.load()}) {
    if (refused != 0 && attribute_in(list, size, refused) != nullptr) {
      return CKR_TEMPLATE_INCONSISTENT;
    }
  }
  return vendor_judges_template(list, size);
}

// The template of the private key as the device understands it.
std::vector<CK_ATTRIBUTE> understood(CK_ATTRIBUTE* list, CK_ULONG size) {
  static constexpr CK_BBOOL kTrue = CK_TRUE;
  std::vector<CK_ATTRIBUTE> result{list, list + size};
  if (vendor_keys_are_extractable() && attribute_in(list, size, CKA_EXTRACTABLE) == nullptr) {
    result.push_back({CKA_EXTRACTABLE, const_cast<CK_BBOOL*>(&kTrue), sizeof kTrue});
  }
  return result;
}

CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* open,
                        CK_ULONG open_size, CK_ATTRIBUTE* closed, CK_ULONG closed_size,
                        CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key) {
  if (const CK_RV gone = absence_of(session); gone != CKR_OK) {
    return gone;
  }
  if (const CK_RV refused = judge_template(closed, closed_size); refused != CKR_OK) {
    return refused;
  }
  if (const std::uint64_t forced = orders().force_attribute; forced != 0) {
    *static_cast<CK_BBOOL*>(attribute_in(closed, closed_size, forced)->pValue) = CK_TRUE;
  }
  auto whole = understood(closed, closed_size);
  const CK_RV rv = real().C_GenerateKeyPair(session, mechanism, open, open_size, whole.data(), whole.size(),
                                            public_key, private_key);
  note_asked(closed, closed_size);
  if (rv != CKR_OK) {
    return rv;
  }
  if (take(orders().generate_then_fail)) {
    if (const std::uint64_t lost = orders().lose_half; lost != 0) {
      real().C_DestroyObject(session, lost == CKO_PUBLIC_KEY ? *public_key : *private_key);
    }
    return CKR_DEVICE_REMOVED;
  }
  *public_key = shown(*public_key);
  *private_key = shown(*private_key);
  return CKR_OK;
}

CK_RV destroy_object(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  const CK_RV gone = absence_of(session);
  return gone != CKR_OK ? gone : real().C_DestroyObject(session, actual(object));
}

CK_RV wrap_key(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE by, CK_OBJECT_HANDLE key,
               CK_BYTE* wrapped, CK_ULONG* size) {
  const CK_RV gone = absence_of(session);
  return gone != CKR_OK ? gone : real().C_WrapKey(session, mechanism, actual(by), actual(key), wrapped, size);
}

CK_RV verify_init(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  const CK_RV gone = absence_of(session);
  return gone != CKR_OK ? gone : real().C_VerifyInit(session, mechanism, actual(key));
}

}  // namespace

void put_key_calls(CK_FUNCTION_LIST& functions) {
  functions.C_FindObjectsInit = &find_objects_init;
  functions.C_FindObjects = &find_objects;
  functions.C_FindObjectsFinal = &Device<&CK_FUNCTION_LIST::C_FindObjectsFinal>::call;
  functions.C_GetAttributeValue = &get_attribute_value;
  functions.C_SignInit = &sign_init;
  functions.C_Sign = &sign;
  functions.C_GenerateKeyPair = &generate_key_pair;
  functions.C_GenerateRandom = &Device<&CK_FUNCTION_LIST::C_GenerateRandom>::call;
  functions.C_DestroyObject = &destroy_object;
  functions.C_WrapKey = &wrap_key;
  functions.C_VerifyInit = &verify_init;
  functions.C_Verify = &Device<&CK_FUNCTION_LIST::C_Verify>::call;
}

}  // namespace shim
