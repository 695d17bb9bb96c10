// Calls about the module, its slots, sessions and the login.
#include <algorithm>

#include "tests/fault/shim/device.hpp"

namespace shim {
namespace {

CK_RV initialize(void* arguments) {
  ++orders().initializes;
  const CK_RV ordered = orders().initialize_rv;
  return ordered != 0 ? ordered : real().C_Initialize(arguments);
}

CK_RV finalize(void* reserved) {
  orders().sessions = 0;
  return real().C_Finalize(reserved);
}

CK_FLAGS pin_flags() {
  const std::uint64_t tries = orders().pin_tries;
  const std::uint64_t wrong = orders().wrong_pins;
  CK_FLAGS flags = orders().pin_count_low != 0 ? CKF_USER_PIN_COUNT_LOW : CK_FLAGS{0};
  if (tries != 0 && wrong != 0) {
    flags |= CKF_USER_PIN_COUNT_LOW;
    flags |= wrong >= tries ? CKF_USER_PIN_LOCKED : wrong + 1 == tries ? CKF_USER_PIN_FINAL_TRY : 0;
  }
  return flags;
}

CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* token) {
  if (orders().hang_token_info != 0) {
    hang_while(orders().hang_token_info);
  }
  if (const CK_RV gone = absence(); gone != CKR_OK) {
    return gone;
  }
  const CK_RV rv = real().C_GetTokenInfo(slot, token);
  if (rv == CKR_OK) {
    token->flags |= pin_flags();
  }
  return rv;
}

CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                   CK_SESSION_HANDLE* session) {
  ++orders().open_sessions_calls;
  if (const CK_RV gone = absence(); gone != CKR_OK) {
    return gone;
  }
  if (const CK_RV refused = vendor_judges_session(flags); refused != CKR_OK) {
    return refused;
  }
  const std::uint64_t limit = orders().session_limit;
  if (++orders().sessions > limit && limit != 0) {
    --orders().sessions;
    return CKR_SESSION_COUNT;
  }
  const CK_RV rv = real().C_OpenSession(slot, flags, application, notify, session);
  if (rv == CKR_OK) {
    sessions().opened(*session);
  } else {
    --orders().sessions;
  }
  return rv;
}

CK_RV judge_pin(const CK_UTF8CHAR* pin, CK_ULONG size) {
  const std::uint64_t tries = orders().pin_tries;
  if (tries != 0 && orders().wrong_pins >= tries) {
    return CKR_PIN_LOCKED;
  }
  return vendor_judges_pin(pin, size);
}

CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG size) {
  ++orders().logins;
  if (const CK_RV gone = absence_of(session); gone != CKR_OK) {
    return gone;
  }
  if (const CK_RV ordered = orders().login_rv; ordered != 0) {
    orders().pin_count_low = orders().login_counts_down.load();
    return ordered;
  }
  CK_RV rv = judge_pin(pin, size);
  if (rv == CKR_OK) {
    rv = real().C_Login(session, user, pin, size);
  }
  if (rv == CKR_PIN_INCORRECT) {
    ++orders().wrong_pins;
  } else if (rv == CKR_OK) {
    orders().wrong_pins = 0;
  }
  return rv;
}

CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO* about) {
  if (const CK_RV gone = absence_of(session); gone != CKR_OK) {
    return gone;
  }
  const CK_RV rv = real().C_GetSessionInfo(session, about);
  if (rv == CKR_OK && orders().hide_login != 0) {
    about->state = CKS_RW_PUBLIC_SESSION;
  }
  return rv;
}

bool is_hidden(CK_MECHANISM_TYPE type) {
  const std::uint64_t hidden = orders().hide_mechanism;
  return hidden == type || hidden == test::kAllMechanisms;
}

CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE* list, CK_ULONG* count) {
  if (const CK_RV gone = absence(); gone != CKR_OK) {
    return gone;
  }
  const CK_RV rv = real().C_GetMechanismList(slot, list, count);
  if (rv == CKR_OK && list != nullptr && orders().hide_mechanism != 0) {
    *count = static_cast<CK_ULONG>(std::remove_if(list, list + *count, &is_hidden) - list);
  }
  return rv;
}

}  // namespace

void Sessions::opened(CK_SESSION_HANDLE session) {
  const std::lock_guard lock{mutex_};
  known_[session] = {.generation = generation_};
}

void Sessions::closed(CK_SESSION_HANDLE session) {
  const std::lock_guard lock{mutex_};
  known_.erase(session);
}

void Sessions::all_lost() {
  const std::lock_guard lock{mutex_};
  ++generation_;
}

bool Sessions::is_lost(CK_SESSION_HANDLE session) const {
  const std::lock_guard lock{mutex_};
  const auto found = known_.find(session);
  return found != known_.end() && found->second.generation != generation_;
}

void Sessions::signs_with(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  const std::lock_guard lock{mutex_};
  if (const auto found = known_.find(session); found != known_.end()) {
    found->second.key = key;
  }
}

CK_OBJECT_HANDLE Sessions::key_of(CK_SESSION_HANDLE session) const {
  const std::lock_guard lock{mutex_};
  const auto found = known_.find(session);
  return found == known_.end() ? CK_INVALID_HANDLE : found->second.key;
}

CK_RV close_session(CK_SESSION_HANDLE session) {
  const CK_RV rv = real().C_CloseSession(session);
  if (rv == CKR_OK) {
    sessions().closed(session);
    --orders().sessions;
  }
  return rv;
}

// Each lost session is closed by the thread that uses it: SoftHSM bears no C_CloseAllSessions beside a
// C_Sign.
CK_RV absence_of(CK_SESSION_HANDLE session) {
  if (const CK_RV gone = absence(); gone != CKR_OK) {
    return gone;
  }
  if (take(orders().loses_sessions)) {
    sessions().all_lost();
    real().C_Logout(session);
  }
  if (!sessions().is_lost(session)) {
    return CKR_OK;
  }
  close_session(session);
  return CKR_SESSION_HANDLE_INVALID;
}

void put_session_calls(CK_FUNCTION_LIST& functions) {
  functions.C_Initialize = &initialize;
  functions.C_Finalize = &finalize;
  functions.C_GetTokenInfo = &get_token_info;
  functions.C_OpenSession = &open_session;
  functions.C_CloseSession = &close_session;
  functions.C_Login = &login;
  functions.C_Logout = &Device<&CK_FUNCTION_LIST::C_Logout>::call;
  functions.C_GetSessionInfo = &get_session_info;
  functions.C_GetMechanismList = &get_mechanism_list;
  functions.C_GetMechanismInfo = &Device<&CK_FUNCTION_LIST::C_GetMechanismInfo>::call;
}

}  // namespace shim
