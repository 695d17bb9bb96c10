#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "config/ceremony.hpp"
#include "config/problem.hpp"
#include "tests/fuzz/property.hpp"

namespace {

// A file without a name, emptied for each input.
int file() {
  static const int descriptor = memfd_create("ceremony", MFD_CLOEXEC);
  require(descriptor >= 0 && ftruncate(descriptor, 0) == 0, "there is a file to write to");
  return descriptor;
}

constexpr int kFirstKey = 900;  // keys_are_there.yaml names /proc/self/fd/900 to 902

// Public keys of three custodians, as files that stay.
bool have_keys() {
  for (int number = 0; number < 3; ++number) {
    std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n";
    key[70] = static_cast<char>('A' + number);
    const int made = memfd_create("key", MFD_CLOEXEC);
    if (made < 0 || dup2(made, kFirstKey + number) < 0 ||
        write(made, key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
      return false;
    }
  }
  return true;
}

}  // namespace

// Input: the script of a ceremony. It is within its bounds, or refused with what is wrong and where.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool keys = have_keys();
  require(keys, "there are public keys");
  const int descriptor = file();
  require(pwrite(descriptor, data, size, 0) == static_cast<ssize_t>(size), "the file takes the input");
  try {
    const auto script = config::load_ceremony("/proc/self/fd/" + std::to_string(descriptor));
    require(script.threshold >= 2 && script.threshold <= script.custodians.size(),
            "the custodians are enough");
    require(script.root.validity_days >= 1 && script.root.validity_days <= 36500, "a validity is bounded");
    for (const auto& below : {script.sign_subordinate, script.cross_sign}) {
      require(!below || (below->validity_days >= 1 && below->validity_days <= script.root.validity_days),
              "nothing outlives the root");
      require(!below || below->path_length < script.root.path_length, "a path is shorter than the root's");
    }
  } catch (const config::Invalid& refused) {
    require(!refused.problems().empty(), "a refusal says why");
    for (const auto& problem : refused.problems()) {
      require(!problem.text.empty(), "a problem has words");
    }
  }
  return 0;
}
