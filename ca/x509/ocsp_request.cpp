#include <algorithm>
#include <array>
#include <string>

#include "ca/base/error.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/ocsp.hpp"

namespace ca {
namespace {

struct DigestRow {
  Digest digest;
  const char* oid;
};
constexpr std::array kDigests{
    DigestRow{Digest::sha1, "1.3.14.3.2.26"},
    DigestRow{Digest::sha256, "2.16.840.1.101.3.4.2.1"},
    DigestRow{Digest::sha384, "2.16.840.1.101.3.4.2.2"},
    DigestRow{Digest::sha512, "2.16.840.1.101.3.4.2.3"},
};

Bytes copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash OCTET STRING, issuerKeyHash OCTET STRING, serialNumber
// }
CertId read_cert_id(der::Reader& request) {
  der::Reader ahead = request;
  CertId id;
  id.der = copy(ahead.take(der::tag::kSequence, "CertID").whole);
  der::Reader fields = request.enter(der::tag::kSequence, "CertID");
  der::Reader algorithm = fields.enter(der::tag::kSequence, "hashAlgorithm");
  id.hash_algorithm = algorithm.oid("hashAlgorithm");
  id.plain = true;
  if (!algorithm.done()) {
    // Of algorithms that we do not know, too: what is echoed must be DER.
    const der::Element parameters = algorithm.any();
    der::check_well_formed(parameters.whole, "parameters of the hashAlgorithm");
    id.plain = parameters.tag == der::tag::kNull && parameters.contents.empty();
  }
  algorithm.end();
  id.issuer_name_hash = copy(fields.take(der::tag::kOctetString, "issuerNameHash").contents);
  id.issuer_key_hash = copy(fields.take(der::tag::kOctetString, "issuerKeyHash").contents);
  id.serial = copy(fields.integer("serialNumber"));
  fields.end();
  return id;
}

// The extensions behind an EXPLICIT tag. Those that are critical, but for the nonce, would have to be
// understood.
std::vector<Extension> read_extensions(der::Reader& holder, std::uint8_t tag) {
  der::Reader outer = holder.enter(tag, "extensions");
  std::vector<Extension> extensions = parse_extensions(outer.take(der::tag::kSequence, "extensions").whole);
  outer.end();
  for (const Extension& extension : extensions) {
    if (extension.critical && extension.id != oid::kOcspNonce) {
      holder.refuse("the critical extension " + extension.id + " is not known");
    }
  }
  return extensions;
}

// Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL }
CertId read_request(der::Reader& list) {
  der::Reader request = list.enter(der::tag::kSequence, "Request");
  CertId id = read_cert_id(request);
  if (!request.done()) {
    for (const Extension& extension : read_extensions(request, der::tag::context_constructed(0))) {
      if (extension.critical) {
        request.refuse("a nonce is of the whole request");
      }
    }
  }
  request.end();
  return id;
}

// Nonce ::= OCTET STRING (SIZE (1..128)) (RFC 9654, 2.1; any other length is to be refused)
std::optional<Bytes> read_nonce(const std::vector<Extension>& extensions) {
  for (const Extension& extension : extensions) {
    if (extension.id != oid::kOcspNonce) {
      continue;
    }
    der::Reader outer{extension.value, "nonce"};
    const ByteView nonce = outer.take(der::tag::kOctetString, "nonce").contents;
    outer.end();
    if (nonce.empty() || nonce.size() > kMaxOcspNonce) {
      outer.refuse("it must have 1 to " + std::to_string(kMaxOcspNonce) + " octets");
    }
    return copy(nonce);
  }
  return std::nullopt;
}

// TBSRequest ::= SEQUENCE { version [0] EXPLICIT DEFAULT v1, requestorName [1] EXPLICIT GeneralName OPTIONAL,
// requestList SEQUENCE OF Request, requestExtensions [2] EXPLICIT Extensions OPTIONAL }
OcspRequest read_tbs(der::Reader tbs) {
  if (tbs.peek_tag() == der::tag::context_constructed(0)) {
    der::Reader version = tbs.enter(der::tag::context_constructed(0), "version");
    (void)version.small_integer("version", 0);
    version.end();
  }
  (void)tbs.take_if(der::tag::context_constructed(1));
  der::Reader list = tbs.enter(der::tag::kSequence, "requestList");
  OcspRequest request;
  while (!list.done()) {
    if (request.certificates.size() == kMaxOcspCertificates) {
      list.refuse("more than " + std::to_string(kMaxOcspCertificates) + " certificates");
    }
    request.certificates.push_back(read_request(list));
  }
  if (request.certificates.empty()) {
    list.refuse("no certificate is asked about");
  }
  if (!tbs.done()) {
    request.nonce = read_nonce(read_extensions(tbs, der::tag::context_constructed(2)));
  }
  tbs.end();
  return request;
}

}  // namespace

std::optional<Digest> digest_from_oid(const Oid& id) {
  const auto row =
      std::find_if(kDigests.begin(), kDigests.end(), [&](const DigestRow& r) { return id == r.oid; });
  return row == kDigests.end() ? std::nullopt : std::optional{row->digest};
}

std::optional<SerialNumber> CertId::serial_number() const { return SerialNumber::from_integer(serial); }

bool CertId::names_issuer(const DistinguishedName& issuer, const PublicKey& issuer_key) const {
  const auto algorithm = digest_from_oid(hash_algorithm);
  return algorithm && issuer_name_hash == digest(*algorithm, issuer.der()) &&
         issuer_key_hash == digest(*algorithm, issuer_key.key_octets());
}

Bytes encode_cert_id(Digest algorithm, const DistinguishedName& issuer, const PublicKey& issuer_key,
                     const SerialNumber& serial) {
  // With NULL, as OpenSSL, GnuTLS and Go write it for every digest.
  const Bytes identifier =
      der::element(der::tag::kSequence, {der::oid(kDigests.at(static_cast<std::size_t>(algorithm)).oid),
                                         der::element(der::tag::kNull, ByteView{})});
  return der::element(der::tag::kSequence,
                      {identifier, der::element(der::tag::kOctetString, digest(algorithm, issuer.der())),
                       der::element(der::tag::kOctetString, digest(algorithm, issuer_key.key_octets())),
                       der::unsigned_integer(serial.bytes())});
}

// OCSPRequest ::= SEQUENCE { tbsRequest, optionalSignature [0] EXPLICIT Signature OPTIONAL } (RFC
// 6960, 4.1.1)
OcspRequest OcspRequest::parse(ByteView der) {
  if (der.size() > kMaxOcspRequestBytes) {
    throw Error{Code::malformed_request,
                "The OCSP request is larger than " + std::to_string(kMaxOcspRequestBytes) + " bytes"};
  }
  try {
    der::Reader outer{der, "OCSPRequest"};
    der::Reader fields = outer.enter(der::tag::kSequence, "OCSPRequest");
    outer.end();
    OcspRequest request = read_tbs(fields.enter(der::tag::kSequence, "tbsRequest"));
    (void)fields.take_if(der::tag::context_constructed(0));
    fields.end();
    return request;
  } catch (const Error& error) {
    if (error.code() != Code::malformed_csr) {
      throw;
    }
    throw Error{Code::malformed_request, "The OCSP request is not valid: " + std::string{error.what()}};
  }
}

}  // namespace ca
