#include <array>
#include <set>

#include "ca/base/arn.hpp"
#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"

namespace {

const std::string kUuid = "01234567-89ab-cdef-0123-456789abcdef";
const std::string kAuthority = "arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/" + kUuid;
const std::string kSerial = "1cbe485a21fe5f6ab1fc4ab12dc3eb03";

}  // namespace

TEST_CASE("serial: two thousand random ones differ and every bit is sometimes set and sometimes not",
          "[base][I2]") {
  std::set<ca::SerialNumber> seen;
  std::array<int, 128> ones{};
  constexpr int kCount = 2000;
  for (int i = 0; i < kCount; ++i) {
    const ca::SerialNumber serial = ca::SerialNumber::random();
    CHECK(serial.bytes()[0] != 0);
    CHECK(serial.hex().size() == 32);
    seen.insert(serial);
    for (std::size_t bit = 0; bit < ones.size(); ++bit) {
      ones[bit] += serial.bytes()[bit / 8] >> (7 - bit % 8) & 1;
    }
  }
  CHECK(seen.size() == kCount);
  // Eight standard deviations around one half: one false alarm in 10^13 runs.
  for (const int count : ones) {
    CHECK(count > kCount / 2 - 180);
    CHECK(count < kCount / 2 + 180);
  }
}

TEST_CASE("serial: every form that clients send is read", "[base]") {
  const auto wanted = ca::SerialNumber::from_hex("0a2b3c4d5e6f708192a3b4c5d6e7f801");
  CHECK(ca::SerialNumber::from_hex("A2B3C4D5E6F708192A3B4C5D6E7F801") == wanted);
  CHECK(ca::SerialNumber::from_hex("0a:2b:3c:4d:5e:6f:70:81:92:a3:b4:c5:d6:e7:f8:01") == wanted);
  CHECK(ca::SerialNumber::from_hex("a:2b:3c:4d:5e:6f:70:81:92:a3:b4:c5:d6:e7:f8:01") == wanted);
  CHECK(ca::SerialNumber::from_hex("000a2b3c4d5e6f708192a3b4c5d6e7f801") == wanted);
  CHECK(wanted.hex() == "0a2b3c4d5e6f708192a3b4c5d6e7f801");
  CHECK(wanted.colon_hex() == "0a:2b:3c:4d:5e:6f:70:81:92:a3:b4:c5:d6:e7:f8:01");
  CHECK(ca::SerialNumber::from_bytes(wanted.bytes()) == wanted);
}

TEST_CASE("serial: what is no serial is refused", "[base][I16]") {
  for (const std::string& text :
       {std::string{}, std::string{"xyz"}, std::string{"0x1f"}, std::string(33, 'f'), std::string(129, '0'),
        std::string{":"}, std::string{"1a:2"}, std::string{"1a::2b"}, std::string{"1a:2b:"},
        std::string{":1a"}, std::string{"1a2b:3c"}, std::string{"1a:2b3c"}, std::string{"-1"},
        std::string{"1 2"}}) {
    INFO(text);
    CHECK_THROWS_AS(ca::SerialNumber::from_hex(text), ca::Error);
  }
  CHECK_THROWS_AS(ca::SerialNumber::from_bytes(ca::Bytes(15)), ca::Error);
}

TEST_CASE("arn: an authority and a certificate come back as they were written", "[base]") {
  const auto authority = ca::AuthorityArn::parse(kAuthority);
  CHECK(authority.partition == "aws");
  CHECK(authority.region == "eu-central-1");
  CHECK(authority.account == "123456789012");
  CHECK(authority.id == kUuid);
  CHECK(authority.text() == kAuthority);
  const std::string text = kAuthority + "/certificate/" + kSerial;
  const auto certificate = ca::CertificateArn::parse(text);
  CHECK(certificate.authority == authority);
  CHECK(certificate.serial.hex() == kSerial);
  CHECK(certificate.text() == text);
}

TEST_CASE("arn: what is no arn is refused in the words of AWS", "[base][I16]") {
  for (const std::string& text : {
           std::string{},
           std::string{"arn"},
           kAuthority + "/",
           kAuthority + ":",
           "x" + kAuthority,
           std::string{"arn:aws:acm:eu-central-1:123456789012:certificate-authority/"} + kUuid,
           std::string{"arn:aws:acm-pca::123456789012:certificate-authority/"} + kUuid,
           std::string{"arn:aws:acm-pca:eu-central-1:12345678901:certificate-authority/"} + kUuid,
           std::string{"arn:aws:acm-pca:eu-central-1:12345678901x:certificate-authority/"} + kUuid,
           std::string{"arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/"},
           std::string{"arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/x"},
           std::string{"arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/../"} + kUuid,
           std::string{"arn:aws:acm-pca:eu\ncentral:123456789012:certificate-authority/"} + kUuid,
           kAuthority + std::string(200, 'a'),
       }) {
    INFO(text);
    CHECK_THROWS_WITH(ca::AuthorityArn::parse(text), "Not a valid arn.");
  }
  for (const std::string& text : {kAuthority, kAuthority + "/certificate/", kAuthority + "/certificate/1cbe",
                                  kAuthority + "/certificate/1CBE485A21FE5F6AB1FC4AB12DC3EB03",
                                  kAuthority + "/certificate/" + kSerial + "0"}) {
    INFO(text);
    CHECK_THROWS_WITH(ca::CertificateArn::parse(text), "Not a valid arn.");
  }
}

TEST_CASE("arn: a template is one of the asked partition only", "[base][I11]") {
  const auto arn = ca::TemplateArn::parse("arn:aws-cn:acm-pca:::template/EndEntityCertificate/V1", "aws-cn");
  CHECK(arn.partition == "aws-cn");
  CHECK(arn.name == "EndEntityCertificate");
  CHECK(arn.text() == "arn:aws-cn:acm-pca:::template/EndEntityCertificate/V1");
  for (const char* text : {"", "arn:aws-cn:acm-pca:::template/X/V1", "arn::acm-pca:::template/X/V1",
                           "arn:aws:acm-pca:::template/X/V2", "arn:aws:acm-pca:::template//V1",
                           "arn:aws:acm-pca:::template/V1", "arn:aws:acm-pca:us-east-1::template/X/V1",
                           "arn:aws:acm-pca:::template/A/B/V1", "arn:aws:acm-pca:::template/X*/V1"}) {
    INFO(text);
    CHECK_THROWS_AS(ca::TemplateArn::parse(text, "aws"), ca::Error);
  }
}

TEST_CASE("uuid: random ones are of version 4 and recognised", "[base]") {
  const std::string uuid = ca::random_uuid();
  CHECK(ca::is_uuid(uuid));
  CHECK(uuid[14] == '4');
  CHECK(std::string{"89ab"}.find(uuid[19]) != std::string::npos);
  CHECK(uuid != ca::random_uuid());
  CHECK_FALSE(ca::is_uuid("01234567-89AB-cdef-0123-456789abcdef"));
  CHECK_FALSE(ca::is_uuid("0123456789ab-cdef-0123-456789abcdef-"));
  CHECK_FALSE(ca::is_uuid(""));
}
