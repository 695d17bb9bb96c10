#include "ca/base/secret_bytes.hpp"

#include <algorithm>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "ca/base/error.hpp"

namespace ca {

SecretBytes::SecretBytes(ByteView secret) {
  if (secret.empty()) {
    return;
  }
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t size = (secret.size() + page - 1) / page * page;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw Error{Code::internal, "no memory for a secret"};
  }
  if (::mlock(memory, size) != 0 || ::madvise(memory, size, MADV_DONTDUMP) != 0) {
    ::munmap(memory, size);
    throw Error{Code::internal,
                "the memory of a secret cannot be locked: raise the limit of locked memory "
                "(ulimit -l, LimitMEMLOCK)"};
  }
  // A child process never needs our secrets; kernels before 4.14 do not know the advice.
  (void)::madvise(memory, size, MADV_WIPEONFORK);
  data_ = static_cast<std::uint8_t*>(memory);
  size_ = secret.size();
  mapped_ = size;
  std::copy(secret.begin(), secret.end(), data_);
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_{std::exchange(other.data_, nullptr)},
      size_{std::exchange(other.size_, 0)},
      mapped_{std::exchange(other.mapped_, 0)} {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { wipe(); }

void SecretBytes::wipe() noexcept {
  if (data_ != nullptr) {
    OPENSSL_cleanse(data_, mapped_);
    ::munmap(data_, mapped_);
    data_ = nullptr;
    size_ = 0;
    mapped_ = 0;
  }
}

}  // namespace ca
