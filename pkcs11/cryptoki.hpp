#pragma once
// The one place that includes the Cryptoki header; inside pkcs11/ only, in .cpp files and internal headers.
#include <p11-kit/pkcs11.h>

namespace pkcs11 {

using Functions = CK_FUNCTION_LIST;

// One open session. A plain value: its owner is a Lease or the supervisor.
struct Session {
  Functions* functions = nullptr;
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  bool tells_login = false;  // its C_GetSessionInfo told the truth after the login
};

}  // namespace pkcs11
