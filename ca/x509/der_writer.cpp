#include <algorithm>
#include <array>
#include <chrono>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/x509/der.hpp"

namespace ca::der {
namespace {

__extension__ using Arc = unsigned __int128;
constexpr Arc kMaxArc = ~Arc{0};
constexpr std::size_t kMaxArcDigits = 39;
constexpr std::size_t kMaxOidText = 200;
constexpr int kFirstYear = 1950;
constexpr int kLastYear = 9999;

void append_length(Bytes& out, std::size_t length) {
  if (length < 0x80) {
    out.push_back(static_cast<std::uint8_t>(length));
    return;
  }
  unsigned octets = 1;
  while (length >> (8U * octets) != 0) {
    ++octets;
  }
  out.push_back(static_cast<std::uint8_t>(0x80U | octets));
  for (unsigned i = octets; i > 0; --i) {
    out.push_back(static_cast<std::uint8_t>(length >> (8U * (i - 1))));
  }
}

[[noreturn]] void refuse_oid(std::string_view dotted) {
  throw Error{Code::invalid_args, "'" + std::string{dotted.substr(0, 64)} + "' is not an object identifier"};
}

Arc arc_of(const std::string& digits, std::string_view dotted) {
  if (digits.empty() || digits.size() > kMaxArcDigits || (digits.size() > 1 && digits[0] == '0')) {
    refuse_oid(dotted);
  }
  Arc arc = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') {
      refuse_oid(dotted);
    }
    const Arc digit = static_cast<Arc>(c - '0');
    if (arc > (kMaxArc - digit) / 10) {
      refuse_oid(dotted);
    }
    arc = arc * 10 + digit;
  }
  return arc;
}

void append_arc(Bytes& out, Arc arc) {
  std::array<std::uint8_t, 19> octets{};
  std::size_t count = 0;
  do {
    const unsigned more = count > 0 ? 0x80U : 0U;  // written backwards: only the last octet has no mark
    octets[count] = static_cast<std::uint8_t>(static_cast<unsigned>(arc & 0x7FU) | more);
    ++count;
    arc >>= 7U;
  } while (arc != 0);
  while (count > 0) {
    out.push_back(octets[--count]);
  }
}

void write_two_digits(std::uint8_t* at, unsigned value) {
  at[0] = static_cast<std::uint8_t>('0' + value / 10 % 10);
  at[1] = static_cast<std::uint8_t>('0' + value % 10);
}

// YYYYMMDDHHMMSSZ. By hand: a revocation list has a million of them.
std::array<std::uint8_t, 15> digits_of(Seconds time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{time - midnight};
  const int year = static_cast<int>(date.year());
  if (year < kFirstYear || year > kLastYear) {
    throw Error{Code::internal, "a certificate cannot hold the year " + std::to_string(year)};
  }
  std::array<std::uint8_t, 15> text{};
  write_two_digits(text.data(), static_cast<unsigned>(year) / 100);
  write_two_digits(text.data() + 2, static_cast<unsigned>(year) % 100);
  write_two_digits(text.data() + 4, static_cast<unsigned>(date.month()));
  write_two_digits(text.data() + 6, static_cast<unsigned>(date.day()));
  write_two_digits(text.data() + 8, static_cast<unsigned>(clock.hours().count()));
  write_two_digits(text.data() + 10, static_cast<unsigned>(clock.minutes().count()));
  write_two_digits(text.data() + 12, static_cast<unsigned>(clock.seconds().count()));
  text[14] = 'Z';
  return text;
}

}  // namespace

Bytes element(std::uint8_t tag, ByteView contents) { return element(tag, {contents}); }

Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t length = 0;
  for (const ByteView part : parts) {
    length += part.size();
  }
  Bytes out;
  out.reserve(length + 6);
  out.push_back(tag);
  append_length(out, length);
  for (const ByteView part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

Bytes unsigned_integer(ByteView big_endian) {
  while (big_endian.size() > 1 && big_endian[0] == 0) {
    big_endian = big_endian.subspan(1);
  }
  static constexpr std::array<std::uint8_t, 1> kZero{0};
  const bool sign_octet = big_endian.empty() || (big_endian[0] & 0x80U) != 0;
  return element(tag::kInteger, {sign_octet ? ByteView{kZero} : ByteView{}, big_endian});
}

Bytes small_integer(int value) { return {tag::kInteger, 1, static_cast<std::uint8_t>(value & 0x7F)}; }

Bytes oid(std::string_view dotted) {
  if (dotted.size() > kMaxOidText) {
    refuse_oid(dotted);
  }
  const auto parts = split(dotted, '.');
  if (parts.size() < 2) {
    refuse_oid(dotted);
  }
  const Arc root = arc_of(parts[0], dotted);
  const Arc second = arc_of(parts[1], dotted);
  if (root > 2 || (root < 2 && second > 39) || second > kMaxArc - 80) {
    refuse_oid(dotted);
  }
  Bytes contents;
  append_arc(contents, root * 40 + second);
  for (std::size_t i = 2; i < parts.size(); ++i) {
    append_arc(contents, arc_of(parts[i], dotted));
  }
  return element(tag::kOid, contents);
}

Bytes bit_string(ByteView octets) {
  static constexpr std::array<std::uint8_t, 1> kNoUnusedBits{0};
  return element(tag::kBitString, {ByteView{kNoUnusedBits}, octets});
}

Bytes named_bits(unsigned bits) {
  Bytes contents{0};
  unsigned used = 0;
  for (unsigned i = 0; i < 16; ++i) {
    if ((bits >> i & 1U) != 0) {
      used = i + 1;
    }
  }
  contents.resize(1 + (used + 7) / 8);
  contents[0] = static_cast<std::uint8_t>((8 - used % 8) % 8);
  for (unsigned i = 0; i < used; ++i) {
    if ((bits >> i & 1U) != 0) {
      contents[1 + i / 8] = static_cast<std::uint8_t>(contents[1 + i / 8] | 0x80U >> (i % 8));
    }
  }
  return element(tag::kBitString, contents);
}

Bytes time(Seconds time) {
  Bytes out;
  append_time(out, time);
  return out;
}

Bytes generalized_time(Seconds time) { return element(tag::kGeneralizedTime, digits_of(time)); }

void append_header(Bytes& out, std::uint8_t tag, std::size_t length) {
  out.push_back(tag);
  append_length(out, length);
}

void append_time(Bytes& out, Seconds time) {
  const auto digits = digits_of(time);
  ByteView text{digits};
  const bool utc = text[0] < '2' || (text[0] == '2' && text[1] == '0' && text[2] < '5');
  text = utc ? text.subspan(2) : text;
  append_header(out, utc ? tag::kUtcTime : tag::kGeneralizedTime, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

}  // namespace ca::der
