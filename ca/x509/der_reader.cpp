#include "ca/x509/der.hpp"

#include <array>
#include <chrono>

#include "ca/base/error.hpp"

namespace ca::der {
namespace {

constexpr std::size_t kMaxOidOctets = 64;

__extension__ using Arc = unsigned __int128;  // 2.25.<uuid> has an arc of 128 bits

[[noreturn]] void complain(std::string_view what, const std::string& why) {
  throw Error{Code::malformed_csr, std::string{what} + ": " + why};
}

std::string decimal(Arc arc) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(arc % 10)));
    arc /= 10;
  } while (arc != 0);
  return digits;
}

int two_digits(ByteView text, std::size_t at) {
  const int high = text[at] - '0';
  const int low = text[at + 1] - '0';
  return high < 0 || high > 9 || low < 0 || low > 9 ? -1 : high * 10 + low;
}

// YYMMDDHHMMSS behind the century.
std::optional<Seconds> calendar_time(int century, ByteView text) {
  std::array<int, 6> part{};
  for (std::size_t i = 0; i < part.size(); ++i) {
    part[i] = two_digits(text, i * 2);
    if (part[i] < 0) {
      return std::nullopt;
    }
  }
  const std::chrono::year_month_day date{std::chrono::year{century * 100 + part[0]},
                                         std::chrono::month{static_cast<unsigned>(part[1])},
                                         std::chrono::day{static_cast<unsigned>(part[2])}};
  if (!date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days{date} + std::chrono::hours{part[3]} + std::chrono::minutes{part[4]} +
         std::chrono::seconds{part[5]};
}

std::optional<Seconds> time_of(const Element& element) {
  const ByteView text = element.contents;
  if (element.tag == tag::kUtcTime && text.size() == 13 && text.back() == 'Z') {
    const int year = two_digits(text, 0);
    return calendar_time(year >= 50 ? 19 : 20, text.first(12));
  }
  if (element.tag == tag::kGeneralizedTime && text.size() == 15 && text.back() == 'Z') {
    const int century = two_digits(text, 0);
    return century < 0 ? std::nullopt : calendar_time(century, text.subspan(2, 12));
  }
  return std::nullopt;
}

void check_row(ByteView bytes, std::string_view what, int depth) {
  if (depth > kMaxDepth) {
    complain(what, "nested too deeply");
  }
  Reader reader{bytes, what};
  while (!reader.done()) {
    const Element element = reader.any();
    if ((element.tag & 0x20U) != 0) {
      check_row(element.contents, what, depth + 1);
    }
  }
}

}  // namespace

Reader::Reader(ByteView bytes, std::string_view what, int depth) : rest_{bytes}, what_{what}, depth_{depth} {
  if (depth_ > kMaxDepth) {
    refuse("nested too deeply");
  }
}

void Reader::refuse(const std::string& why) const { complain(what_, why); }

Element Reader::any() {
  if (rest_.size() < 2) {
    refuse(rest_.empty() ? "an element is missing" : "the encoding is cut off");
  }
  if ((rest_[0] & 0x1FU) == 0x1FU) {
    refuse("a tag number above 30 is not supported");
  }
  std::size_t header = 2;
  std::size_t length = rest_[1];
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7FU;
    if (octets == 0 || octets > 4) {
      refuse(octets == 0 ? "indefinite length is not DER" : "a length is too large");
    }
    if (rest_.size() < 2 + octets) {
      refuse("the encoding is cut off");
    }
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) {
      length = length << 8U | rest_[2 + i];
    }
    header += octets;
    if (length < 0x80 || length >> (8 * (octets - 1)) == 0) {
      refuse("a length is not encoded in its shortest form");
    }
  }
  if (length > rest_.size() - header) {
    refuse("an element is longer than what holds it");
  }
  const Element element{rest_[0], rest_.subspan(header, length), rest_.first(header + length)};
  rest_ = rest_.subspan(header + length);
  return element;
}

Element Reader::take(std::uint8_t tag, std::string_view what) {
  if (done()) {
    refuse(std::string{what} + " is missing");
  }
  if (peek_tag() != tag) {
    refuse(std::string{what} + " has an unexpected type");
  }
  return any();
}

std::optional<Element> Reader::take_if(std::uint8_t tag) {
  if (done() || peek_tag() != tag) {
    return std::nullopt;
  }
  return any();
}

