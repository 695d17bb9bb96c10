#pragma once
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

// What is written to descriptor 2 while it lives.
class StandardError {
 public:
  StandardError() : kept_{dup(STDERR_FILENO)}, file_{memfd_create("stderr", 0)} {
    dup2(file_, STDERR_FILENO);
  }
  ~StandardError() {
    dup2(kept_, STDERR_FILENO);
    close(kept_);
    close(file_);
  }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

  [[nodiscard]] std::string text() const {
    std::string all(static_cast<std::size_t>(lseek(file_, 0, SEEK_END)), '\0');
    const auto got = pread(file_, all.data(), all.size(), 0);
    all.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return all;
  }

 private:
  int kept_;
  int file_;
};
