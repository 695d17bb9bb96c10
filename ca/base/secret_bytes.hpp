#pragma once
#include <string_view>

#include "ca/base/bytes.hpp"

namespace ca {

// A secret in its own locked pages: never swapped, never in a core file, wiped at the end of its life (I18).
// Move-only; it has no stream operator and no comparison but equal_secrets on view().
class SecretBytes {
 public:
  SecretBytes() = default;
  // Copies; the caller still owns and must wipe its own copy.
  explicit SecretBytes(ByteView secret);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] ByteView view() const { return {data_, size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  void wipe() noexcept;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;
};

}  // namespace ca
