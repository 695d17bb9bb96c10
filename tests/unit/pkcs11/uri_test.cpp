#include "pkcs11/uri.hpp"

#include "pkcs11/error.hpp"
#include "tests/support/catch.hpp"

using pkcs11::Bytes;
using pkcs11::Error;
using pkcs11::Uri;

namespace {

std::string refusal_of(const std::string& text) {
  try {
    static_cast<void>(Uri::parse(text));
  } catch (const Error& error) {
    CHECK(error.error_class() == pkcs11::ErrorClass::bad_request);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("uri: every attribute is read", "[pkcs11]") {
  const Uri uri = Uri::parse(
      "pkcs11:token=The%20Token;serial=0123;manufacturer=Acme+Co;model=M1;slot-id=7;object=ca-1;id=%01%ffA;"
      "type=private?module-path=/usr/lib/m.so&pin-source=file:/etc/pin");
  CHECK(uri.token == "The Token");
  CHECK(uri.serial == "0123");
  CHECK(uri.manufacturer == "Acme+Co");
  CHECK(uri.model == "M1");
  CHECK(uri.slot_id == 7UL);
  CHECK(uri.object == "ca-1");
  CHECK(uri.id == Bytes{0x01, 0xff, 'A'});
  CHECK(uri.type == "private");
  CHECK(uri.module_path == "/usr/lib/m.so");
  CHECK(uri.pin_source == "file:/etc/pin");
  CHECK(uri.names_token());
}

TEST_CASE("uri: equal values have one text and the text parses to the same value", "[pkcs11]") {
  const auto text =
      GENERATE(as<std::string>{}, "pkcs11:", "pkcs11:object=a;token=b", "pkcs11:token=b;object=a",
               "pkcs11:id=%00", "pkcs11:token=%C3%A4%e2%82%ac%f0%9f%94%91",
               "pkcs11:object=a%3bb%3Dc&d?pin-source=/a|b?c", "pkcs11:?module-path=/m.so");
  const Uri uri = Uri::parse(text);
  CHECK(Uri::parse(uri.text()) == uri);
  CHECK(Uri::parse(uri.text()).text() == uri.text());
  CHECK(Uri::parse("pkcs11:object=a;token=b").text() == "pkcs11:token=b;object=a");
}

TEST_CASE("uri: what is not strictly RFC 7512 is refused", "[pkcs11][I16]") {
  const auto text = GENERATE(
      as<std::string>{}, "", "pkcs11", "PKCS11:token=a", "http:token=a", "pkcs11:token", "pkcs11:=a",
      "pkcs11:token=", "pkcs11:token=a;", "pkcs11:;token=a", "pkcs11:token=a;token=b", "pkcs11:token=a b",
      "pkcs11:token=a%2", "pkcs11:token=%zz", "pkcs11:token=%", "pkcs11:token=a/b", "pkcs11:token=%00",
      "pkcs11:token=%0a", "pkcs11:token=%ff", "pkcs11:token=%c0%80", "pkcs11:token=%ed%a0%80",
      "pkcs11:token=%f5%80%80%80", "pkcs11:token=%e2%82", "pkcs11:slot-id=-1", "pkcs11:slot-id=x",
      "pkcs11:slot-id=99999999999999999999999", "pkcs11:slot-id=1;slot-id=1",
      "pkcs11:id=", "pkcs11:id=a;id=b", "pkcs11:type=key", "pkcs11:colour=red", "pkcs11:library-version=3",
      "pkcs11:v-acme=1", "pkcs11:token=a?", "pkcs11:token=a?module-name=x",
      "pkcs11:token=a?pin-source=a&pin-source=b", "pkcs11:token=a#b",
      "pkcs11:token=123456789012345678901234567890123", "pkcs11:serial=12345678901234567");
  INFO(text);
  CHECK(refusal_of(text) != "accepted");
}

TEST_CASE("uri: over-long texts are refused", "[pkcs11][I16]") {
  CHECK_THAT(refusal_of("pkcs11:object=" + std::string(256, 'a')), Contains("object"));
  CHECK_THAT(refusal_of("pkcs11:object=" + std::string(5000, 'a')), Contains("4096"));
}

TEST_CASE("uri: a PIN in it is refused and never repeated", "[pkcs11][I18]") {
  const std::string text = refusal_of("pkcs11:token=a?pin-value=98341277");
  CHECK_THAT(text, Contains("pin-value") && Contains("pin-source"));
  CHECK(text.find("98341277") == std::string::npos);
  CHECK(refusal_of("pkcs11:token=a?PIN-VALUE=98341277").find("98341277") == std::string::npos);
  CHECK(refusal_of("pkcs11:98341277").find("98341277") == std::string::npos);
}
