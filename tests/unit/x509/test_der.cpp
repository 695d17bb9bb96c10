#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/der.hpp"
#include "tests/support/catch.hpp"

using ca::from_hex;
using ca::to_hex;
namespace der = ca::der;

namespace {

void read_one(const std::string& hex) {
  const ca::Bytes bytes = from_hex(hex);
  der::Reader reader{bytes, "value"};
  (void)reader.any();
  reader.end();
}

std::string time_of(const std::string& text, std::uint8_t tag) {
  const ca::Bytes bytes = der::element(tag, ca::bytes_of(text));
  der::Reader reader{bytes, "time"};
  return ca::rfc3339(reader.time("time"));
}

}  // namespace

TEST_CASE("der: lengths that are cut off or longer than needed or indefinite are refused", "[x509][I16]") {
  read_one("0400");
  read_one("3003020101");
  for (const char* hex :
       {"", "04", "0401", "040201", "0480", "048000", "04810100", "0481", "0482000100", "04820001",
        "0485010000000000", "1F0100", "3F810100", "04840FFFFFFF", "040000", "0401AABB", "04FF00"}) {
    INFO(hex);
    CHECK_THROWS_AS(read_one(hex), ca::Error);
  }
  const ca::Bytes long_value = der::element(der::tag::kOctetString, ca::Bytes(300, 1));
  CHECK(to_hex(long_value).rfind("0482012c01", 0) == 0);
  CHECK_NOTHROW(read_one(to_hex(long_value)));
}

TEST_CASE("der: integers are minimal and not negative", "[x509][I16]") {
  const auto read = [](const std::string& hex) {
    const ca::Bytes bytes = from_hex(hex);
    der::Reader reader{bytes, "number"};
    return to_hex(reader.unsigned_integer("number"));
  };
  CHECK(read("020100") == "00");
  CHECK(read("02020080") == "80");
  CHECK(read("02027fff") == "7fff");
  for (const char* hex : {"0200", "020180", "02020001", "0202007f", "030100"}) {
    INFO(hex);
    CHECK_THROWS_AS(read(hex), ca::Error);
  }
  CHECK(to_hex(der::unsigned_integer(from_hex("0000"))) == "020100");
  CHECK(to_hex(der::unsigned_integer({})) == "020100");
  CHECK(to_hex(der::unsigned_integer(from_hex("822e"))) == "020300822e");
  CHECK(to_hex(der::unsigned_integer(from_hex("001cbe"))) == "02021cbe");
}

TEST_CASE("der: object identifiers come back as they were written", "[x509]") {
  for (const char* text :
       {"1.2.840.113549.1.1.11", "2.5.29.17", "0.9.2342.19200300.100.1.25", "2.999.3",
        "2.25.340282366920938463463374607431768211455", "1.3.101.112", "0.0", "2.47", "2.48"}) {
    INFO(text);
    const ca::Bytes bytes = der::oid(text);
    der::Reader reader{bytes, "oid"};
    CHECK(reader.oid("oid") == text);
  }
  CHECK(to_hex(der::oid("2.5.29.15")) == "0603551d0f");
  for (const char* text : {"", "1", "3.1", "1.40", "1..2", "1.2.", ".1", "1.02", "a.b", "1.-2",
                           "2.999999999999999999999999999999999999999"}) {
    INFO(text);
    CHECK_THROWS_AS(der::oid(text), ca::Error);
  }
  for (const char* hex : {"0600", "060180", "06028001", "060281", "06022a80"}) {
    INFO(hex);
    const ca::Bytes bytes = from_hex(hex);
    der::Reader reader{bytes, "oid"};
    CHECK_THROWS_AS(reader.oid("oid"), ca::Error);
  }
}

TEST_CASE("der: nesting has a bound", "[x509][I16]") {
  ca::Bytes nested;
  for (int i = 0; i < 100; ++i) {
    nested = der::element(der::tag::kSequence, nested);
  }
  CHECK_THROWS_WITH(der::check_well_formed(nested, "value"), Contains("nested too deeply"));
}

TEST_CASE("der: named bits are written and read in their shortest form", "[x509]") {
  CHECK(to_hex(der::named_bits(0b101)) == "030205a0");
  CHECK(to_hex(der::named_bits(0b1)) == "03020780");
  CHECK(to_hex(der::named_bits(0b1100001)) == "03020186");
  CHECK(to_hex(der::named_bits(1U << 8)) == "0303070080");
  CHECK(to_hex(der::named_bits(0)) == "030100");
  CHECK(der::named_bits_of(from_hex("05a0"), "usage") == 0b101);
  CHECK(der::named_bits_of(from_hex("070080"), "usage") == 1U << 8);
  for (const char* hex : {"", "08", "01", "0500", "00a0", "06a1", "0500a0a0"}) {
    INFO(hex);
    CHECK_THROWS_AS(der::named_bits_of(from_hex(hex), "usage"), ca::Error);
  }
}

TEST_CASE("der: times have the form of RFC 5280 and exist", "[x509]") {
  CHECK(time_of("491231235959Z", der::tag::kUtcTime) == "2049-12-31T23:59:59Z");
  CHECK(time_of("500101000000Z", der::tag::kUtcTime) == "1950-01-01T00:00:00Z");
  CHECK(time_of("20500101000000Z", der::tag::kGeneralizedTime) == "2050-01-01T00:00:00Z");
  CHECK(time_of("99991231235959Z", der::tag::kGeneralizedTime) == "9999-12-31T23:59:59Z");
  for (const char* text :
       {"4912312359Z", "491231235959+0000", "491231235959", "490231000000Z", "491231240000Z", "491231236000Z",
        "491231235960Z", "4912312359-1Z", "20491231235959Z"}) {
    INFO(text);
    CHECK_THROWS_AS(time_of(text, der::tag::kUtcTime), ca::Error);
  }
  CHECK_THROWS_AS(time_of("20500101000000.0Z", der::tag::kGeneralizedTime), ca::Error);
  CHECK_THROWS_AS(time_of("500101000000Z", der::tag::kGeneralizedTime), ca::Error);
  using std::chrono::sys_days;
  using std::chrono::year;
  CHECK(der::time(sys_days{year{2049} / 12 / 31})[0] == der::tag::kUtcTime);
  CHECK(der::time(sys_days{year{2050} / 1 / 1})[0] == der::tag::kGeneralizedTime);
  CHECK_THROWS_AS(der::time(sys_days{year{10000} / 1 / 1}), ca::Error);
  CHECK_THROWS_AS(der::time(sys_days{year{1949} / 12 / 31}), ca::Error);
}
