#pragma once
#include <array>
#include <memory>
#include <string_view>

#include "ca/base/bytes.hpp"

namespace ca {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(ByteView data);
[[nodiscard]] Sha256 hmac_sha256(ByteView key, ByteView data);
[[nodiscard]] Bytes sha1(ByteView data);  // names of keys only (RFC 5280, 4.2.1.2; RFC 6960, 4.1.1)
[[nodiscard]] Bytes sha384(ByteView data);
[[nodiscard]] Bytes sha512(ByteView data);

enum class Digest { sha1, sha256, sha384, sha512 };
[[nodiscard]] Bytes digest(Digest algorithm, ByteView data);

// SHA-256 of what comes in pieces. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void update(ByteView data);
  // Once, at the end.
  [[nodiscard]] Sha256 finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Constant time for equal lengths.
[[nodiscard]] bool equal_secrets(ByteView a, ByteView b);

}  // namespace ca
