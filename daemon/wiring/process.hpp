#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

// What the process owes to the system around it: memory that nobody reads, signals, a pidfile.
namespace wiring {

// I18: no core files, no ptrace by others of the same user, new files for the owner only. Before anything
// secret is read.
void harden_process();

// Raises the soft limit of open files to the hard one and returns it.
[[nodiscard]] std::size_t raise_descriptor_limit();
// What to do when so many connections on each listener do not fit the limit; nullopt when they do. Pure.
[[nodiscard]] std::optional<std::string> descriptor_warning(std::size_t connections, std::size_t limit);

enum class Signal { stop, reload };

// Takes SIGTERM, SIGINT and SIGHUP for the calling thread and every thread that it starts later, and ignores
// SIGPIPE. Make it before the first thread.
class Signals {
 public:
  Signals();
  // The next signal; nullopt when none came within `wait`.
  [[nodiscard]] std::optional<Signal> next(std::chrono::milliseconds wait) const;
};

// The process id in a file for as long as this lives, and an exclusive lock on that file. At the end the file
// is removed if it is still the same. Throws ca::Error{Code::unavailable} that names the file when it cannot
// be written or another process holds it.
class PidFile {
 public:
  explicit PidFile(std::filesystem::path file);
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  void take();  // opens and locks; descriptor_ stays -1 when the file was removed meanwhile
  [[nodiscard]] bool is_ours() const;

  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace wiring
