// A PKCS#11 module that stands before a real one (SHIM_REAL) and answers with faults on order
// (shim_control.hpp). For tests only, never installed. It is unloaded and loaded by recovery like any module,
// so all that must last is in the mapped file.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <iterator>
#include <p11-kit/pkcs11.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "tests/support/shim/shim_control.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace {

using test::ShimControl;

struct Shim {
  void* library = nullptr;
  CK_FUNCTION_LIST* real = nullptr;
  CK_FUNCTION_LIST functions{};
  ShimControl* control = nullptr;

  Shim();
  ~Shim() {
    if (control != nullptr) {
      ::munmap(control, sizeof(ShimControl));
    }
    if (library != nullptr) {
      ::dlclose(library);
    }
  }
};

// Lives as long as the library is mapped: Cryptoki's functions take no context.
Shim& shim() {
  static Shim instance;
  return instance;
}

ShimControl& orders() { return *shim().control; }
CK_FUNCTION_LIST& real() { return *shim().real; }

bool is_turn(std::uint64_t count, const std::atomic<std::uint64_t>& every) {
  const std::uint64_t n = every;
  return n != 0 && count % n == 0;
}

void hang_while(const std::atomic<std::uint64_t>& order) {
  ++orders().hanging;
  while (order != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  --orders().hanging;
}

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

CK_RV initialize(void* arguments) {
  ++orders().initializes;
  const CK_RV ordered = orders().initialize_rv;
  return ordered != 0 ? ordered : real().C_Initialize(arguments);
}

CK_RV finalize(void* reserved) {
  orders().sessions = 0;
  return real().C_Finalize(reserved);
}

CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* token) {
  if (orders().hang_token_info != 0) {
    hang_while(orders().hang_token_info);
  }
  if (const CK_RV gone = orders().gone; gone != 0) {
    return gone;
  }
  const CK_RV rv = real().C_GetTokenInfo(slot, token);
  if (rv == CKR_OK && orders().pin_count_low != 0) {
    token->flags |= CKF_USER_PIN_COUNT_LOW;
  }
  return rv;
}

CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                   CK_SESSION_HANDLE* session) {
  ++orders().open_sessions_calls;
  if (const CK_RV gone = orders().gone; gone != 0) {
    return gone;
  }
  const std::uint64_t limit = orders().session_limit;
  if (limit != 0 && ++orders().sessions > limit) {
    --orders().sessions;
    return CKR_SESSION_COUNT;
  }
  if (limit == 0) {
    ++orders().sessions;
  }
  const CK_RV rv = real().C_OpenSession(slot, flags, application, notify, session);
  if (rv != CKR_OK) {
    --orders().sessions;
  }
  return rv;
}

CK_RV close_session(CK_SESSION_HANDLE session) {
  const CK_RV rv = real().C_CloseSession(session);
  if (rv == CKR_OK) {
    --orders().sessions;
  }
  return rv;
}

CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG size) {
  ++orders().logins;
  if (const CK_RV gone = orders().gone; gone != 0) {
    return gone;
  }
  const CK_RV ordered = orders().login_rv;
  if (ordered == 0) {
    return real().C_Login(session, user, pin, size);
  }
  orders().pin_count_low = orders().login_counts_down.load();
  return ordered;
}

CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  if (const CK_RV gone = orders().gone; gone != 0) {
    return gone;
  }
  return real().C_FindObjectsInit(session, wanted, count);
}

CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                          CK_ULONG count) {
  if (count == 1 && wanted->type == CKA_NEVER_EXTRACTABLE && orders().throttle_audits != 0) {
    return CKR_DEVICE_ERROR;
  }
  return real().C_GetAttributeValue(session, object, wanted, count);
}

CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO* about) {
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
  const CK_RV rv = real().C_GetMechanismList(slot, list, count);
  if (rv == CKR_OK && list != nullptr && orders().hide_mechanism != 0) {
    *count = static_cast<CK_ULONG>(std::remove_if(list, list + *count, &is_hidden) - list);
  }
  return rv;
}

CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  const std::uint64_t count = ++orders().sign_inits;
  if (const CK_RV gone = orders().gone; gone != 0) {
    return gone;
  }
  if (orders().hide_mechanism != 0 && is_hidden(mechanism->mechanism)) {
    return CKR_MECHANISM_INVALID;
  }
  if (is_turn(count, orders().bad_session_every)) {
    close_session(session);
    return CKR_SESSION_HANDLE_INVALID;
  }
  if (is_turn(count, orders().logout_every)) {
    real().C_Logout(session);
    return CKR_USER_NOT_LOGGED_IN;
  }
  const ForgivenLeaks forgiven;
  return real().C_SignInit(session, mechanism, key);
}

CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE* message, CK_ULONG size, CK_BYTE* signature, CK_ULONG* length) {
  const std::uint64_t count = ++orders().signs;
  if (const std::uint64_t hangs = orders().hang_sign; hangs == 1 || hangs == size) {
    hang_while(orders().hang_sign);
  }
  if (const std::uint64_t us = orders().sign_latency_us; us != 0) {
    std::this_thread::sleep_for(std::chrono::microseconds{us});
  }
  if (const CK_RV gone = orders().gone; gone != 0) {
    return gone;
  }
  if (is_turn(count, orders().throttle_every)) {
    return CKR_FUNCTION_FAILED;
  }
  const ForgivenLeaks forgiven;
  const CK_RV rv = real().C_Sign(session, message, size, signature, length);
  if (rv == CKR_OK && signature != nullptr && orders().corrupt_signature != 0) {
    signature[*length / 2] ^= 1U;
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

CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* open,
                        CK_ULONG open_size, CK_ATTRIBUTE* closed, CK_ULONG closed_size,
                        CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key) {
  for (const std::uint64_t refused : {orders().refuse_attribute.load(), orders().refuse_another.load()}) {
    if (refused != 0 && attribute_in(closed, closed_size, refused) != nullptr) {
      return CKR_TEMPLATE_INCONSISTENT;
    }
  }
  if (const std::uint64_t forced = orders().force_attribute; forced != 0) {
    *static_cast<CK_BBOOL*>(attribute_in(closed, closed_size, forced)->pValue) = CK_TRUE;
  }
  const CK_RV rv = real().C_GenerateKeyPair(session, mechanism, open, open_size, closed, closed_size,
                                            public_key, private_key);
  note_asked(closed, closed_size);
  if (rv == CKR_OK && orders().generate_then_fail != 0) {
    --orders().generate_then_fail;
    if (const std::uint64_t lost = orders().lose_half; lost != 0) {
      real().C_DestroyObject(session, lost == CKO_PUBLIC_KEY ? *public_key : *private_key);
    }
    return CKR_DEVICE_REMOVED;
  }
  return rv;
}

Shim::Shim() {
  const char* file = std::getenv("SHIM_CONTROL");
  const int descriptor = file == nullptr ? -1 : ::open(file, O_RDWR | O_CLOEXEC);
  void* mapped = descriptor < 0 ? MAP_FAILED
                                : ::mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED,
                                         descriptor, 0);
  if (descriptor >= 0) {
    ::close(descriptor);
  }
  const char* path = std::getenv("SHIM_REAL");
  library = path == nullptr ? nullptr : ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const auto get = library == nullptr
                       ? nullptr
                       : reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (mapped == MAP_FAILED || get == nullptr || get(&real) != CKR_OK) {
    real = nullptr;
    return;
  }
  control = static_cast<ShimControl*>(mapped);
  functions = *real;
  functions.C_Initialize = &initialize;
  functions.C_Finalize = &finalize;
  functions.C_GetTokenInfo = &get_token_info;
  functions.C_OpenSession = &open_session;
  functions.C_CloseSession = &close_session;
  functions.C_Login = &login;
  functions.C_GetAttributeValue = &get_attribute_value;
  functions.C_GetSessionInfo = &get_session_info;
  functions.C_FindObjectsInit = &find_objects_init;
  functions.C_GetMechanismList = &get_mechanism_list;
  functions.C_SignInit = &sign_init;
  functions.C_Sign = &sign;
  functions.C_GenerateKeyPair = &generate_key_pair;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  if (shim().real == nullptr) {
    return CKR_GENERAL_ERROR;
  }
  shim().functions.C_GetFunctionList = &C_GetFunctionList;
  *list = &shim().functions;
  return CKR_OK;
}
