#include <algorithm>

#include "ca/authority/issuance_context.hpp"
#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "ca/policy/name_rules.hpp"

namespace ca {
namespace {

constexpr std::string_view kDefaultTemplate = "template/EndEntityCertificate/V1";
constexpr const char* kNotIssuing =
    "The certificate authority is not in a valid state for issuing certificates";
constexpr std::chrono::hours kShortLivedMax{7 * 24};

TemplateArn template_arn_of(const IssuanceOrder& order) {
  return TemplateArn::parse(order.template_arn.empty() ? "arn:" + order.authority.partition +
                                                             ":acm-pca:::" + std::string{kDefaultTemplate}
                                                       : order.template_arn,
                            order.authority.partition);
}

void check_state(const Authority& authority, const Template& tmpl, TimePoint now) {
  const AuthorityStatus status = authority.status_at(now);
  const bool self_issue = tmpl.is_root && status == AuthorityStatus::pending_certificate;
  if (status != AuthorityStatus::active && !self_issue) {
    throw Error{Code::invalid_state, kNotIssuing};
  }
}

struct Wanted {
  const Template* tmpl;
  CertificateRequest csr;
  Granted granted;
};

Wanted read_order(const IssuanceOrder& order, const TemplateArn& template_arn) {
  const Template& tmpl = find_template(template_arn);
  CertificateRequest csr = CertificateRequest::parse_pem(order.csr_pem);
  Granted granted = grant(tmpl, csr, order.api);
  return {&tmpl, std::move(csr), std::move(granted)};
}

// nullopt when the validity is none; an exact retry of an earlier request is answered all the same.
std::optional<Seconds> end_of(const IssuanceOrder& order, TimePoint now) {
  try {
    return resolve_validity(order.validity, order.not_before, now, std::nullopt).not_after;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// A root template makes the authority's own certificate and nobody else's.
void check_self_issue(const Authority& authority, const CertificateRequest& csr,
                      const DistinguishedName& subject) {
  if (authority.record.type != AuthorityType::root) {
    throw Error{Code::invalid_args,
                "A root template can be used with a certificate authority of type ROOT only"};
  }
  if (csr.public_key.spki_der() != authority.record.spki_der ||
      subject.der() != authority.record.subject_der) {
    throw Error{Code::invalid_args,
                "A root template issues the certificate authority's own certificate: send the CSR that "
                "GetCertificateAuthorityCsr returns, and its subject or none"};
  }
}

// The request itself counts, not the form of its PEM.
std::string canonical(const IssuanceOrder& order, const TemplateArn& template_arn,
                      const CertificateRequest& csr) {
  const auto validity_text = [](const ValidityRequest& validity) {
    return std::to_string(static_cast<int>(validity.type)) + ":" + std::to_string(validity.value);
  };
  return template_arn.text() + '\n' + std::string{api_name(order.signing_algorithm)} + '\n' +
         validity_text(order.validity) + '\n' + (order.not_before ? validity_text(*order.not_before) : "-") +
         '\n' + text_of(order.api.subject ? order.api.subject->der() : Bytes{}) + '\n' +
         text_of(encode_extensions(order.api.extensions)) + '\n' + text_of(csr.der);
}

// Lint looks at the key that signs; this at the others.
void check_key_is_anothers(const Authority& authority, const CertificateRequest& csr) {
  for (const KeyGeneration& key : authority.record.other_keys) {
    if (csr.public_key.spki_der() == key.spki_der) {
      throw Error{Code::malformed_csr, "The CSR's public key is one of the certificate authority's own"};
    }
  }
}

void check_short_lived(const Authority& authority, const Template& tmpl, const Validity& validity,
                       TimePoint now) {
  const bool short_lived = authority.record.usage_mode == "SHORT_LIVED_CERTIFICATE";
  if (short_lived && !tmpl.is_root && validity.not_after > to_seconds(now) + kShortLivedMax) {
    throw Error{Code::constraint_violation,
                "A certificate authority in SHORT_LIVED_CERTIFICATE mode issues for at most seven days"};
  }
}

}  // namespace

CertificateArn AuthorityService::issue(const Caller& caller, const IssuanceOrder& order) {
  std::optional<CertificateArn> arn;
  State::again([&] { arn = state_->issue(caller, order); });
  return *std::move(arn);
}

CertificateArn AuthorityService::State::issue(const Caller& caller, const IssuanceOrder& order) {
  const TemplateArn template_arn = template_arn_of(order);
  const TimePoint now = clock.now();
  RequestContext context{{"acm-pca:TemplateArn", {template_arn.text()}}};
  std::optional<Wanted> wanted;
  try {
    wanted = read_order(order, template_arn);
    context = issuance_context(template_arn, wanted->granted, end_of(order, now), now);
  } catch (const Error&) {
    // What is wrong with a request is told to whoever may make it.
    (void)authorize(caller, order.authority, "IssueCertificate", std::move(context));
    throw;
  }
  const auto authority = authorize(caller, order.authority, "IssueCertificate", std::move(context));
  const Template& tmpl = *wanted->tmpl;
  const CertificateRequest& csr = wanted->csr;
  auto claimed = claim(caller, "IssueCertificate|" + order.authority.text(), order.idempotency_token,
                       canonical(order, template_arn, csr));
  if (const auto before = earlier(claimed)) {
    return before->arn();
  }
  check_state(*authority, tmpl, now);
  if (family_of(order.signing_algorithm) != family_of(authority->record.key_algorithm)) {
    throw Error{Code::invalid_args, "The signing algorithm " +
                                        std::string{api_name(order.signing_algorithm)} +
                                        " does not fit the certificate authority's key algorithm " +
                                        std::string{api_name(authority->record.key_algorithm)}};
  }
  if (tmpl.is_root) {
    check_self_issue(*authority, csr, wanted->granted.subject);
  }
  const CertificateRecord record =
      issue(caller, {.authority = authority,
                     .tmpl = &tmpl,
                     .csr = &csr,
                     .api = order.api,
                     .validity = resolve_validity(order.validity, order.not_before, now,
                                                  tmpl.is_root ? std::nullopt : authority->identity.validity),
                     .signing_algorithm = order.signing_algorithm,
                     .claim = std::move(claimed),
                     .device_id = {},
                     .profile = {}});
  return record.arn();
}

CertificateRecord AuthorityService::State::issue(const Caller& caller, const Request& request) {
  const Authority& authority = *request.authority;
  const Granted granted = grant(*request.tmpl, *request.csr, request.api);
  check_name_bounds(granted.subject, granted.names,
                    granted.names_from_api ? Code::invalid_args : Code::malformed_csr);
  check_key_is_anothers(authority, *request.csr);
  check_short_lived(authority, *request.tmpl, request.validity, clock.now());
  check_key(authority);
  // While the token is away for longer than a moment, to wait for it would only take threads from others.
  const auto wait = signer.is_away(*authority.key) ? std::chrono::milliseconds{0} : options.issue_wait;
  const Pointers pointers = pointers_for(authority, *request.tmpl);
  const auto give_back = [&] {
    if (pointers.crl) {
      crl_series.give_back(authority.record.arn, authority.record.key_number, pointers.crl->name);
    }
  };
  Issuance::Result result;
  try {
    result = issuance.issue({.tmpl = *request.tmpl,
                             .issuer = authority.issuer(),
                             .request = *request.csr,
                             .api = request.api,
                             .validity = request.validity,
                             .signing_algorithm = request.signing_algorithm,
                             .pointers = pointers.uris,
                             .crl = pointers.crl,
                             .caller = caller,
                             .claim = request.claim,
                             .device_id = request.device_id,
                             .profile = request.profile,
                             .max_pending = options.max_pending},
                            std::chrono::steady_clock::now() + wait);
  } catch (const Error& error) {
    if (is_fatal(error.code())) {
      stop_issuing(authority, error.what());
    } else if (error.code() != Code::unavailable) {  // nobody knows then whether it is in the ledger
      give_back();
    }
    if (error.code() == Code::concurrent_modification) {
      reread(authority.record.arn);  // the ledger is ahead of what was seen here
    }
    throw;
  }
  if (!result.fresh) {
    give_back();
  }
  if (pointers.fresh_crl) {
    crl_loop->wake();
  }
  switch (result.record.state) {
    case CertificateState::pending:
      pending_loop->wake();
      break;
    case CertificateState::issued:
      issued += result.fresh ? 1 : 0;
      well(authority.record.arn.text());
      break;
    case CertificateState::failed:
      failed += result.fresh ? 1 : 0;
      break;
    case CertificateState::revoked:
      break;
  }
  return std::move(result.record);
}

// A key that is known to be bad takes no more requests: they would only wait for a person.
void AuthorityService::State::check_key(const Authority& authority) const {
  if (!authority.key) {
    throw Error{Code::invalid_state, kNotIssuing};
  }
  if (signer.verdict(*authority.key).state == KeyVerdict::State::unusable) {
    throw Error{Code::invalid_state, std::string{kNotIssuing} + ": its key is not usable"};
  }
}

CertificatePem AuthorityService::State::pem_of(const CertificateRecord& record) const {
  CertificatePem pem{.certificate = to_pem("CERTIFICATE", record.der), .chain = std::nullopt};
  if (!record.self_signed) {
    const auto authority = catalog.find(record.issuer);
    const Authority* issuer = authority ? authority->under(record.key_number) : nullptr;
    // Nobody knows the chain of a key that was discarded: it had certified OCSP signers alone.
    pem.chain = issuer == nullptr ? std::nullopt : std::optional{issuer->issued_chain_pem()};
  }
  return pem;
}

}  // namespace ca
