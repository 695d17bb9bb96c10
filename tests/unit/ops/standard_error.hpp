#pragma once
#include <array>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

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

// Descriptor 2 is a pipe while it lives, read only when the test does it. SIGPIPE is ignored, as in the
// daemon.
class UnreadError {
 public:
  UnreadError() : kept_{dup(STDERR_FILENO)}, on_pipe_{std::signal(SIGPIPE, SIG_IGN)} {
    if (pipe2(ends_.data(), O_CLOEXEC) == 0) {
      dup2(ends_[1], STDERR_FILENO);
      close(ends_[1]);
    }
  }
  // Waits until no writer is left: none may meet SIGPIPE's default effect.
  ~UnreadError() {
    dup2(kept_, STDERR_FILENO);
    close(kept_);
    while (!read_some().empty()) {
    }
    close_reader();
    std::signal(SIGPIPE, on_pipe_);
  }
  UnreadError(const UnreadError&) = delete;
  UnreadError& operator=(const UnreadError&) = delete;

  // Waits for something; empty when nobody can write any more.
  [[nodiscard]] std::string read_some() const {
    std::array<char, 65536> chunk{};
    const auto got = read(ends_[0], chunk.data(), chunk.size());
    return {chunk.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }
  void close_reader() { close(std::exchange(ends_[0], -1)); }

 private:
  std::array<int, 2> ends_{};
  int kept_;
  void (*on_pipe_)(int);
};
