#include "pkcs11/der.hpp"

namespace pkcs11::der {

void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

Bytes wrapped(std::uint8_t tag, ByteView contents) {
  Bytes out{tag};
  const std::size_t size = contents.size();
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else {
    std::uint8_t count = 0;
    for (std::size_t rest = size; rest > 0; rest >>= 8U) {
      ++count;
    }
    out.push_back(static_cast<std::uint8_t>(0x80U | count));
    for (std::uint8_t i = count; i > 0; --i) {
      out.push_back(static_cast<std::uint8_t>((size >> (8U * (i - 1U))) & 0xFFU));
    }
  }
  append(out, contents);
  return out;
}

Bytes unsigned_integer(ByteView big_endian) {
  while (big_endian.size() > 1 && big_endian.front() == 0) {
    big_endian = big_endian.subspan(1);
  }
  Bytes value;
  if (big_endian.empty() || (big_endian.front() & 0x80U) != 0) {
    value.push_back(0);
  }
  append(value, big_endian);
  return wrapped(kInteger, value);
}

std::optional<ByteView> contents_of(std::uint8_t tag, ByteView encoded) {
  if (encoded.size() < 2 || encoded[0] != tag) {
    return std::nullopt;
  }
  std::size_t header = 2;
  std::size_t size = encoded[1];
  if (size >= 0x80) {
    const std::size_t count = size & 0x7FU;
    if (count == 0 || count > 3 || encoded.size() < 2 + count || encoded[2] == 0) {
      return std::nullopt;
    }
    size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      size = (size << 8U) | encoded[2 + i];
    }
    header += count;
    if (size < 0x80) {
      return std::nullopt;
    }
  }
  if (encoded.size() - header != size) {
    return std::nullopt;
  }
  return encoded.subspan(header);
}

}  // namespace pkcs11::der
