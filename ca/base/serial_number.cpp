#include "ca/base/serial_number.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/random.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxSerialText = 128;  // CertificateSerial of the API

[[noreturn]] void refuse() {
  throw Error{Code::invalid_request, "The serial number is not a hexadecimal number of at most 128 bits"};
}

// "1A:2b" -> "1A2b". Colons stand between pairs only; the first group may lack its leading zero.
std::string without_colons(std::string_view text) {
  std::string digits;
  std::size_t group = 0;
  for (const char c : text) {
    if (c != ':') {
      digits += c;
      ++group;
      continue;
    }
    const bool first = group == digits.size();
    if (group != 2 && !(first && group == 1)) {
      refuse();
    }
    group = 0;
  }
  if (group != 2 && group != digits.size()) {
    refuse();
  }
  return digits;
}

}  // namespace

SerialNumber SerialNumber::random() {
  SerialNumber serial;
  do {
    fill_random(serial.bytes_);
  } while (serial.bytes_[0] == 0);
  return serial;
}

SerialNumber SerialNumber::from_bytes(ByteView bytes) {
  if (bytes.size() != kBytes) {
    throw Error{Code::invalid_request, "A serial number has exactly 16 bytes"};
  }
  SerialNumber serial;
  std::copy(bytes.begin(), bytes.end(), serial.bytes_.begin());
  return serial;
}

std::optional<SerialNumber> SerialNumber::from_integer(ByteView contents) {
  if (contents.empty() || (contents.front() & 0x80U) != 0) {
    return std::nullopt;
  }
  while (!contents.empty() && contents.front() == 0) {
    contents = contents.subspan(1);
  }
  if (contents.size() > kBytes) {
    return std::nullopt;
  }
  SerialNumber serial;
  std::copy_backward(contents.begin(), contents.end(), serial.bytes_.end());
  return serial;
}

SerialNumber SerialNumber::from_hex(std::string_view text) {
  if (text.empty() || text.size() > kMaxSerialText) {
    refuse();
  }
  std::string digits = without_colons(text);
  const auto significant = digits.find_first_not_of('0');
  if (digits.empty()) {
    refuse();
  }
  digits.erase(0, significant == std::string::npos ? digits.size() : significant);
  if (digits.size() > kBytes * 2) {
    refuse();
  }
  digits.insert(0, kBytes * 2 - digits.size(), '0');
  try {
    return from_bytes(ca::from_hex(digits));
  } catch (const Error&) {
    refuse();
  }
}

std::string SerialNumber::hex() const { return to_hex(bytes_); }

std::string SerialNumber::colon_hex() const {
  const std::string digits = hex();
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    text += (i == 0 ? "" : ":") + digits.substr(i, 2);
  }
  return text;
}

}  // namespace ca
