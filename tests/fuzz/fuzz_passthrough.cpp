#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/issuance/build_tbs.hpp"
#include "ca/lint/lint.hpp"
#include "ca/x509/extension_value.hpp"
#include "tests/fuzz/property.hpp"

// Input: DER of Extensions that a CSR and, in the same words, the API ask for. Behind it come the rules of
// passthrough, building and lint for templates that take most. Only the asker can be wrong (I11, I16):
// Code::internal would be a certificate that should not have been built.

namespace {

// The base point of P-256, and twice it.
const char* const kIssuerKey =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4"
    "a1"
    "3945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
const char* const kSubjectKey =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200047cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a6"
    "0b"
    "48fc4766997807775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1";

const ca::IssuerIdentity& issuer() {
  static const ca::IssuerIdentity kIssuer{
      .subject = ca::encode_subject({.common_name = "Fuzz Root"}),
      .subject_key_id = ca::Bytes(20, 7),
      .spki_der = ca::from_hex(kIssuerKey),
      .validity = ca::Validity{ca::Seconds{std::chrono::seconds{0}},
                               ca::Seconds{std::chrono::seconds{4'000'000'000}}},
      .path_length = std::nullopt,
      .extensions = {}};
  return kIssuer;
}

void issue(const ca::Template& tmpl, const ca::CertificateRequest& request, const ca::ApiPassthrough& api) {
  const auto serial = ca::SerialNumber::from_hex("1cbe485a21fe5f6ab1fc4ab12dc3eb03");
  const auto tbs = ca::build_tbs({.tmpl = tmpl,
                                  .issuer = issuer(),
                                  .request = request,
                                  .api = api,
                                  .serial = serial,
                                  .validity = {ca::Seconds{std::chrono::seconds{1'700'000'000}},
                                               ca::Seconds{std::chrono::seconds{1'800'000'000}}},
                                  .signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
                                  .pointers = {}});
  const auto linted = ca::lint(tbs, tmpl, issuer(), {request.subject, request.extensions, api, {}});
  const auto certificate = ca::Certificate::parse_to_be_signed(linted.der(), linted.algorithm());
  const auto basic = certificate.basic_constraints();
  require(basic && basic->ca == tmpl.is_ca && basic->path_length == tmpl.path_length,
          "basic constraints are the template's");
  require(tmpl.is_ca || (ca::key_usage_bits(certificate) & (ca::kKeyCertSignBit | ca::kCrlSignBit)) == 0,
          "a leaf signs no certificates");
  for (const char* pointer :
       {ca::oid::kCrlDistributionPoints, ca::oid::kFreshestCrl, ca::oid::kAuthorityInfoAccess}) {
    require(certificate.find(pointer) == nullptr, "nobody chooses a pointer");
  }
  require(certificate.extensions.size() <= ca::kMaxPassedExtensions + 4, "what passes is bounded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ca::CertificateRequest kNothingAsked{
      .der = {},
      .subject = ca::encode_subject({.common_name = "device-7"}),
      .public_key = ca::PublicKey::parse(ca::from_hex(kSubjectKey)),
      .extensions = {},
      .subject_alt_names = {}};
  std::vector<ca::Extension> extensions;
  try {
    extensions = ca::parse_extensions({data, size});
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_csr, "a bad list is malformed_csr");
    return 0;
  }
  for (const char* name :
       {"BlankEndEntityCertificate_CSRPassthrough", "EndEntityCertificate_APICSRPassthrough",
        "BlankEndEntityCertificate_APIPassthrough",
        "BlankSubordinateCACertificate_PathLen1_APICSRPassthrough"}) {
    const ca::TemplateArn arn{"aws", name};
    const ca::Template& tmpl = ca::find_template(arn);
    ca::CertificateRequest request = kNothingAsked;
    ca::ApiPassthrough api;
    request.extensions = tmpl.csr_passthrough ? extensions : std::vector<ca::Extension>{};
    api.extensions = tmpl.api_passthrough ? extensions : std::vector<ca::Extension>{};
    try {
      issue(tmpl, request, api);
    } catch (const ca::Error& error) {
      require(error.code() == ca::Code::malformed_csr || error.code() == ca::Code::invalid_args ||
                  error.code() == ca::Code::name_not_permitted,
              "only the asker can be wrong");
    }
  }
  return 0;
}
