#include "daemon/cli/ssh_signature.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/cli/failure.hpp"

namespace cli {
namespace {

constexpr const char* kNamespace = "chancery-ceremony";
constexpr const char* kSigner = "custodian";

// A file that is gone with this object.
class AllowedSigners {
 public:
  explicit AllowedSigners(const std::string& public_key) {
    std::string name = (std::filesystem::temp_directory_path() / "chancery-XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    if (descriptor < 0) {
      throw Failure{"cannot make a temporary file", name, "check the folder's space and owner"};
    }
    ::close(descriptor);
    path_ = name;
    std::ofstream{path_} << kSigner << " " << public_key.substr(0, public_key.find('\n')) << "\n";
  }
  ~AllowedSigners() { ::unlink(path_.c_str()); }
  AllowedSigners(const AllowedSigners&) = delete;
  AllowedSigners& operator=(const AllowedSigners&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  void open(int descriptor, const char* path, int flags) {
    posix_spawn_file_actions_addopen(&actions_, descriptor, path, flags, 0);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

std::string ssh_complaint(const std::filesystem::path& signed_file, const std::filesystem::path& signature,
                          const std::string& public_key) {
  const AllowedSigners signers{public_key};
  FileActions actions;
  actions.open(STDIN_FILENO, signed_file.c_str(), O_RDONLY);
  actions.open(STDOUT_FILENO, "/dev/null", O_WRONLY);
  actions.open(STDERR_FILENO, "/dev/null", O_WRONLY);
  std::array<std::string, 11> words{"ssh-keygen", "-Y", "verify",   "-f", signers.path(),    "-I",
                                    kSigner,      "-n", kNamespace, "-s", signature.string()};
  std::array<char*, 12> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    argv[i] = words[i].data();
  }
  pid_t child = 0;
  if (::posix_spawnp(&child, "ssh-keygen", actions.get(), nullptr, argv.data(), environ) != 0) {
    throw Failure{"there is no ssh-keygen to verify SSH signatures with", "", "install openssh-client"};
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    return "ssh-keygen did not come to an end";
  }
  return WEXITSTATUS(status) == 0 ? "" : "ssh-keygen does not accept it";
}

}  // namespace cli
