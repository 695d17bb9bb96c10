#include <algorithm>
#include <tuple>

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
  return shown(*state_->authorize(caller, arn, "DescribeCertificateAuthority"), state_->clock.now());
}

AuthorityService::Page AuthorityService::list(const Caller& caller, std::size_t max_results,
                                              const std::string& next_token) {
  state_->require(caller, "ListCertificateAuthorities");
  const auto own = [&](const Authority& authority) { return authority.record.arn.account == caller.account; };
  return state_->page(caller, own, max_results, next_token);
}

AuthorityService::Page AuthorityService::list_shared(const Caller& caller, std::size_t max_results,
                                                     const std::string& next_token) {
  state_->require(caller, "ListCertificateAuthorities");
  const auto shared = [&](const Authority& authority) {
    const AuthorityArn& arn = authority.record.arn;
    return arn.account != caller.account &&
           state_->policy
               .decide(state_->request_for(caller, arn, "DescribeCertificateAuthority", &authority, {}))
               .allowed;
  };
  return state_->page(caller, shared, max_results, next_token);
}

// In order of creation; the token names the last one that was shown.
AuthorityService::Page AuthorityService::State::page(const Caller& caller,
                                                     const std::function<bool(const Authority&)>& wanted,
                                                     std::size_t max_results,
                                                     const std::string& next_token) const {
  const TimePoint now = clock.now();
  const std::string after = after_id_of(next_token);
  auto all = catalog.all();
  std::erase_if(all, [&](const auto& authority) {
    return authority->record.arn.region != caller.region || authority->is_gone_at(now) || !wanted(*authority);
  });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a->record.created_at, a->record.arn.id) <
           std::tie(b->record.created_at, b->record.arn.id);
  });
  auto next = all.begin();
  if (!after.empty()) {
    const auto last = std::find_if(all.begin(), all.end(),
                                   [&](const auto& authority) { return authority->record.arn.id == after; });
    if (last == all.end()) {
      throw Error{Code::invalid_next_token, "The NextToken is not one that this service gave out"};
    }
    next = last + 1;
  }
  const std::size_t limit = std::clamp<std::size_t>(max_results, 1, kMaxPage);
  Page page;
  for (; next != all.end() && page.authorities.size() < limit; ++next) {
    page.authorities.push_back(shown(**next, now));
  }
  if (next != all.end()) {
    page.next_token = to_base64(bytes_of(page.authorities.back().arn.id));
  }
  return page;
}

std::string AuthorityService::csr(const Caller& caller, const AuthorityArn& arn) {
  const auto authority = state_->authorize_living(caller, arn, "GetCertificateAuthorityCsr");
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
  const auto authority = state_->authorize_living(caller, arn, "GetCertificateAuthorityCertificate");
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
