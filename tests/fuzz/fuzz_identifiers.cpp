#include "ca/base/arn.hpp"
#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/x509/name.hpp"
#include "tests/fuzz/property.hpp"

// Input: an ARN, a serial number or a subject as a client or an operator writes them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = ca::text_of({data, size});
  try {
    require(ca::AuthorityArn::parse(text).text() == text, "an authority ARN has one form");
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::invalid_arn, "a bad ARN is invalid_arn");
  }
  try {
    require(ca::CertificateArn::parse(text).text() == text, "a certificate ARN has one form");
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::invalid_arn, "a bad ARN is invalid_arn");
  }
  try {
    require(ca::TemplateArn::parse(text, "aws").text() == text, "a template ARN has one form");
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::invalid_args, "a bad template ARN is invalid_args");
  }
  try {
    const auto serial = ca::SerialNumber::from_hex(text);
    require(ca::SerialNumber::from_hex(serial.hex()) == serial &&
                ca::SerialNumber::from_hex(serial.colon_hex()) == serial,
            "a serial is the same in each form");
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::invalid_request, "a bad serial is invalid_request");
  }
  try {
    (void)ca::encode_subject(ca::parse_subject_text(text)).text();
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::invalid_args, "a bad subject is invalid_args");
  }
  (void)ca::matches_wildcard(text.substr(0, size / 2), text.substr(size / 2));
  return 0;
}
