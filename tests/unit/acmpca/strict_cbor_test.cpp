#include "daemon/acmpca/strict_cbor.hpp"

#include "ca/base/bytes.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/acmpca/operation_shapes.hpp"
#include "daemon/acmpca/strict_json.hpp"
#include "tests/support/catch.hpp"

using nlohmann::json;

namespace {

std::string bytes(std::string_view hex) {
  const ca::Bytes raw = ca::from_hex(hex);
  return {raw.begin(), raw.end()};
}

json parsed(std::string_view hex) { return acmpca::parse_cbor_object(bytes(hex)); }

std::string hex(const json& value) {
  const std::string raw = acmpca::to_cbor(value);
  return ca::to_hex(ca::bytes_of(raw));
}

bool refused(std::string_view hex) {
  try {
    (void)parsed(hex);
  } catch (const ca::Error& error) {
    return error.code() == ca::Code::malformed_request;
  }
  return false;
}

}  // namespace

TEST_CASE("cbor: definite and indefinite lengths say the same", "[acmpca]") {
  const json expected{{"a", {1, -2, "xyz"}}, {"b", {{"c", true}}}};
  CHECK(parsed("a261618301216378797a6162a16163f5") == expected);
  CHECK(parsed("bf61619f01217f617862797affff6162bf6163f5ffff") == expected);
  CHECK(parsed("a0").empty());
  CHECK(parsed("bfff").empty());
}

TEST_CASE("cbor: a number is the same however it is written", "[acmpca]") {
  const auto number = [](const std::string& item) { return parsed("a16161" + item)["a"]; };
  for (const char* one : {"01", "1801", "190001", "1a00000001", "1b0000000000000001", "f93c00", "fa3f800000",
                          "fb3ff0000000000000"}) {
    INFO(one);
    CHECK(number(one) == 1);
    CHECK(number(one).is_number_integer());
  }
  CHECK(number("fb3ff199999999999a") == 1.1);
  CHECK(number("f90001") == 5.960464477539063e-8);
  CHECK(number("1bffffffffffffffff") == 18446744073709551615U);
  CHECK(number("3b7fffffffffffffff") == INT64_MIN);
  CHECK(number("f6").is_null());
  CHECK(number("f7").is_null());
  CHECK_FALSE(number("f97c00").is_number_integer());
}

TEST_CASE("cbor: what two readers could understand differently is refused", "[acmpca][I16]") {
  for (const char* hex : {
           "",                          // nothing
           "80",                        // no map
           "a000",                      // trailing bytes
           "a10102",                    // a name that is no text
           "a2616101616102",            // a name twice
           "a16161c100",                // a tag
           "a161613bffffffffffffffff",  // below -2^63
           "a16161f0",                  // a simple value
           "a16161f818",                // another
           "a161611c",                  // a reserved head
           "a161611f",                  // a number of indefinite length
           "a1616161ff",                // not UTF-8
           "a161006101",                // NUL in a name
           "a161616100",                // NUL in a text
           "a161615f6161ff",            // a piece of another type
           "a161615f5f4101ffff",        // a piece in pieces
           "a16161ff",                  // a break for a value
           "a1ff",                      // a break inside a definite length
           "bf6161ff",                  // a name without a value
           "bf6161",                    // it ends early, from here on
           "a161619f",
           "a1616143",
           "a161615bffffffffffffffff",
           "a161619b7fffffffffffffff",
           "a1616119",
       }) {
    INFO(hex);
    CHECK(refused(hex));
  }
}

TEST_CASE("cbor: nesting is bounded", "[acmpca][I16]") {
  const auto nested = [](int levels) {
    std::string text = "a16161";
    for (int i = 1; i < levels; ++i) {
      text += "81";
    }
    return text + "01";
  };
  CHECK_FALSE(refused(nested(acmpca::kMaxJsonDepth)));
  CHECK(refused(nested(acmpca::kMaxJsonDepth + 1)));
}

TEST_CASE("cbor: what is written is as short as it can be, and points in time are tagged", "[acmpca]") {
  CHECK(hex({{"a", {0, 23, 24, 255, 256, 65536, 4294967296, -1, -25, true, false, nullptr, 1.5, "x"}}}) ==
        "a161618e0017181818ff1901001a000100001b0000000100000000203818f5f4f6fb3ff80000000000006178");
  CHECK(hex({{"CreatedAt", 1}}) == "a169437265617465644174c1fb3ff0000000000000");
  CHECK(hex({{"CreatedAt", "1"}}) == "a1694372656174656441746131");
  CHECK(hex({{"a", json::binary({1, 2})}}) == "a16161420102");
}

TEST_CASE("cbor: a blob is bytes there and base64 in JSON, never the other way round", "[acmpca]") {
  const auto checked = [](const json& csr, acmpca::Blobs blobs) {
    return acmpca::checked(
        acmpca::shape::kIssueCertificate,
        {{"CertificateAuthorityArn", "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1"},
         {"Csr", csr},
         {"SigningAlgorithm", "SHA256WITHECDSA"},
         {"Validity", {{"Value", 1}, {"Type", "DAYS"}}}},
        blobs)["Csr"];
  };
  CHECK(checked(json::binary({'P', 'E', 'M'}), acmpca::Blobs::bytes) == "UEVN");
  CHECK(checked("UEVN", acmpca::Blobs::base64) == "UEVN");
  CHECK_THROWS_AS(checked("UEVN", acmpca::Blobs::bytes), ca::Error);
  CHECK_THROWS_AS(checked(json::binary({1}), acmpca::Blobs::base64), ca::Error);
  CHECK_THROWS_AS(checked(json::binary({}), acmpca::Blobs::bytes), ca::Error);  // too short
}
