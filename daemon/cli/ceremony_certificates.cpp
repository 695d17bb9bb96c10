#include "daemon/cli/ceremony_certificates.hpp"

#include <charconv>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/der.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"

namespace cli {
namespace {

namespace der = ca::der;

ca::ByteView view(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

[[noreturn]] void refuse_name(const std::string& text) {
  throw Failure{"'" + text + "' is no address range", "name_constraints", "write 10.0.0.0/8 or 2001:db8::/32",
                "nothing was signed"};
}

// RFC 5280, 4.2.1.10: address and mask.
ca::Bytes address_range(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) {
    refuse_name(text);
  }
  ca::Bytes range = ca::ip_name(text.substr(0, slash)).value;
  std::size_t bits = 0;
  const char* end = text.data() + text.size();
  const auto [stop, wrong] = std::from_chars(text.data() + slash + 1, end, bits);
  const std::size_t size = range.size();
  if (wrong != std::errc{} || stop != end || bits > size * 8) {
    refuse_name(text);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t here = std::min<std::size_t>(8, bits > 8 * i ? bits - 8 * i : 0);
    range.push_back(static_cast<std::uint8_t>(0xFF00U >> here));
    range[i] &= range.back();
  }
  return range;
}

// GeneralSubtrees without their own tag.
ca::Bytes subtrees(const config::CeremonyNames& names) {
  ca::Bytes all;
  const auto add = [&](unsigned tag, ca::ByteView value) {
    const auto subtree = der::element(der::tag::kSequence, der::element(der::tag::context(tag), value));
    all.insert(all.end(), subtree.begin(), subtree.end());
  };
  for (const auto& name : names.email) add(1, view(name));
  for (const auto& name : names.dns) add(2, view(name));
  for (const auto& name : names.ip) add(7, address_range(name));
  return all;
}

ca::SigningAlgorithm signing_algorithm(const std::string& name) {
  return ca::signing_algorithm_from_api(name).value();  // the script was checked
}

}  // namespace

std::vector<ca::Extension> constraint_extensions(const config::CeremonyConstraints& names) {
  if (names.empty()) {
    return {};
  }
  ca::Bytes parts;
  const auto add = [&](unsigned tag, const config::CeremonyNames& some) {
    if (!some.empty()) {
      const auto element = der::element(der::tag::context_constructed(tag), subtrees(some));
      parts.insert(parts.end(), element.begin(), element.end());
    }
  };
  add(0, names.permitted);
  add(1, names.excluded);
  return {{ca::oid::kNameConstraints, true, der::element(der::tag::kSequence, parts)}};
}

RootPlan root_plan(const config::CeremonyRoot& root) {
  RootPlan plan;
  plan.subject = ca::encode_subject(ca::parse_subject_text(root.subject));
  plan.key_algorithm = ca::key_algorithm_from_api(root.key_algorithm).value();
  plan.signing_algorithm = signing_algorithm(root.signing_algorithm);
  plan.days = root.validity_days;
  plan.path_length = root.path_length;
  plan.constraints = constraint_extensions(root.names);
  return plan;
}

namespace {

ca::Bytes uri_name(const std::string& uri) { return der::element(der::tag::context(6), view(uri)); }

// RFC 5280, 4.2.1.13: one point with a fullName.
ca::Bytes distribution_point(const std::string& uri) {
  const auto full_name = der::element(der::tag::context_constructed(0), uri_name(uri));
  const auto point = der::element(der::tag::context_constructed(0), full_name);
  return der::element(der::tag::kSequence, der::element(der::tag::kSequence, point));
}

// RFC 5280, 4.2.2.1: one description, id-ad-caIssuers.
ca::Bytes access_description(const std::string& uri) {
  const auto description = der::element(der::tag::kSequence, {der::oid("1.3.6.1.5.5.7.48.2"), uri_name(uri)});
  return der::element(der::tag::kSequence, description);
}

bool says(const ca::Certificate& certificate, const char* oid, const std::string& uri,
          const ca::Bytes& expected) {
  const auto* has = certificate.find(oid);
  return uri.empty() ? has == nullptr : has != nullptr && !has->critical && has->value == expected;
}

}  // namespace

void check_certificate(const ca::Certificate& certificate, const ca::PublicKey& issuer,
                       const CertificatePromise& promise) {
  const auto check = [](bool same, const char* what) {
    if (!same) {
      throw Failure{std::string{"the certificate's "} + what + " is not what the script says", "",
                    "do not use it; find out why, then begin again in a new output folder"};
    }
  };
  check(certificate.subject.der() == promise.subject_der, "subject");
  check(promise.spki_der.empty() || certificate.public_key.spki_der() == promise.spki_der, "public key");
  check(certificate.is_signed_by(issuer), "signature");
  const auto basic = certificate.basic_constraints();
  check(basic && basic->ca && basic->path_length == static_cast<int>(promise.path_length), "path length");
  const auto length = certificate.validity.not_after - certificate.validity.not_before;
  check(std::chrono::abs(length - std::chrono::days{promise.days}) <= std::chrono::days{1}, "validity");
  const auto wanted = constraint_extensions(promise.names);
  const auto* has = certificate.find(ca::oid::kNameConstraints);
  check(wanted.empty() ? has == nullptr : has != nullptr && *has == wanted.front(), "name constraints");
  check(says(certificate, ca::oid::kCrlDistributionPoints, promise.crl_distribution_point,
             distribution_point(promise.crl_distribution_point)),
        "CRL distribution point");
  check(says(certificate, ca::oid::kAuthorityInfoAccess, promise.ca_issuers,
             access_description(promise.ca_issuers)),
        "caIssuers");
  check((ca::key_usage_bits(certificate) & ca::kKeyCertSignBit) != 0, "key usage");
}

namespace {

// The other root's certificate and its CSR are of one authority.
void check_other_root(const ca::CertificateRequest& csr, const std::filesystem::path& file) {
  const auto other = read_certificate(read_text(file));
  if (!other.self_issued() || !other.is_signed_by(other.public_key) || other.subject != csr.subject ||
      other.public_key.spki_der() != csr.public_key.spki_der()) {
    throw Failure{"the other root's certificate does not fit its CSR", file.string(),
                  "take both from the other root's ceremony", "nothing was signed"};
  }
}

void check_csr_digest(const config::CeremonyCertificate& wanted) {
  const auto digest = file_sha256(wanted.csr);
  if (!wanted.csr_sha256.empty() && digest != wanted.csr_sha256) {
    throw Failure{"the CSR is another: its SHA-256 is " + digest, wanted.csr.string(),
                  "fetch the CSR of which the script has the SHA-256", "nothing was signed"};
  }
}

}  // namespace

std::string sign_for_ceremony(CeremonyRoom& room, OfflineAuthority& offline,
                              const config::CeremonyCertificate& wanted) {
  check_csr_digest(wanted);
  const std::string pem = read_text(wanted.csr);
  const auto csr = ca::CertificateRequest::parse_pem(pem);
  if (wanted.certificate) {
    check_other_root(csr, *wanted.certificate);
  }
  const auto root = active_root(offline, room.script().state.string());
  const auto issuer = read_certificate(root.certificate_pem);
  room.note("read the request", csr.subject.text(),
            {{"subject key id", ca::to_hex(csr.public_key.subject_key_id())},
             {"validity", std::to_string(wanted.validity_days) + "d"},
             {"path length", std::to_string(wanted.path_length)},
             {"issuer", issuer.subject.text()}},
            {{"the request", file_sha256(wanted.csr)}});

  ca::IssuanceOrder order;
  order.authority = root.arn;
  order.csr_pem = pem;
  order.template_arn = template_arn_text("SubordinateCACertificate_PathLen" +
                                         std::to_string(wanted.path_length) + "_APIPassthrough");
  order.api.extensions = constraint_extensions(wanted.names);
  order.signing_algorithm = root.signing_algorithm;
  order.validity = {.value = wanted.validity_days, .type = ca::ValidityRequest::Type::days};
  // One certificate for one run of the step, whatever interrupts it; another output folder is another run.
  const std::string label = ca::to_hex(ca::sha256(view(room.folder().string() + pem)));
  order.idempotency_token = label;
  auto& service = offline.service();
  const auto& caller = offline.operator_caller();
  const auto before = offline.issued_under(label);
  const auto arn = before ? before->arn() : service.issue(caller, order);
  std::string made = service.certificate(caller, root.arn, arn).certificate + "\n";
  const auto& published = room.script().root;
  check_certificate(read_certificate(made), issuer.public_key,
                    {csr.subject.der(), csr.public_key.spki_der(), wanted.validity_days, wanted.path_length,
                     wanted.names, published.crl_distribution_point, published.ca_issuers});
  std::map<std::string, std::string> facts{
      {"serial", arn.serial.hex()}, {"valid until", ca::rfc3339(read_certificate(made).validity.not_after)}};
  if (!published.crl_distribution_point.empty()) facts["CRL at"] = published.crl_distribution_point;
  if (!published.ca_issuers.empty()) facts["root at"] = published.ca_issuers;
  room.note("sign", before ? "was signed before the interruption" : "signed", facts);
  return made;
}

}  // namespace cli
