#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/lint/lint.hpp"
#include "ca/lint/lint_seal.hpp"
#include "ca/lint/promises.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/der.hpp"

namespace ca {

ToBeSigned lint_certification_request(const DistinguishedName& subject, ByteView spki_der,
                                      SigningAlgorithm algorithm) {
  Bytes info = build_request_info(subject, spki_der, {});
  bool same = false;
  try {
    der::Reader outer{info, "CertificationRequestInfo"};
    der::Reader fields = outer.enter(der::tag::kSequence, "CertificationRequestInfo");
    outer.end();
    (void)fields.take(der::tag::kInteger, "version");
    same = std::ranges::equal(fields.any().whole, subject.der()) &&
           std::ranges::equal(fields.any().whole, spki_der);
  } catch (const Error& error) {
    lint_failure(std::string{"the CSR cannot be read back: "} + error.what());
  }
  if (!same) {
    lint_failure("the CSR's subject or key changed on the way");
  }
  return LintSeal::seal(std::move(info), algorithm);
}

}  // namespace ca
