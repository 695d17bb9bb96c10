#include "tests/support/softhsm.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <spawn.h>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ;

// SoftHSM 2.6.1 calls gmtime() in C_GetTokenInfo, from the threads of two tokens at once; nobody reads the
// time.
extern "C" const char* __tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): TSan's hook
extern "C" const char* __tsan_default_suppressions() { return "race:gmtime\n"; }  // NOLINT

namespace test {
namespace {

namespace fs = std::filesystem;

std::set<fs::path> entries(const fs::path& folder) {
  std::set<fs::path> result;
  for (const auto& entry : fs::directory_iterator{folder}) {
    result.insert(entry.path());
  }
  return result;
}

void run_softhsm2_util(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "softhsm2-util");
  std::vector<char*> argv;
  for (auto& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failure = posix_spawnp(&child, argv.front(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  if (failure != 0 || ::waitpid(child, &status, 0) != child || status != 0) {
    throw std::runtime_error{"softhsm2-util failed: is the package softhsm2 installed?"};
  }
}

}  // namespace

std::string SoftHsm::real_module() { return "/usr/lib/softhsm/libsofthsm2.so"; }

SoftHsm::SoftHsm() {
  std::string pattern = (fs::temp_directory_path() / "chancery-softhsm-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error{"no temporary folder"};
  }
  folder_ = pattern;
  fs::create_directory(folder_ / "tokens");
  fs::create_directory(folder_ / "away");
  const fs::path conf = folder_ / "softhsm2.conf";
  std::ofstream{conf} << "directories.tokendir = " << (folder_ / "tokens").string()
                      << "\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n";
  ::setenv("SOFTHSM2_CONF", conf.c_str(), 1);
}

SoftHsm::~SoftHsm() {
  if (control_ != nullptr) {
    ::munmap(control_, sizeof(ShimControl));
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

const SoftHsm::TokenFiles& SoftHsm::add_token(const std::string& label, const std::string& pin) {
  const auto before = entries(folder_ / "tokens");
  const TokenFiles files{label, pin.empty() ? "pin-of-" + label : pin, folder_ / (label + ".pin")};
  run_softhsm2_util(
      {"--init-token", "--free", "--label", label, "--pin", files.pin, "--so-pin", "so-" + files.pin});
  for (const auto& path : entries(folder_ / "tokens")) {
    if (!before.contains(path)) {
      directories_[label] = path;
    }
  }
  write_pin(files.pin_file, files.pin);
  return tokens_[label] = files;
}

void SoftHsm::move_away(const std::string& label) {
  const fs::path& here = directories_.at(label);
  fs::rename(here, folder_ / "away" / here.filename());
}

void SoftHsm::move_back(const std::string& label) {
  const fs::path& here = directories_.at(label);
  fs::rename(folder_ / "away" / here.filename(), here);
}

void SoftHsm::write_pin(const fs::path& file, const std::string& pin) {
  const fs::path fresh = file.string() + ".new";
  {
    const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const std::string line = pin + "\n";
    const bool written =
        descriptor >= 0 && ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    ::close(descriptor);
    if (!written) {
      throw std::runtime_error{"the PIN file cannot be written"};
    }
  }
  fs::rename(fresh, file);
}

ShimControl& SoftHsm::with_shim() {
  if (control_ == nullptr) {
    const fs::path file = folder_ / "shim-control";
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0 || ::ftruncate(descriptor, sizeof(ShimControl)) != 0) {
      throw std::runtime_error{"the shim's control file cannot be made"};
    }
    void* mapped = ::mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    ::close(descriptor);
    if (mapped == MAP_FAILED) {
      throw std::runtime_error{"the shim's control file cannot be mapped"};
    }
    control_ = static_cast<ShimControl*>(mapped);
    ::setenv("SHIM_CONTROL", file.c_str(), 1);
    ::setenv("SHIM_REAL", real_module().c_str(), 1);
  }
  return *control_;
}

std::string SoftHsm::module() const { return control_ != nullptr ? PKCS11_SHIM : real_module(); }

}  // namespace test
