#include "ca/base/error.hpp"
#include "ca/lint/lint_ocsp.hpp"
#include "tests/fuzz/property.hpp"

// Input: the body of an OCSP request. What is read is bounded and can be echoed; anything else is
// malformed_request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto request = ca::OcspRequest::parse({data, size});
    require(size <= ca::kMaxOcspRequestBytes, "a request is bounded");
    require(!request.certificates.empty() && request.certificates.size() <= ca::kMaxOcspCertificates,
            "a request asks about some certificates");
    require(!request.nonce || (!request.nonce->empty() && request.nonce->size() <= ca::kMaxOcspNonce),
            "a nonce has its length");
    ca::OcspResponse answer{
        .responder_key_id = ca::Bytes(20), .produced_at = {}, .singles = {}, .nonce = request.nonce};
    for (const ca::CertId& id : request.certificates) {
      require(id.der.size() > 2 && id.der[0] == 0x30 && !id.serial.empty(), "a CertID is echoed");
      (void)id.serial_number();
      answer.singles.push_back({.cert_id_der = id.der,
                                .status = ca::OcspSingle::Status::unknown,
                                .revoked_at = std::nullopt,
                                .reason = std::nullopt,
                                .this_update = {},
                                .next_update = ca::Seconds{std::chrono::hours{1}}});
    }
    (void)ca::lint_ocsp(ca::encode_tbs(answer), answer, ca::SigningAlgorithm::ed25519);
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_request, "a bad request is malformed_request");
  }
  return 0;
}
