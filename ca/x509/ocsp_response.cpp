#include "ca/base/error.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/ocsp.hpp"

namespace ca {
namespace {

constexpr std::uint8_t kSuccessful = 0;

Bytes enumerated(std::uint8_t value) { return {der::tag::kEnumerated, 1, value}; }

// CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL
// }
Bytes encode_status(const OcspSingle& single) {
  switch (single.status) {
    case OcspSingle::Status::good:
      return {der::tag::context(0), 0};
    case OcspSingle::Status::revoked: {
      if (!single.revoked_at) {
        throw Error{Code::internal, "a revoked certificate has no time of revocation"};
      }
      Bytes reason;
      if (single.reason && *single.reason != RevocationReason::unspecified) {
        reason = der::element(der::tag::context_constructed(0),
                              enumerated(static_cast<std::uint8_t>(*single.reason)));
      }
      return der::element(der::tag::context_constructed(1),
                          {der::generalized_time(*single.revoked_at), reason});
    }
    case OcspSingle::Status::unknown:
      return {der::tag::context(2), 0};
  }
  throw Error{Code::internal, "no status of OCSP"};
}

// SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] EXPLICIT, ... }
Bytes encode_single(const OcspSingle& single) {
  return der::element(
      der::tag::kSequence,
      {single.cert_id_der, encode_status(single), der::generalized_time(single.this_update),
       der::element(der::tag::context_constructed(0), der::generalized_time(single.next_update))});
}

}  // namespace

// ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID { byKey [2] OCTET STRING }, producedAt,
// responses SEQUENCE OF SingleResponse, responseExtensions [1] EXPLICIT OPTIONAL }
Bytes encode_tbs(const OcspResponse& response) {
  const Bytes responder = der::element(der::tag::context_constructed(2),
                                       der::element(der::tag::kOctetString, response.responder_key_id));
  Bytes singles;
  for (const OcspSingle& single : response.singles) {
    const Bytes der = encode_single(single);
    singles.insert(singles.end(), der.begin(), der.end());
  }
  Bytes extensions;
  if (response.nonce) {
    extensions = der::element(
        der::tag::context_constructed(1),
        encode_extensions({{oid::kOcspNonce, false, der::element(der::tag::kOctetString, *response.nonce)}}));
  }
  return der::element(der::tag::kSequence, {responder, der::generalized_time(response.produced_at),
                                            der::element(der::tag::kSequence, singles), extensions});
}

Bytes assemble_ocsp_response(ByteView tbs_der, SigningAlgorithm algorithm, ByteView signature,
                             ByteView signer_der) {
  Bytes certs;
  if (!signer_der.empty()) {
    certs = der::element(der::tag::context_constructed(0), der::element(der::tag::kSequence, signer_der));
  }
  const Bytes basic = der::element(
      der::tag::kSequence, {tbs_der, algorithm_identifier(algorithm), der::bit_string(signature), certs});
  const Bytes response_bytes = der::element(
      der::tag::kSequence, {der::oid(oid::kOcspBasic), der::element(der::tag::kOctetString, basic)});
  return der::element(der::tag::kSequence, {enumerated(kSuccessful),
                                            der::element(der::tag::context_constructed(0), response_bytes)});
}

Bytes ocsp_error(OcspError status) {
  return der::element(der::tag::kSequence, enumerated(static_cast<std::uint8_t>(status)));
}

}  // namespace ca
