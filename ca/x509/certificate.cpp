#include "ca/x509/certificate.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/der.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxDerBytes = 32768;  // CertificateBodyBlob of the API
constexpr int kVersion3 = 2;
constexpr int kMaxPathLength = 255;

// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } (RFC
// 5280, 4.2.1.9)
BasicConstraints read_basic_constraints(ByteView value) {
  der::Reader outer{value, "basicConstraints"};
  der::Reader fields = outer.enter(der::tag::kSequence, "basicConstraints");
  outer.end();
  BasicConstraints constraints;
  if (const auto authority = fields.take_if(der::tag::kBoolean)) {
    if (authority->contents.size() != 1 || authority->contents[0] != 0xFF) {
      fields.refuse("cA must be TRUE (FF) or absent");
    }
    constraints.ca = true;
  }
  if (!fields.done()) {
    constraints.path_length = fields.small_integer("path length", kMaxPathLength);
  }
  fields.end();
  return constraints;
}

Bytes read_octets(ByteView value, std::string_view what) {
  der::Reader outer{value, what};
  const ByteView contents = outer.take(der::tag::kOctetString, what).contents;
  outer.end();
  return Bytes(contents.begin(), contents.end());
}

unsigned read_key_usage(ByteView value) {
  der::Reader outer{value, "keyUsage"};
  const ByteView contents = outer.take(der::tag::kBitString, "keyUsage").contents;
  outer.end();
  return der::named_bits_of(contents, "keyUsage");
}

// What is asked of a parsed certificate later must not fail then.
void check_known_extensions(const Certificate& certificate) {
  (void)certificate.basic_constraints();
  (void)certificate.subject_key_id();
  if (const Extension* usage = certificate.find(oid::kKeyUsage)) {
    (void)read_key_usage(usage->value);
  }
  if (const Extension* names = certificate.find(oid::kSubjectAltName)) {
    (void)parse_imported_general_names(names->value);
  }
}

SigningAlgorithm read_algorithm(ByteView outer, ByteView inner) {
  const auto algorithm = signing_algorithm_from_der(outer);
  if (!std::ranges::equal(outer, inner)) {
    throw Error{Code::malformed_csr, "the signature algorithm inside differs from the one outside"};
  }
  if (!algorithm) {
    throw Error{Code::malformed_csr,
                "the signature algorithm is not supported: SHA-256, SHA-384 or SHA-512 with RSA (PKCS#1 "
                "v1.5) or ECDSA, "
                "or Ed25519 are"};
  }
  return *algorithm;
}

Validity read_validity(der::Reader& tbs) {
  der::Reader fields = tbs.enter(der::tag::kSequence, "validity");
  Validity validity;
  validity.not_before = fields.time("notBefore");
  validity.not_after = fields.time("notAfter");
  fields.end();
  return validity;
}

// TBSCertificate (RFC 5280, 4.1): version [0], serial, signature, issuer, validity, subject, key, [1], [2],
// [3] extensions.
Certificate read_tbs(ByteView der, ByteView tbs_der, ByteView algorithm, ByteView signature) {
  der::Reader outer{tbs_der, "TBSCertificate"};
  der::Reader tbs = outer.enter(der::tag::kSequence, "TBSCertificate");
  der::Reader version = tbs.enter(der::tag::context_constructed(0), "version 3");
  if (version.small_integer("version", kVersion3) != kVersion3) {
    version.refuse("only version 3 is supported");
  }
  version.end();
  der::Reader serial_ahead = tbs;
  (void)serial_ahead.unsigned_integer("serial number");
  const ByteView serial = tbs.take(der::tag::kInteger, "serial number").contents;
  const ByteView inner_algorithm = tbs.take(der::tag::kSequence, "signature algorithm").whole;
  const ByteView issuer = tbs.take(der::tag::kSequence, "issuer").whole;
  const Validity validity = read_validity(tbs);
  const ByteView subject = tbs.take(der::tag::kSequence, "subject").whole;
  const ByteView spki = tbs.take(der::tag::kSequence, "public key").whole;
  (void)tbs.take_if(der::tag::context(1));  // issuerUniqueID, subjectUniqueID: allowed, of no use
  (void)tbs.take_if(der::tag::context(2));
  std::vector<Extension> extensions;
  if (!tbs.done()) {
    der::Reader list = tbs.enter(der::tag::context_constructed(3), "extensions");
    extensions = parse_extensions(list.any().whole);
    list.end();
  }
  tbs.end();
  return {.der = Bytes(der.begin(), der.end()),
          .tbs_der = Bytes(tbs_der.begin(), tbs_der.end()),
          .serial = Bytes(serial.begin(), serial.end()),
          .signing_algorithm = read_algorithm(algorithm, inner_algorithm),
          .signature = Bytes(signature.begin(), signature.end()),
          .issuer = DistinguishedName::parse_imported(issuer),
          .subject = DistinguishedName::parse_imported(subject),
          .validity = validity,
          .public_key = PublicKey::parse(spki),
          .extensions = std::move(extensions)};
}