Reader Reader::enter(std::uint8_t tag, std::string_view what) {
  return Reader{take(tag, what).contents, what, depth_ + 1};
}

void Reader::end() const {
  if (!done()) {
    refuse("trailing bytes");
  }
}

ByteView Reader::unsigned_integer(std::string_view what) {
  const ByteView contents = take(tag::kInteger, what).contents;
  if (contents.empty() || (contents[0] & 0x80U) != 0) {
    refuse(std::string{what} + (contents.empty() ? " is empty" : " is negative"));
  }
  if (contents.size() > 1 && contents[0] == 0) {
    if ((contents[1] & 0x80U) == 0) {
      refuse(std::string{what} + " is not encoded in its shortest form");
    }
    return contents.subspan(1);
  }
  return contents;
}

ByteView Reader::integer(std::string_view what) {
  const ByteView contents = take(tag::kInteger, what).contents;
  if (contents.empty()) {
    refuse(std::string{what} + " is empty");
  }
  // X.690, 8.3.2: the first nine bits are neither all zero nor all one.
  if (contents.size() > 1 && (contents[0] == 0 || contents[0] == 0xFF) &&
      ((contents[0] ^ contents[1]) & 0x80U) == 0) {
    refuse(std::string{what} + " is not encoded in its shortest form");
  }
  return contents;
}

int Reader::small_integer(std::string_view what, int max) {
  const ByteView contents = unsigned_integer(what);
  if (contents.size() > 2) {
    refuse(std::string{what} + " is too large");
  }
  int value = 0;
  for (const std::uint8_t octet : contents) {
    value = value * 256 + octet;
  }
  if (value > max) {
    refuse(std::string{what} + " is too large");
  }
  return value;
}

Oid Reader::oid(std::string_view what) { return oid_of(take(tag::kOid, what).contents, what); }

ByteView Reader::octet_aligned_bits(std::string_view what) {
  const ByteView contents = take(tag::kBitString, what).contents;
  if (contents.empty() || contents[0] != 0) {
    refuse(std::string{what} + " is not a BIT STRING of whole octets");
  }
  return contents.subspan(1);
}

Seconds Reader::time(std::string_view what) {
  const auto value = time_of(any());
  if (!value) {
    refuse(std::string{what} + " is not a UTCTime or GeneralizedTime of RFC 5280");
  }
  return *value;
}

Seconds Reader::generalized_time(std::string_view what) {
  if (!done() && peek_tag() != tag::kGeneralizedTime) {
    refuse(std::string{what} + " is not a GeneralizedTime");
  }
  return time(what);
}

void check_well_formed(ByteView bytes, std::string_view what) { check_row(bytes, what, 0); }

Oid oid_of(ByteView contents, std::string_view what) {
  if (contents.empty() || contents.size() > kMaxOidOctets || (contents.back() & 0x80U) != 0) {
    complain(what, "not an object identifier");
  }
  std::string text;
  Arc arc = 0;
  bool first_octet = true;
  for (const std::uint8_t octet : contents) {
    if ((first_octet && octet == 0x80) || arc >> 121U != 0) {
      complain(what, "not an object identifier");
    }
    arc = arc << 7U | (octet & 0x7FU);
    first_octet = (octet & 0x80U) == 0;
    if (!first_octet) {
      continue;
    }
    if (text.empty()) {
      const Arc root = arc < 80 ? arc / 40 : 2;
      text = decimal(root);
      arc -= root * 40;
    }
    text += "." + decimal(arc);
    arc = 0;
  }
  return text;
}

unsigned named_bits_of(ByteView contents, std::string_view what) {
  if (contents.empty() || contents.size() > 3 || contents[0] > 7 ||
      (contents.size() == 1 && contents[0] != 0)) {
    complain(what, "not a list of named bits");
  }
  unsigned bits = 0;
  for (std::size_t i = 0; i < (contents.size() - 1) * 8; ++i) {
    if ((contents[1 + i / 8] >> (7 - i % 8) & 1U) != 0) {
      bits |= 1U << i;
    }
  }
  // The last bit that is sent must be a one: the unused count then says exactly how many zero bits follow it.
  if (contents.size() > 1) {
    const unsigned last = contents.back();
    if ((last >> contents[0] & 1U) == 0 || (last & ((1U << contents[0]) - 1U)) != 0) {
      complain(what, "named bits are not encoded in their shortest form");
    }
  }
  return bits;
}

}  // namespace ca::der
