#pragma once
// The module behind the shim, its orders, and what the calls of several files share.
#include <cstdint>
#include <map>
#include <mutex>
#include <p11-kit/pkcs11.h>

#include "tests/fault/shim/shim_control.hpp"

namespace shim {

// What the shim knows of a session beside SoftHSM. Guarded by its own lock; unloading the shim forgets it.
class Sessions {
 public:
  void opened(CK_SESSION_HANDLE session);
  void closed(CK_SESSION_HANDLE session);
  void all_lost();
  [[nodiscard]] bool is_lost(CK_SESSION_HANDLE session) const;
  void signs_with(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);
  [[nodiscard]] CK_OBJECT_HANDLE key_of(CK_SESSION_HANDLE session) const;

 private:
  struct Session {
    std::uint64_t generation = 0;
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;  // of the last C_SignInit
  };
  mutable std::mutex mutex_;
  std::map<CK_SESSION_HANDLE, Session> known_;
  std::uint64_t generation_ = 0;
};

// Only once the library was loaded: see pkcs11_shim.cpp.
test::ShimControl& orders();
CK_FUNCTION_LIST& real();
Sessions& sessions();

// What a call answers while the device is gone; CKR_OK while it is there.
CK_RV absence();
// The same, and whether the device still knows the session.
CK_RV absence_of(CK_SESSION_HANDLE session);
CK_RV close_session(CK_SESSION_HANDLE session);

std::uint64_t now_ns();
// One of `order` is used up. False when there was none left.
bool take(std::atomic<std::uint64_t>& order);
bool is_turn(std::uint64_t count, const std::atomic<std::uint64_t>& every);
void hang_while(const std::atomic<std::uint64_t>& order);

// These forward the call unless the device is gone.
template <auto Member>
struct Device;
template <typename... Arguments, CK_RV (*CK_FUNCTION_LIST::*Member)(Arguments...)>
struct Device<Member> {
  static CK_RV call(Arguments... arguments) {
    const CK_RV gone = absence();
    return gone != CKR_OK ? gone : (real().*Member)(arguments...);
  }
};

// How a certain HSM differs from SoftHSM. A judgement is CKR_OK when the call may go on.
CK_RV vendor_judges_session(CK_FLAGS flags);
CK_RV vendor_judges_pin(const CK_UTF8CHAR* pin, CK_ULONG size);
CK_RV vendor_judges_template(const CK_ATTRIBUTE* list, CK_ULONG size);
bool vendor_knows(CK_ATTRIBUTE_TYPE type);
bool vendor_keys_are_extractable();

// Each file puts its calls in the place of SoftHSM's.
void put_key_calls(CK_FUNCTION_LIST& functions);
void put_session_calls(CK_FUNCTION_LIST& functions);
void put_vendor_calls(CK_FUNCTION_LIST& functions);

}  // namespace shim
