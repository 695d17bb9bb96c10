#include "ca/lint/lint_ocsp.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/lint/lint_seal.hpp"
#include "ca/x509/der.hpp"

namespace ca {
namespace {

using Status = OcspSingle::Status;

constexpr std::size_t kKeyIdOctets = 20;  // SHA-1 (RFC 6960, 4.2.1)

void require(bool holds, const char* what) {
  if (!holds) {
    throw Error{Code::internal, std::string{"the OCSP response must not be signed: "} + what};
  }
}

// What the answers may say at all.
void check_sense(const OcspResponse& response) {
  require(response.responder_key_id.size() == kKeyIdOctets, "the responder's key hash is no SHA-1");
  require(!response.singles.empty() && response.singles.size() <= kMaxOcspCertificates,
          "it has no answers or too many");
  require(!response.nonce || (!response.nonce->empty() && response.nonce->size() <= kMaxOcspNonce),
          "the nonce has a length of no request");
  for (const OcspSingle& single : response.singles) {
    const bool revoked = single.status == Status::revoked;
    require(revoked == single.revoked_at.has_value(), "revoked, and only revoked, has a time of revocation");
    require(revoked || !single.reason, "a certificate that is not revoked has a reason");
    require(single.this_update <= response.produced_at && response.produced_at < single.next_update,
            "an answer is not current");
  }
}

// CertStatus as it is written: [0] good and [2] unknown are empty, [1] revoked holds time and reason.
void check_status(der::Reader& fields, const OcspSingle& expected) {
  const der::Element status = fields.any();
  if (expected.status != Status::revoked) {
    const std::uint8_t tag = expected.status == Status::good ? 0x80 : 0x82;
    require(status.tag == tag && status.contents.empty(), "a status changed on the way");
    return;
  }
  require(status.tag == 0xA1, "a status changed on the way");
  der::Reader revoked{status.contents, "RevokedInfo"};
  require(revoked.generalized_time("revocationTime") == expected.revoked_at,
          "a time of revocation changed on the way");
  std::optional<RevocationReason> reason;
  if (!revoked.done()) {
    der::Reader holder = revoked.enter(der::tag::context_constructed(0), "revocationReason");
    const ByteView value = holder.take(der::tag::kEnumerated, "revocationReason").contents;
    holder.end();
    require(value.size() == 1 && value[0] != 0, "a reason is not one that is written");
    reason = static_cast<RevocationReason>(value[0]);
  }
  revoked.end();
  require(reason.value_or(RevocationReason::unspecified) ==
              expected.reason.value_or(RevocationReason::unspecified),
          "a reason changed on the way");
}

void check_single(der::Reader& row, const OcspSingle& expected) {
  der::Reader fields = row.enter(der::tag::kSequence, "SingleResponse");
  require(std::ranges::equal(fields.take(der::tag::kSequence, "certID").whole, expected.cert_id_der),
          "a CertID changed on the way");
  check_status(fields, expected);
  require(fields.generalized_time("thisUpdate") == expected.this_update, "thisUpdate changed on the way");
  der::Reader holder = fields.enter(der::tag::context_constructed(0), "nextUpdate");
  require(holder.generalized_time("nextUpdate") == expected.next_update, "nextUpdate changed on the way");
  holder.end();
  fields.end();
}

// Nothing but the nonce, not critical, wrapped once more than every extension is (RFC 9654, 2.1).
void check_nonce(der::Reader& tbs, const std::optional<Bytes>& expected) {
  if (!expected) {
    return;
  }
  der::Reader holder = tbs.enter(der::tag::context_constructed(1), "responseExtensions");
  const auto extensions = parse_extensions(holder.any().whole);
  holder.end();
  Bytes value{0x04};
  if (expected->size() > 0x7F) {
    value.push_back(0x81);
  }
  value.push_back(static_cast<std::uint8_t>(expected->size()));
  value.insert(value.end(), expected->begin(), expected->end());
  require(extensions == std::vector<Extension>{{"1.3.6.1.5.5.7.48.1.2", false, value}},
          "the nonce changed on the way");
}

void compare(const Bytes& der, const OcspResponse& expected) {
  der::Reader outer{der, "ResponseData"};
  der::Reader tbs = outer.enter(der::tag::kSequence, "ResponseData");
  outer.end();
  der::Reader responder = tbs.enter(der::tag::context_constructed(2), "responderID");
  require(
      std::ranges::equal(responder.take(der::tag::kOctetString, "byKey").contents, expected.responder_key_id),
      "the responder changed on the way");
  responder.end();
  require(tbs.generalized_time("producedAt") == expected.produced_at, "producedAt changed on the way");
  der::Reader row = tbs.enter(der::tag::kSequence, "responses");
  for (const OcspSingle& single : expected.singles) {
    check_single(row, single);
  }
  row.end();
  check_nonce(tbs, expected.nonce);
  tbs.end();
}

}  // namespace

ToBeSigned lint_ocsp(Bytes tbs, const OcspResponse& expected, SigningAlgorithm algorithm) {
  check_sense(expected);
  try {
    compare(tbs, expected);
  } catch (const Error& error) {
    if (error.code() == Code::internal) {
      throw;
    }
    throw Error{Code::internal, std::string{"the OCSP response cannot be read back: "} + error.what()};
  }
  return LintSeal::seal(std::move(tbs), algorithm);
}

}  // namespace ca
