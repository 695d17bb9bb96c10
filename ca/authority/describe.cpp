#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxPage = 100;  // whatever is asked, as the AWS service does

AuthorityRecord shown(const Authority& authority, TimePoint now) {
  AuthorityRecord record = authority.record;
  record.status = authority.status_at(now);
  return record;
}

std::string after_id_of(const std::string& next_token) {
  if (next_token.empty()) {
    return {};
  }
  std::string id;
  try {
    id = text_of(from_base64(next_token));
  } catch (const Error&) {
    throw Error{Code::invalid_next_token, "The NextToken is not one that this service gave out"};
  }
  if (!is_uuid(id)) {
    throw Error{Code::invalid_next_token, "The NextToken is not one that this service gave out"};
  }
  return id;
}

}  // namespace

AuthorityRecord AuthorityService::describe(const Caller& caller, const AuthorityArn& arn) {
  state_->require(caller, "DescribeCertificateAuthority", arn.text());
  return shown(*state_->own(caller, arn), state_->clock.now());
}

AuthorityService::Page AuthorityService::list(const Caller& caller, std::size_t max_results,
                                              const std::string& next_token) {
  state_->require(caller, "ListCertificateAuthorities", "*");
  const std::size_t limit = std::clamp<std::size_t>(max_results, 1, kMaxPage);
  const TimePoint now = state_->clock.now();
  std::string after = after_id_of(next_token);
  Page page;
  while (page.next_token.empty()) {
    const auto rows = state_->inventory.authorities(caller.account, caller.region, after, limit + 1);
    for (const AuthorityRecord& row : rows) {
      after = row.arn.id;
      const auto authority = Authority::load(row);
      if (authority->is_gone_at(now)) {
        continue;
      }
      if (page.authorities.size() == limit) {
        page.next_token = to_base64(bytes_of(page.authorities.back().arn.id));
        break;
      }
      page.authorities.push_back(shown(*authority, now));
    }
    if (rows.size() <= limit) {
      break;  // the last row there is
    }
  }
  return page;
}

std::string AuthorityService::csr(const Caller& caller, const AuthorityArn& arn) {
  state_->require(caller, "GetCertificateAuthorityCsr", arn.text());
  const auto authority = state_->living(caller, arn);
  switch (authority->record.status) {
    case AuthorityStatus::creating:
      throw Error{Code::request_in_progress, "The certificate authority's key pair is still being made"};
    case AuthorityStatus::failed:
      throw Error{Code::request_failed, "The certificate authority could not be created"};
    case AuthorityStatus::pending_certificate:
    case AuthorityStatus::active:
    case AuthorityStatus::disabled:
    case AuthorityStatus::expired:
    case AuthorityStatus::deleted:
      break;
  }
  return to_pem("CERTIFICATE REQUEST", authority->record.csr_der);
}

CertificatePem AuthorityService::authority_certificate(const Caller& caller, const AuthorityArn& arn) {
  state_->require(caller, "GetCertificateAuthorityCertificate", arn.text());
  const auto authority = state_->living(caller, arn);
  if (authority->record.certificate_pem.empty()) {
    // "signing request" is what the AWS service says here, and Terraform reads it.
    throw Error{Code::invalid_state,
                "The certificate authority " + arn.text() +
                    " is not in the correct state to have a certificate signing request."};
  }
  CertificatePem pem{.certificate = authority->record.certificate_pem, .chain = std::nullopt};
  if (!authority->record.chain_pem.empty()) {
    pem.chain = authority->record.chain_pem;
  }
  return pem;
}

}  // namespace ca
