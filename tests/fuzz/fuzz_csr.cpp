#include "ca/base/error.hpp"
#include "ca/policy/key_checks.hpp"
#include "ca/policy/name_rules.hpp"
#include "tests/fuzz/property.hpp"

// Input: DER of a PKCS#10 request. Whatever it is, the answer is a request that was signed by its key, or
// malformed_csr. What lies behind the signature check has targets of its own: spki, name, request_rules.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ca::ByteView input{data, size};
  try {
    const auto request = ca::CertificateRequest::parse(input);
    require(ca::ByteView{request.der}.size() == size, "a request is its whole input");
    (void)request.subject.text();
    ca::check_name_bounds(request.subject, request.subject_alt_names, ca::Code::malformed_csr);
    ca::check_subject_key(request.public_key);
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_csr, "a bad request is malformed_csr");
  }
  return 0;
}
