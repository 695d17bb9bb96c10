// What is known of AWS CloudHSM, Client SDK 5, where it differs from SoftHSM: its PKCS#11 library's pages on
// supported operations, attributes and known issues.
#include <algorithm>
#include <string_view>

#include "tests/fault/shim/device.hpp"

namespace shim {
namespace {

// Outside the tables of attributes of private keys.
constexpr CK_ATTRIBUTE_TYPE kUnknown[] = {CKA_SIGN_RECOVER, CKA_COPYABLE, CKA_ALWAYS_AUTHENTICATE,
                                          CKA_ALLOWED_MECHANISMS, CKA_SUBJECT};
constexpr CK_ULONG kLongestUser = 31;
constexpr CK_ULONG kShortestPassword = 8;
constexpr CK_ULONG kLongestPassword = 32;

bool is_cloudhsm() { return orders().vendor == test::kCloudHsm; }

// A call that sets a token up, or that its list of operations does not have.
template <auto Member>
struct Missing;
template <typename... Arguments, CK_RV (*CK_FUNCTION_LIST::*Member)(Arguments...)>
struct Missing<Member> {
  static CK_RV call(Arguments... arguments) {
    if (is_cloudhsm()) {
      ++orders().setup_refused;
      return CKR_FUNCTION_NOT_SUPPORTED;
    }
    return Device<Member>::call(arguments...);
  }
};

}  // namespace

CK_RV vendor_judges_session(CK_FLAGS flags) {
  if (is_cloudhsm() && (flags & CKF_RW_SESSION) == 0) {
    ++orders().read_only_refused;
    return CKR_FUNCTION_FAILED;
  }
  return CKR_OK;
}

CK_RV vendor_judges_pin(const CK_UTF8CHAR* pin, CK_ULONG size) {
  if (!is_cloudhsm()) {
    return CKR_OK;
  }
  const std::string_view text{reinterpret_cast<const char*>(pin), size};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > kLongestUser) {
    return CKR_PIN_INCORRECT;
  }
  const auto password = text.size() - colon - 1;
  return password < kShortestPassword || password > kLongestPassword ? CKR_PIN_INCORRECT : CKR_OK;
}

bool vendor_knows(CK_ATTRIBUTE_TYPE type) {
  return !is_cloudhsm() || std::find(std::begin(kUnknown), std::end(kUnknown), type) == std::end(kUnknown);
}

CK_RV vendor_judges_template(const CK_ATTRIBUTE* list, CK_ULONG size) {
  const bool known = std::all_of(list, list + size,
                                 [](const CK_ATTRIBUTE& attribute) { return vendor_knows(attribute.type); });
  return known ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

bool vendor_keys_are_extractable() { return is_cloudhsm(); }

void put_vendor_calls(CK_FUNCTION_LIST& functions) {
  functions.C_InitToken = &Missing<&CK_FUNCTION_LIST::C_InitToken>::call;
  functions.C_InitPIN = &Missing<&CK_FUNCTION_LIST::C_InitPIN>::call;
  functions.C_SetPIN = &Missing<&CK_FUNCTION_LIST::C_SetPIN>::call;
  functions.C_CopyObject = &Missing<&CK_FUNCTION_LIST::C_CopyObject>::call;
  functions.C_GetOperationState = &Missing<&CK_FUNCTION_LIST::C_GetOperationState>::call;
  functions.C_SetOperationState = &Missing<&CK_FUNCTION_LIST::C_SetOperationState>::call;
  functions.C_SeedRandom = &Missing<&CK_FUNCTION_LIST::C_SeedRandom>::call;
  functions.C_WaitForSlotEvent = &Missing<&CK_FUNCTION_LIST::C_WaitForSlotEvent>::call;
}

}  // namespace shim
