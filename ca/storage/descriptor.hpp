#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "ca/base/bytes.hpp"

namespace ca {

// Owns a file descriptor; -1 owns none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_{fd} {}
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// What errno says about this path, in a bucket's errors: Code::unavailable for no space, no memory, no
// descriptors, a device that does not answer; resource_not_found, access_denied or invalid_request otherwise.
[[noreturn]] void fail_file(const char* call, const std::filesystem::path& path);
// All of it, or fail_file(). `path` is for the error.
void write_all(const Descriptor& file, ByteView bytes, const std::filesystem::path& path);

}  // namespace ca