Certificate read_certificate(ByteView der) {
  der::Reader outer{der, "certificate"};
  der::Reader fields = outer.enter(der::tag::kSequence, "certificate");
  outer.end();
  const ByteView tbs = fields.take(der::tag::kSequence, "TBSCertificate").whole;
  const ByteView algorithm = fields.take(der::tag::kSequence, "signature algorithm").whole;
  const ByteView signature = fields.octet_aligned_bits("signature");
  fields.end();
  Certificate certificate = read_tbs(der, tbs, algorithm, signature);
  check_known_extensions(certificate);
  return certificate;
}

}  // namespace

Certificate Certificate::parse(ByteView der) {
  if (der.size() > kMaxDerBytes) {
    throw Error{Code::malformed_certificate,
                "The certificate is larger than " + std::to_string(kMaxDerBytes) + " bytes"};
  }
  try {
    return read_certificate(der);
  } catch (const Error& error) {
    if (error.code() != Code::malformed_csr) {
      throw;
    }
    throw Error{Code::malformed_certificate, "The certificate is not valid: " + std::string{error.what()}};
  }
}

Certificate Certificate::parse_to_be_signed(ByteView tbs_der, SigningAlgorithm algorithm) {
  static constexpr std::uint8_t kNoSignature[] = {0};
  return parse(assemble_signed(tbs_der, algorithm, kNoSignature));
}

const Extension* Certificate::find(std::string_view oid) const {
  const auto found = std::find_if(extensions.begin(), extensions.end(),
                                  [&](const Extension& extension) { return extension.id == oid; });
  return found == extensions.end() ? nullptr : &*found;
}

std::optional<BasicConstraints> Certificate::basic_constraints() const {
  const Extension* extension = find(oid::kBasicConstraints);
  return extension == nullptr ? std::nullopt : std::optional{read_basic_constraints(extension->value)};
}

std::optional<Bytes> Certificate::subject_key_id() const {
  const Extension* extension = find(oid::kSubjectKeyIdentifier);
  return extension == nullptr ? std::nullopt
                              : std::optional{read_octets(extension->value, "subjectKeyIdentifier")};
}

// AuthorityKeyIdentifier ::= SEQUENCE { [0] keyIdentifier, [1] authorityCertIssuer, [2]
// authorityCertSerialNumber }, all of them OPTIONAL (RFC 5280, 4.2.1.1)
std::optional<Bytes> Certificate::authority_key_id() const {
  const Extension* extension = find(oid::kAuthorityKeyIdentifier);
  if (extension == nullptr) {
    return std::nullopt;
  }
  try {
    der::Reader outer{extension->value, "authorityKeyIdentifier"};
    der::Reader fields = outer.enter(der::tag::kSequence, "authorityKeyIdentifier");
    outer.end();
    const auto id = fields.take_if(der::tag::context(0));
    (void)fields.take_if(der::tag::context_constructed(1));
    (void)fields.take_if(der::tag::context(2));
    fields.end();
    return id ? std::optional{Bytes(id->contents.begin(), id->contents.end())} : std::nullopt;
  } catch (const Error& error) {
    throw Error{Code::malformed_certificate, "The certificate is not valid: " + std::string{error.what()}};
  }
}

bool Certificate::is_signed_by(const PublicKey& issuer_key) const {
  return issuer_key.verify(signing_algorithm, tbs_der, signature);
}

unsigned key_usage_bits(const Certificate& certificate) {
  const Extension* usage = certificate.find(oid::kKeyUsage);
  try {
    return usage == nullptr ? 0U : read_key_usage(usage->value);
  } catch (const Error&) {
    return 0U;
  }
}

}  // namespace ca
