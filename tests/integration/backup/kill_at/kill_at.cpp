// A program under LD_PRELOAD dies by SIGKILL just before its n-th call that changes a file (KILL_AT=n), so
// that a test can end it at each of them in turn. Without KILL_AT it counts them into the file KILL_COUNT.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace {

std::atomic<long> calls{0};

struct Counting {
  ~Counting() {
    if (const char* file = std::getenv("KILL_COUNT")) {
      if (std::FILE* out = std::fopen(file, "w")) {
        std::fprintf(out, "%ld\n", calls.load());
        std::fclose(out);
      }
    }
  }
} counting;

void step() {
  static const char* const at = std::getenv("KILL_AT");
  const long here = ++calls;
  if (at != nullptr && std::atol(at) == here) {
    ::kill(::getpid(), SIGKILL);
  }
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  step();
  return next<ssize_t(int, const void*, size_t)>("write")(file, bytes, size);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  step();
  return next<ssize_t(int, const void*, size_t, off_t)>("pwrite")(file, bytes, size, at);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  step();
  return next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64")(file, bytes, size, at);
}
int ftruncate(int file, off_t size) noexcept {
  step();
  return next<int(int, off_t)>("ftruncate")(file, size);
}
int fsync(int file) {
  step();
  return next<int(int)>("fsync")(file);
}
int mkostemp(char* name, int flags) {
  step();
  return next<int(char*, int)>("mkostemp")(name, flags);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  step();
  return next<int(int, const char*, int, const char*, unsigned)>("renameat2")(from_folder, from, to_folder,
                                                                              to, flags);
}

}  // extern "C"
