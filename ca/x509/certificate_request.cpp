#include "ca/x509/certificate_request.hpp"

#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "ca/x509/der.hpp"

namespace ca {
namespace {

constexpr const char* kExtensionRequest = "1.2.840.113549.1.9.14";  // RFC 2985, 5.4.2
constexpr std::size_t kMaxAttributes = 16;

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::malformed_csr, what}; }

// Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY } (RFC 2986, 4.1). Only the extension
// request is read; the others are no business of a certificate.
std::vector<Extension> read_attributes(ByteView contents) {
  der::Reader attributes{contents, "attributes"};
  std::vector<Extension> extensions;
  bool found = false;
  for (std::size_t count = 1; !attributes.done(); ++count) {
    if (count > kMaxAttributes) {
      attributes.refuse("more than " + std::to_string(kMaxAttributes));
    }
    der::Reader attribute = attributes.enter(der::tag::kSequence, "attribute");
    const Oid type = attribute.oid("attribute type");
    der::Reader values = attribute.enter(der::tag::kSet, "attribute values");
    attribute.end();
    if (type != kExtensionRequest) {
      continue;
    }
    if (found) {
      attributes.refuse("the extension request is there twice");
    }
    found = true;
    const der::Element value = values.take(der::tag::kSequence, "extension request");
    values.end();
    extensions = parse_extensions(value.whole);
  }
  return extensions;
}

struct SignedParts {
  ByteView info;
  ByteView algorithm;
  ByteView signature;
};

SignedParts read_signed(ByteView der) {
  der::Reader outer{der, "CSR"};
  der::Reader fields = outer.enter(der::tag::kSequence, "CSR");
  if (!outer.done()) {
    refuse("The CSR is followed by trailing bytes");
  }
  SignedParts parts{};
  parts.info = fields.take(der::tag::kSequence, "CertificationRequestInfo").whole;
  parts.algorithm = fields.take(der::tag::kSequence, "signature algorithm").whole;
  parts.signature = fields.octet_aligned_bits("signature");
  fields.end();
  return parts;
}

}  // namespace

CertificateRequest CertificateRequest::parse(ByteView der) {
  if (der.size() > kMaxDerBytes) {
    refuse("The CSR is larger than " + std::to_string(kMaxDerBytes) + " bytes");
  }
  const SignedParts parts = read_signed(der);
  der::Reader outer{parts.info, "CertificationRequestInfo"};
  der::Reader info = outer.enter(der::tag::kSequence, "CertificationRequestInfo");
  (void)info.small_integer("version", 0);
  const ByteView subject = info.take(der::tag::kSequence, "subject").whole;
  const ByteView spki = info.take(der::tag::kSequence, "public key").whole;
  // RFC 2986 wants the attributes even when there are none; several clients leave them out.
  const auto attributes = info.take_if(der::tag::context_constructed(0));
  info.end();

  CertificateRequest request{.der = Bytes(der.begin(), der.end()),
                             .subject = DistinguishedName::parse(subject),
                             .public_key = PublicKey::parse(spki),
                             .extensions = {},
                             .subject_alt_names = {}};
  if (attributes) {
    request.extensions = read_attributes(attributes->contents);
  }
  for (const Extension& extension : request.extensions) {
    if (extension.id == oid::kSubjectAltName) {
      request.subject_alt_names = parse_general_names(extension.value);
    }
  }
  const auto algorithm = signing_algorithm_from_der(parts.algorithm);
  if (!algorithm) {
    refuse(
        "The CSR is signed with an algorithm that is not supported: use SHA-256, SHA-384 or SHA-512 with RSA "
        "(PKCS#1 v1.5) or ECDSA, or Ed25519");
  }
  if (!request.public_key.verify(*algorithm, parts.info, parts.signature)) {
    refuse("The signature of the CSR does not verify under its own public key");
  }
  return request;
}

CertificateRequest CertificateRequest::parse_pem(std::string_view pem) {
  // Base64 and line ends make a third more; the DER bound is checked again on the bytes.
  if (pem.size() > 2 * kMaxDerBytes) {
    refuse("The CSR is larger than " + std::to_string(kMaxDerBytes) + " bytes");
  }
  std::vector<PemBlock> blocks;
  try {
    blocks = ca::parse_pem(pem, 1);
  } catch (const Error& error) {
    refuse("The CSR is " + std::string{error.what()});
  }
  if (blocks.empty()) {
    refuse("The CSR is empty: send one PEM block CERTIFICATE REQUEST");
  }
  const std::string& label = blocks.front().label;
  if (label != "CERTIFICATE REQUEST" && label != "NEW CERTIFICATE REQUEST") {
    refuse("The PEM block is a " + label + ", not a CERTIFICATE REQUEST");
  }
  return parse(blocks.front().der);
}

Bytes build_request_info(const DistinguishedName& subject, ByteView spki_der,
                         const std::vector<Extension>& extra) {
  static constexpr std::uint8_t kCaTrue[] = {0x30, 0x03, 0x01, 0x01, 0xFF};
  std::vector<Extension> extensions{
      {oid::kBasicConstraints, true, Bytes(std::begin(kCaTrue), std::end(kCaTrue))}};
  extensions.insert(extensions.end(), extra.begin(), extra.end());
  const Bytes values = der::element(der::tag::kSet, encode_extensions(extensions));
  const Bytes attribute = der::element(der::tag::kSequence, {der::oid(kExtensionRequest), values});
  return der::element(der::tag::kSequence, {der::small_integer(0), subject.der(), spki_der,
                                            der::element(der::tag::context_constructed(0), attribute)});
}

}  // namespace ca
