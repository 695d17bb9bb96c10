#pragma once
#include <chrono>
#include <filesystem>
#include <optional>

// What the process owes to the system around it: memory that nobody reads, signals, a pidfile.
namespace wiring {

// I18: no core files, no ptrace by others of the same user, new files for the owner only. Before anything
// secret is read.
void harden_process();

enum class Signal { stop, reload };

// Takes SIGTERM, SIGINT and SIGHUP for the calling thread and every thread that it starts later, and ignores
// SIGPIPE. Make it before the first thread.
class Signals {
 public:
  Signals();
  // The next signal; nullopt when none came within `wait`.
  [[nodiscard]] std::optional<Signal> next(std::chrono::milliseconds wait) const;
};

// The process id in a file for as long as this lives. Throws ca::Error{Code::unavailable} when it cannot be
// written.
class PidFile {
 public:
  explicit PidFile(std::filesystem::path file);
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  std::filesystem::path file_;
};

}  // namespace wiring
