// A PKCS#11 module that stands before a real one (SHIM_REAL) and answers with faults on order
// (shim_control.hpp). For tests only, never installed. It is unloaded and loaded by recovery like any module,
// so all that must last is in the mapped file.
#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "tests/fault/shim/device.hpp"

namespace shim {
namespace {

using test::ShimControl;

struct Shim {
  void* library = nullptr;
  CK_FUNCTION_LIST* real = nullptr;
  CK_FUNCTION_LIST functions{};
  ShimControl* control = nullptr;
  Sessions sessions;

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
Shim& instance() {
  static Shim shim;
  return shim;
}

// nullptr: there is none, or it is of another layout than this.
ShimControl* map_control() {
  const char* file = std::getenv("SHIM_CONTROL");
  const int descriptor = file == nullptr ? -1 : ::open(file, O_RDWR | O_CLOEXEC);
  struct stat about {};
  void* mapped = MAP_FAILED;
  if (descriptor >= 0 && ::fstat(descriptor, &about) == 0 && about.st_size == sizeof(ShimControl)) {
    mapped = ::mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  }
  if (descriptor >= 0) {
    ::close(descriptor);
  }
  return mapped == MAP_FAILED ? nullptr : static_cast<ShimControl*>(mapped);
}

Shim::Shim() : control{map_control()} {
  const char* path = std::getenv("SHIM_REAL");
  library = path == nullptr ? nullptr : ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const auto get = library == nullptr
                       ? nullptr
                       : reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (control == nullptr || get == nullptr || get(&real) != CKR_OK) {
    real = nullptr;
    return;
  }
  functions = *real;
  put_session_calls(functions);
  put_key_calls(functions);
  put_vendor_calls(functions);
}

}  // namespace

test::ShimControl& orders() { return *instance().control; }
CK_FUNCTION_LIST& real() { return *instance().real; }
Sessions& sessions() { return instance().sessions; }

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                    std::chrono::nanoseconds{1});
}

CK_RV absence() {
  const CK_RV rv = orders().gone;
  const std::uint64_t until = orders().gone_until_ns;
  return until == 0 || now_ns() < until ? rv : CKR_OK;
}

bool take(std::atomic<std::uint64_t>& order) {
  std::uint64_t left = order;
  while (left != 0 && !order.compare_exchange_weak(left, left - 1)) {
  }
  return left != 0;
}

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

}  // namespace shim

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  if (shim::instance().real == nullptr) {
    return CKR_GENERAL_ERROR;
  }
  shim::instance().functions.C_GetFunctionList = &C_GetFunctionList;
  *list = &shim::instance().functions;
  return CKR_OK;
}
