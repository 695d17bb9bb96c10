#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/pem.hpp"
#include "tests/support/catch.hpp"

namespace {

ca::Bytes bytes(std::string_view text) {
  const ca::ByteView view = ca::bytes_of(text);
  return {view.begin(), view.end()};
}

const std::string kBlock = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----";

}  // namespace

TEST_CASE("hex: both cases are read and lower case is written", "[base]") {
  CHECK(ca::to_hex(bytes("\x01\xAB\xff")) == "01abff");
  CHECK(ca::from_hex("01aBFf") == bytes("\x01\xAB\xff"));
  CHECK(ca::from_hex("").empty());
}

TEST_CASE("hex: what is not hex is refused with its place", "[base][I16]") {
  CHECK_THROWS_AS(ca::from_hex("012"), ca::Error);
  CHECK_THROWS_WITH(ca::from_hex("01g2"), Contains("position 2"));
  CHECK_THROWS_AS(ca::from_hex("0x"), ca::Error);
  CHECK_THROWS_AS(ca::from_hex(" 1"), ca::Error);
}

TEST_CASE("base64: the vectors of RFC 4648 section 10 hold in both directions", "[base]") {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    CHECK(ca::to_base64(ca::bytes_of(plain)) == text);
    CHECK(ca::from_base64(text) == bytes(plain));
  }
}

TEST_CASE("base64: every deviation from the canonical form is refused", "[base][I16]") {
  for (const char* text : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm9v ",
                           "Zm-v", "Zm_v", "Zh==", "Zm9=", "Zm=v", "Zm9v===="}) {
    INFO(text);
    CHECK_THROWS_AS(ca::from_base64(text), ca::Error);
  }
}

TEST_CASE("pem: 64 columns and no newline at the end are written", "[base]") {
  const std::string pem = ca::to_pem("CERTIFICATE", ca::Bytes(60, 0x41));
  CHECK(pem.rfind("-----BEGIN CERTIFICATE-----\n", 0) == 0);
  CHECK(pem.find('\n', 28) == 28 + 64);
  CHECK(pem.substr(pem.size() - 25) == "-----END CERTIFICATE-----");
  const auto blocks = ca::parse_pem(pem, 1);
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].label == "CERTIFICATE");
  CHECK(blocks[0].der == ca::Bytes(60, 0x41));
}

TEST_CASE("pem: line ends and white space around do not matter", "[base]") {
  const std::string crlf = "\r\n-----BEGIN CERTIFICATE-----\r\nAQ\r\nID\r\n-----END CERTIFICATE-----\r\n\r\n";
  CHECK(ca::parse_pem(crlf, 1).at(0).der == bytes("\x01\x02\x03"));
  CHECK(ca::parse_pem(kBlock + "\n" + kBlock, 2).size() == 2);
  CHECK(ca::parse_pem(" \n\t", 1).empty());
}

TEST_CASE("pem: text outside and headers and wrong ends and too many blocks are refused", "[base][I16]") {
  for (const std::string& text : {
           "subject=x\n" + kBlock,
           kBlock + "\nrest",
           std::string{"-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\nAQID\n-----END CERTIFICATE-----"},
           std::string{"-----BEGIN CERTIFICATE-----\nAQID\n-----END X509 CRL-----"},
           std::string{"-----BEGIN CERTIFICATE-----\nAQID\n"},
           std::string{"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"},
           // A reader that looks for headers takes what stands before a blank line for them, and reads the
           // rest.
           std::string{"-----BEGIN CERTIFICATE-----\nAQID\n\nBAUG\n-----END CERTIFICATE-----"},
           std::string{"-----BEGIN CERTIFICATE-----\n\nAQID\n-----END CERTIFICATE-----"},
           std::string{"-----BEGIN CERTIFICATE-----\r\nAQID\r\n \t\r\n-----END CERTIFICATE-----"},
           std::string{"-----BEGIN CERTIFICATE-----\nAQ ID\n-----END CERTIFICATE-----"},
           std::string{"-----BEGIN -----\nAQID\n-----END -----"},
           std::string{"-----BEGIN CERT\x01-----\nAQID\n-----END CERT\x01-----"},
           std::string{"-----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----"},
           std::string{"-----BEGIN CERTIFICATE-----\nAQI\n-----END CERTIFICATE-----"},
           std::string{"-----BEGIN CERTIFICATE-----\nAQID\n-----BEGIN CERTIFICATE-----\nAQID\n-----END "
                       "CERTIFICATE-----"},
       }) {
    INFO(text);
    CHECK_THROWS_AS(ca::parse_pem(text, 2), ca::Error);
  }
  CHECK_THROWS_WITH(ca::parse_pem(kBlock + "\n" + kBlock, 1), Contains("more than 1 block"));
}
