#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "ca/base/bytes.hpp"
#include "ca/base/clock.hpp"
#include "ca/x509/extension.hpp"

// Distinguished Encoding Rules (X.690, 10 and 11), as much of them as certificates need: low tag numbers,
// definite minimal lengths. The reader never copies, never allocates, and never goes deeper than kMaxDepth.
namespace ca::der {

namespace tag {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kEnumerated = 0x0A;
inline constexpr std::uint8_t kUtf8String = 0x0C;
inline constexpr std::uint8_t kNumericString = 0x12;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kTeletexString = 0x14;
inline constexpr std::uint8_t kIa5String = 0x16;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kVisibleString = 0x1A;
inline constexpr std::uint8_t kUniversalString = 0x1C;
inline constexpr std::uint8_t kBmpString = 0x1E;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
// [n] IMPLICIT of a primitive type, and [n] EXPLICIT or of a constructed one.
constexpr std::uint8_t context(unsigned n) { return static_cast<std::uint8_t>(0x80U | n); }
constexpr std::uint8_t context_constructed(unsigned n) { return static_cast<std::uint8_t>(0xA0U | n); }
}  // namespace tag

inline constexpr int kMaxDepth = 32;

struct Element {
  std::uint8_t tag = 0;
  ByteView contents;
  ByteView whole;  // with tag and length
};

// A row of elements inside one constructed value. Every complaint is Error{Code::malformed_csr, "<what>:
// ..."}; who reads something else than a request maps the code. The bytes must outlive the reader.
class Reader {
 public:
  // `what` is a literal that names the value in complaints.
  Reader(ByteView bytes, std::string_view what) : Reader{bytes, what, 0} {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] std::uint8_t peek_tag() const { return rest_.empty() ? std::uint8_t{0} : rest_.front(); }
  Element any();
  Element take(std::uint8_t tag, std::string_view what);
  [[nodiscard]] std::optional<Element> take_if(std::uint8_t tag);
  // The inside of the next element, which must have this tag.
  Reader enter(std::uint8_t tag, std::string_view what);
  // Refuses what is left.
  void end() const;

  // Contents of an INTEGER that is minimal and not negative, without the sign octet.
  ByteView unsigned_integer(std::string_view what);
  // Contents of an INTEGER that is minimal, of either sign: serial numbers of outside issuers.
  ByteView integer(std::string_view what);
  // An unsigned integer as a number of at most `max`.
  int small_integer(std::string_view what, int max);
  Oid oid(std::string_view what);
  // Contents of a BIT STRING of whole octets.
  ByteView octet_aligned_bits(std::string_view what);
  // UTCTime or GeneralizedTime in the form of RFC 5280, 4.1.2.5: seconds, Z, no fraction.
  Seconds time(std::string_view what);
  // GeneralizedTime in that form, also before 2050 (RFC 6960, 4.2.2.1).
  Seconds generalized_time(std::string_view what);

  [[noreturn]] void refuse(const std::string& why) const;

 private:
  Reader(ByteView bytes, std::string_view what, int depth);
  ByteView rest_;
  std::string_view what_;
  int depth_;
};

// Whether `bytes` are well-formed elements all the way down (constructed values only). Throws as Reader.
void check_well_formed(ByteView bytes, std::string_view what);

[[nodiscard]] Oid oid_of(ByteView contents, std::string_view what);
// Bits of a named-bit-list BIT STRING (X.690, 11.2.2), bit 0 first; at most 16.
[[nodiscard]] unsigned named_bits_of(ByteView contents, std::string_view what);

// ---- writing
[[nodiscard]] Bytes element(std::uint8_t tag, ByteView contents);
[[nodiscard]] Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts);
[[nodiscard]] Bytes unsigned_integer(ByteView big_endian);  // sign octet and minimal length as needed
[[nodiscard]] Bytes small_integer(int value);               // 0 to 127
[[nodiscard]] Bytes oid(std::string_view dotted);           // throws Code::invalid_args when it is not an OID
[[nodiscard]] Bytes bit_string(ByteView octets);
[[nodiscard]] Bytes named_bits(unsigned bits);  // bit 0 first, trailing zero bits left out
[[nodiscard]] Bytes time(Seconds time);         // UTCTime through 2049, then GeneralizedTime
[[nodiscard]] Bytes generalized_time(Seconds time);
// Onto the end of what is there: tag and length of an element whose contents follow, and a whole time().
void append_header(Bytes& out, std::uint8_t tag, std::size_t length);
void append_time(Bytes& out, Seconds time);

}  // namespace ca::der
