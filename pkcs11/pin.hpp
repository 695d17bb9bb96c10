#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "pkcs11/bytes.hpp"

namespace pkcs11 {

inline constexpr std::size_t kMaxPinBytes = 255;

// A PIN in memory that is locked, kept out of core files and wiped at the end. Move-only.
class Pin {
 public:
  // Copies at most kMaxPinBytes. Throws Error{fatal_config} when memory cannot be locked.
  explicit Pin(ByteView bytes);
  ~Pin();
  Pin(Pin&& other) noexcept;
  Pin& operator=(Pin&& other) noexcept;
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

  [[nodiscard]] const std::uint8_t* data() const { return page_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool same_as(const Pin& other) const;  // in constant time for equal lengths

 private:
  void release() noexcept;

  std::uint8_t* page_ = nullptr;
  std::size_t size_ = 0;
};

// Where a PIN comes from; never the PIN itself. Copies are the same source.
//   file:/path         a regular file of this user or root that nobody else may read (mode 0600 or 0400)
//   credential:NAME    a file in $CREDENTIALS_DIRECTORY (systemd's LoadCredential)
//   fd:N               an inherited descriptor, read once and kept in locked memory
// One trailing newline is not part of the PIN. Thread-safe.
class PinSource {
 public:
  PinSource();  // no source: read() throws
  // Throws Error{bad_request}; the text of an unknown form is not repeated, it may be a PIN.
  static PinSource parse(std::string_view text);
  // A PIN that is in memory already, typed or put together; `name` is text().
  static PinSource kept(Pin pin, std::string name);
  // Throws Error{fatal_config} naming the file and what is wrong with it.
  [[nodiscard]] Pin read() const;
  // As given: for messages.
  [[nodiscard]] std::string text() const;

 private:
  enum class Kind { none, file, credential, descriptor, kept };
  struct Descriptor;

  Kind kind_ = Kind::none;
  std::string value_;
  std::shared_ptr<Descriptor> descriptor_;
};

}  // namespace pkcs11
