#include "ca/base/error.hpp"
#include "ca/x509/certificate.hpp"
#include "tests/fuzz/property.hpp"

// Input: DER of a certificate. What parses can be asked everything without a further error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto certificate = ca::Certificate::parse({data, size});
    require(certificate.der.size() == size, "a certificate is its whole input");
    try {
      (void)certificate.basic_constraints();
      (void)certificate.subject_key_id();
      (void)ca::key_usage_bits(certificate);
      (void)certificate.is_signed_by(certificate.public_key);
      (void)certificate.subject.text();
      (void)certificate.issuer.text();
    } catch (const ca::Error&) {
      require(false, "a parsed certificate answers");
    }
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_certificate, "a bad certificate is malformed_certificate");
  }
  return 0;
}
