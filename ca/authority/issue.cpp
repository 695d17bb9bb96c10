#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "ca/policy/name_rules.hpp"

namespace ca {
namespace {

constexpr std::string_view kDefaultTemplate = "template/EndEntityCertificate/V1";
constexpr std::chrono::hours kShortLivedMax{7 * 24};
constexpr std::chrono::milliseconds kWaitWhileAway{20};

TemplateArn template_arn_of(const IssuanceOrder& order) {
  return TemplateArn::parse(order.template_arn.empty() ? "arn:" + order.authority.partition +
                                                             ":acm-pca:::" + std::string{kDefaultTemplate}
                                                       : order.template_arn);
}

void check_state(const Authority& authority, const Template& tmpl, TimePoint now) {
  const AuthorityStatus status = authority.status_at(now);
  const bool self_issue = tmpl.is_root && status == AuthorityStatus::pending_certificate;
  if (status != AuthorityStatus::active && !self_issue) {
    throw Error{Code::invalid_state,
                "The certificate authority is not in a valid state for issuing certificates"};
  }
}

// A root template makes the authority's own certificate and nobody else's.
void check_self_issue(const Authority& authority, const CertificateRequest& csr) {
  if (authority.record.type != AuthorityType::root) {
    throw Error{Code::invalid_args,
                "A root template can be used with a certificate authority of type ROOT only"};
  }
  if (csr.public_key.spki_der() != authority.record.spki_der ||
      csr.subject.der() != authority.record.subject_der) {
    throw Error{Code::invalid_args,
                "A root template issues the certificate authority's own certificate: send the CSR that "
                "GetCertificateAuthorityCsr returns"};
  }
}

std::string canonical(const IssuanceOrder& order, const TemplateArn& template_arn) {
  const auto validity_text = [](const ValidityRequest& validity) {
    return std::to_string(static_cast<int>(validity.type)) + ":" + std::to_string(validity.value);
  };
  return template_arn.text() + '\n' + std::string{api_name(order.signing_algorithm)} + '\n' +
         validity_text(order.validity) + '\n' + (order.not_before ? validity_text(*order.not_before) : "-") +
         '\n' + order.csr_pem;
}

}  // namespace

CertificateArn AuthorityService::issue(const Caller& caller, const IssuanceOrder& order) {
  State& state = *state_;
  const TemplateArn template_arn = template_arn_of(order);
  state.require(caller, "IssueCertificate", order.authority.text(),
                {{"acm-pca:TemplateArn", {template_arn.text()}}});
  const auto authority = state.own(caller, order.authority);
  const Template& tmpl = find_template(template_arn);
  const TimePoint now = state.clock.now();
  check_state(*authority, tmpl, now);
  if (family_of(order.signing_algorithm) != family_of(authority->record.key_algorithm)) {
    throw Error{Code::invalid_args, "The signing algorithm " +
                                        std::string{api_name(order.signing_algorithm)} +
                                        " does not fit the certificate authority's key algorithm " +
                                        std::string{api_name(authority->record.key_algorithm)}};
  }
  const CertificateRequest csr = CertificateRequest::parse_pem(order.csr_pem);
  if (tmpl.is_root) {
    check_self_issue(*authority, csr);
  }
  const Validity validity = resolve_validity(order.validity, order.not_before, now);
  if (authority->record.usage_mode == "SHORT_LIVED_CERTIFICATE" && !tmpl.is_root &&
      validity.not_after > to_seconds(now) + kShortLivedMax) {
    throw Error{Code::constraint_violation,
                "A certificate authority in SHORT_LIVED_CERTIFICATE mode issues for at most seven days"};
  }
  const CertificateRecord record =
      state.issue(caller, {.authority = authority,
                           .tmpl = &tmpl,
                           .csr = &csr,
                           .validity = validity,
                           .signing_algorithm = order.signing_algorithm,
                           .claim = state.claim(caller, "IssueCertificate|" + order.authority.text(),
                                                order.idempotency_token, canonical(order, template_arn)),
                           .device_id = {}});
  return record.arn();
}

CertificateRecord AuthorityService::State::issue(const Caller& caller, const Request& request) {
  check_request_names(*request.csr);
  if (pending >= options.max_pending) {
    throw Error{Code::throttled, "too many accepted certificates wait for the token"};
  }
  const Authority& authority = *request.authority;
  if (!authority.key) {
    throw Error{Code::invalid_state,
                "The certificate authority is not in a valid state for issuing certificates"};
  }
  const bool away = token_away;
  ++pending;
  CertificateRecord record;
  try {
    record = issuance.issue({.tmpl = *request.tmpl,
                             .issuer = authority.record.arn,
                             .identity = authority.identity,
                             .key = *authority.key,
                             .request = *request.csr,
                             .validity = request.validity,
                             .signing_algorithm = request.signing_algorithm,
                             .pointers = {},
                             .caller = caller,
                             .claim = request.claim,
                             .device_id = request.device_id},
                            std::chrono::steady_clock::now() + (away ? kWaitWhileAway : options.issue_wait));
  } catch (...) {
    --pending;
    throw;
  }
  const bool ours = record.request_id == caller.request_id;
  if (record.state == CertificateState::pending && ours) {
    token_away = true;
    wake();  // stays counted until the background worker has signed it
    return record;
  }
  --pending;
  if (ours && record.state == CertificateState::failed) {
    ++failed;
  } else if (ours) {
    ++issued;
    token_away = false;
  }
  return record;
}

CertificatePem AuthorityService::State::pem_of(const Authority& authority,
                                               const CertificateRecord& record) const {
  CertificatePem pem{.certificate = to_pem("CERTIFICATE", record.der), .chain = std::nullopt};
  if (!record.self_signed) {
    pem.chain = authority.issued_chain_pem();
  }
  return pem;
}

}  // namespace ca
