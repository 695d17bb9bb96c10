#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/lint/lint.hpp"
#include "ca/lint/lint_seal.hpp"
#include "ca/lint/promises.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/der.hpp"

namespace ca {

namespace {

constexpr const char* kExtensionRequest = "1.2.840.113549.1.9.14";  // RFC 2985, 5.4.2

std::vector<Extension> read_extensions(der::Reader& fields) {
  der::Reader attributes = fields.enter(der::tag::context_constructed(0), "attributes");
  der::Reader attribute = attributes.enter(der::tag::kSequence, "attribute");
  attributes.end();
  if (attribute.oid("attribute type") != kExtensionRequest) {
    attribute.refuse("it is no extension request");
  }
  der::Reader values = attribute.enter(der::tag::kSet, "attribute values");
  attribute.end();
  auto extensions = parse_extensions(values.any().whole);
  values.end();
  return extensions;
}

}  // namespace

ToBeSigned lint_certification_request(const DistinguishedName& subject, ByteView spki_der,
                                      SigningAlgorithm algorithm, const std::vector<Extension>& extra) {
  std::vector<Extension> expected{{"2.5.29.19", true, {0x30, 0x03, 0x01, 0x01, 0xFF}}};
  expected.insert(expected.end(), extra.begin(), extra.end());
  Bytes info = build_request_info(subject, spki_der, extra);
  bool same = false;
  try {
    der::Reader outer{info, "CertificationRequestInfo"};
    der::Reader fields = outer.enter(der::tag::kSequence, "CertificationRequestInfo");
    outer.end();
    (void)fields.take(der::tag::kInteger, "version");
    same = std::ranges::equal(fields.any().whole, subject.der()) &&
           std::ranges::equal(fields.any().whole, spki_der) && read_extensions(fields) == expected;
    fields.end();
  } catch (const Error& error) {
    lint_failure(std::string{"the CSR cannot be read back: "} + error.what());
  }
  if (!same) {
    lint_failure("the CSR's subject, key or extensions changed on the way");
  }
  return LintSeal::seal(std::move(info), algorithm);
}

}  // namespace ca
