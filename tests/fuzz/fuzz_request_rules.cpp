#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/strings.hpp"
#include "ca/issuance/build_tbs.hpp"
#include "ca/lint/lint.hpp"
#include "ca/policy/key_checks.hpp"
#include "ca/policy/name_rules.hpp"
#include "ca/x509/der.hpp"
#include "tests/fuzz/property.hpp"

// Input: SEQUENCE { Name, SubjectPublicKeyInfo, GeneralNames OPTIONAL }, which stands for a request whose
// signature is good. Behind it come all rules for names and keys, building and lint, below an issuer with
// name constraints. Only the request can be wrong (I11, I16): Code::internal would be a certificate that
// should not have been built.

namespace {

using Kind = ca::GeneralName::Kind;

ca::CertificateRequest request_of(ca::ByteView input) {
  ca::der::Reader outer{input, "parts"};
  ca::der::Reader parts = outer.enter(ca::der::tag::kSequence, "parts");
  outer.end();
  const auto subject = ca::DistinguishedName::parse(parts.any().whole);
  const auto key = ca::PublicKey::parse(parts.any().whole);
  ca::CertificateRequest request{
      .der = {}, .subject = subject, .public_key = key, .extensions = {}, .subject_alt_names = {}};
  if (!parts.done()) {
    const ca::ByteView names = parts.any().whole;
    request.subject_alt_names = ca::parse_general_names(names);
    request.extensions = {{ca::oid::kSubjectAltName, false, ca::Bytes(names.begin(), names.end())}};
  }
  parts.end();
  return request;
}

ca::Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

// Permits example.com as DNS name, mail host and URI host, and 10.0.0.0/8; excludes secret.example.com.
ca::Bytes constraints() {
  const auto subtree = [](Kind kind, const ca::Bytes& base) {
    return ca::encode_general_names({{kind, base}});
  };
  const ca::Bytes permitted = ca::der::element(
      ca::der::tag::context_constructed(0),
      {subtree(Kind::dns, bytes("example.com")), subtree(Kind::email, bytes("example.com")),
       subtree(Kind::uri, bytes("example.com")), subtree(Kind::ip, {10, 0, 0, 0, 255, 0, 0, 0})});
  const ca::Bytes excluded =
      ca::der::element(ca::der::tag::context_constructed(1), subtree(Kind::dns, bytes("secret.example.com")));
  return ca::der::element(ca::der::tag::kSequence, {permitted, excluded});
}

const ca::IssuerIdentity& issuer() {
  // The key is the base point of P-256.
  static const ca::IssuerIdentity kIssuer{
      .subject = ca::encode_subject({.common_name = "Fuzz Root"}),
      .subject_key_id = ca::Bytes(20, 7),
      .spki_der = ca::from_hex(
          "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f2"
          "77037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb640"
          "6837bf51f5"),
      .validity = ca::Validity{ca::Seconds{std::chrono::seconds{0}},
                               ca::Seconds{std::chrono::seconds{4'000'000'000}}},
      .path_length = std::nullopt,
      .extensions = {{ca::oid::kNameConstraints, true, constraints()}}};
  return kIssuer;
}

bool has_dot_segment(const std::string& uri) {
  const auto segments = ca::split(uri, '/');
  return std::any_of(segments.begin(), segments.end(),
                     [](const std::string& segment) { return segment == "." || segment == ".."; });
}

// What the constraints permit, said once more without their code.
void require_permitted(const ca::GeneralName& name) {
  static constexpr std::string_view kOrigin = "://example.com";
  const std::string text = ca::ascii_lower(ca::text_of(name.value));
  switch (name.kind) {
    case Kind::dns:
      require(text == "example.com" || text.ends_with(".example.com"), "a DNS name lies in the domain");
      require(
          text != "*.example.com" && text != "secret.example.com" && !text.ends_with(".secret.example.com"),
          "a DNS name does not lie in the excluded domain");
      return;
    case Kind::email:
      require(text.ends_with("@example.com"), "a mailbox lies at the host");
      return;
    case Kind::uri: {
      const auto origin = text.find(kOrigin);
      require(origin != std::string::npos &&
                  std::string{"/:?#"}.find((text + "/")[origin + kOrigin.size()]) != std::string::npos,
              "a URI names the host");
      require(!has_dot_segment(text.substr(0, text.find_first_of("?#"))), "a URI has no dot segments");
      return;
    }
    case Kind::ip:
      require(name.value.size() == 4 && name.value[0] == 10, "an address lies in the net");
      return;
    case Kind::directory:
    case Kind::other:
    case Kind::registered_id:
      return;
    case Kind::x400:
    case Kind::edi_party:
      require(false, "names of this kind are never issued");
  }
}

void issue(const ca::CertificateRequest& request) {
  ca::check_name_bounds(request.subject, request.subject_alt_names, ca::Code::malformed_csr);
  ca::check_subject_key(request.public_key);
  const ca::TemplateArn arn{"aws", "EndEntityCertificate"};
  const ca::Template& tmpl = ca::find_template(arn);
  const ca::ApiPassthrough api;
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
  require(!linted.der().empty(), "what passes has bytes");
  for (const auto& name : request.subject_alt_names) {
    require_permitted(name);
  }
}

void provision(const ca::CertificateRequest& request) {
  static const ca::NameGrant kGrant{
      .common_names = {"device-7"},
      .dns_names = {"device-7.example.com"},
      .uris = {"spiffe://example.com/device/7", "spiffe://example.com/device/7/*"},
      .ip_addresses = {"10.0.0.7"},
      .emails = {}};
  ca::check_names_granted(request, kGrant);
  for (const std::string& name : request.subject.common_names()) {
    require(name == "device-7", "a device has its own common name");
  }
  for (const auto& name : request.subject_alt_names) {
    const std::string text = name.text();
    require(ca::ascii_lower(text) == "dns:device-7.example.com" || text == "IP:10.0.0.7" ||
                text == "URI:spiffe://example.com/device/7" ||
                (text.starts_with("URI:spiffe://example.com/device/7/") && !has_dot_segment(text)),
            "a device has its own names");
  }
}

template <typename Rules>
void judged(const Rules& rules) {
  try {
    rules();
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_csr || error.code() == ca::Code::name_not_permitted,
            "only the request can be wrong");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  judged([&] {
    const auto request = request_of({data, size});
    judged([&] { issue(request); });
    judged([&] { provision(request); });
  });
  return 0;
}
