#include "ca/base/random.hpp"

#include <openssl/rand.h>

#include "ca/base/error.hpp"

namespace ca {

void fill_random(std::span<std::uint8_t> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw Error{Code::internal, "OpenSSL has no randomness"};
  }
}

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  fill_random(bytes);
  return bytes;
}

}  // namespace ca
