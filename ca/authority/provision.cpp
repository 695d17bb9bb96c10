#include <algorithm>

#include "ca/authority/issuance_context.hpp"
#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxDeviceId = 64;

// A device id becomes part of name patterns, so it may hold nothing that a pattern reads.
void check_device_id(const std::string& device_id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  if (device_id.empty() || device_id.size() > kMaxDeviceId ||
      !std::all_of(device_id.begin(), device_id.end(), allowed)) {
    throw Error{Code::constraint_violation, "device_id must be 1 to 64 characters of A-Z a-z 0-9 . _ : -"};
  }
}

std::string expanded(std::string pattern, const std::string& device_id) {
  static constexpr std::string_view kPlace = "{device_id}";
  for (auto at = pattern.find(kPlace); at != std::string::npos;
       at = pattern.find(kPlace, at + device_id.size())) {
    pattern.replace(at, kPlace.size(), device_id);
  }
  return pattern;
}

NameGrant grant_for(const NameGrant& names, const std::string& device_id) {
  NameGrant grant = names;
  for (auto* kind :
       {&grant.common_names, &grant.dns_names, &grant.uris, &grant.ip_addresses, &grant.emails}) {
    std::transform(kind->begin(), kind->end(), kind->begin(),
                   [&](const std::string& pattern) { return expanded(pattern, device_id); });
  }
  return grant;
}

// Of the caller's account and region: another account's profile is as absent as any (I15).
const ProvisioningProfile& profile_named(const std::vector<ProvisioningProfile>& profiles,
                                         const Caller& caller, const std::string& name) {
  const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const auto& profile) {
    return profile.name == name && profile.authority.account == caller.account &&
           profile.authority.region == caller.region;
  });
  if (found == profiles.end()) {
    throw Error{Code::resource_not_found, "there is no provisioning profile named '" + name + "'"};
  }
  return *found;
}

SigningAlgorithm default_algorithm(KeyFamily family) {
  switch (family) {
    case KeyFamily::rsa:
      return SigningAlgorithm::sha256_with_rsa;
    case KeyFamily::ec:
      return SigningAlgorithm::sha256_with_ecdsa;
    case KeyFamily::ed25519:
      return SigningAlgorithm::ed25519;
  }
  throw Error{Code::internal, "unknown key family"};
}

// What stands for this device and key must be what is asked for now.
void check_same_names(const CertificateRecord& record, const CertificateRequest& csr) {
  const Certificate remembered = Certificate::parse_to_be_signed(record.tbs_der, record.signing_algorithm);
  const auto alt_names = [](const std::vector<Extension>& extensions) {
    const auto found = std::find_if(extensions.begin(), extensions.end(), [](const Extension& extension) {
      return extension.id == oid::kSubjectAltName;
    });
    return found == extensions.end() ? Bytes{} : found->value;
  };
  if (remembered.subject != csr.subject || alt_names(remembered.extensions) != alt_names(csr.extensions)) {
    throw Error{Code::conflict,
                "this device has a certificate with other names for the same key: make a new key"};
  }
}

void check_outcome(const CertificateRecord& record) {
  if (record.state == CertificateState::revoked) {
    throw Error{Code::conflict, "the certificate of this device and key was revoked: make a new key"};
  }
  if (record.state == CertificateState::failed) {
    throw Error{Code::request_failed, "the certificate could not be issued: " + record.failure_reason};
  }
}

}  // namespace

ProvisioningResult AuthorityService::provision(const Caller& caller, const ProvisioningOrder& order) {
  std::optional<ProvisioningResult> result;
  State::again([&] { result = state_->provision(caller, order); });
  return *std::move(result);
}

ProvisioningResult AuthorityService::State::provision(const Caller& caller, const ProvisioningOrder& order) {
  check_device_id(order.device_id);
  if (caller.device_id && *caller.device_id != order.device_id) {
    throw Error{Code::access_denied,
                "this device certificate may ask for device '" + *caller.device_id + "' only"};
  }
  const auto known = current_profiles();
  const ProvisioningProfile& profile = profile_named(*known, caller, order.profile);
  const TemplateArn template_arn{profile.authority.partition, profile.template_name};
  const Template& tmpl = find_template(template_arn);
  const TimePoint now = clock.now();
  RequestContext context{{"acm-pca:TemplateArn", {template_arn.text()}}};
  std::optional<CertificateRequest> wanted;
  const auto authorize = [&] {
    context["chancery:DeviceId"] = {order.device_id};
    return authorize_any(caller, profile.authority, "IssueCertificate", context);
  };
  try {
    if (const auto complaint = provisioning_complaint(tmpl)) {
      throw Error{Code::access_denied, "profile '" + profile.name + "': " + *complaint};
    }
    wanted = CertificateRequest::parse_pem(order.csr_pem);
    context = issuance_context(template_arn, grant(tmpl, *wanted, {}),
                               to_seconds(now) + std::chrono::days{profile.validity_days}, now);
  } catch (const Error&) {
    (void)authorize();  // what is wrong with a request is told to whoever may make it
    throw;
  }
  const auto authority = authorize();
  check_living(*authority);
  const CertificateRequest& csr = *wanted;
  check_names_granted(csr, grant_for(profile.names, order.device_id));

  // The device is part of the scope: devices share a principal, not their tokens.
  auto claimed = claim(caller, "provision|" + profile.authority.text() + "|" + order.device_id,
                       order.idempotency_token, order.profile + '\n' + text_of(csr.der));
  auto record = earlier(claimed);
  if (!record) {
    record = issue_to_device(caller,
                             {.authority = authority,
                              .tmpl = &tmpl,
                              .csr = &csr,
                              .api = {},
                              .validity = {},
                              .signing_algorithm = {},
                              .claim = std::move(claimed),
                              .device_id = order.device_id,
                              .profile = profile.name},
                             profile.validity_days);
  }
  check_outcome(*record);
  ProvisioningResult result{.record = *std::move(record), .pem = std::nullopt};
  if (result.record.state == CertificateState::issued) {
    result.pem = pem_of(result.record);
  }
  return result;
}

CertificateRecord AuthorityService::State::issue_to_device(const Caller& caller, Request request,
                                                           int validity_days) {
  const Authority& authority = *request.authority;
  const TimePoint now = clock.now();
  const Sha256 key_hash = sha256(request.csr->public_key.spki_der());
  const auto remembered =
      inventory.by_device_key({authority.record.arn, request.device_id, request.profile, key_hash});
  const bool stands =
      remembered && remembered->state != CertificateState::failed &&
      (remembered->state == CertificateState::revoked || remembered->validity.not_after >= to_seconds(now));
  // With a token the ledger answers, which also remembers what the token stands for from now on (I12).
  if (stands && !request.claim) {
    check_same_names(*remembered, *request.csr);
    return *remembered;
  }
  if (!stands && authority.status_at(now) != AuthorityStatus::active) {
    throw Error{Code::invalid_state,
                "The certificate authority is not in a valid state for issuing certificates"};
  }
  request.validity = resolve_validity({.value = validity_days, .type = ValidityRequest::Type::days},
                                      std::nullopt, now, authority.identity.validity);
  request.signing_algorithm = default_algorithm(family_of(authority.record.key_algorithm));
  CertificateRecord record = issue(caller, request);
  check_same_names(record, *request.csr);
  return record;
}

ProvisioningResult AuthorityService::provisioned(const Caller& caller, const std::string& id) {
  State& state = *state_;
  const SerialNumber serial = SerialNumber::from_hex(id);
  // Wherever it was issued: the profile that it came by may have changed or gone meanwhile.
  for (const auto& authority : state.catalog.all()) {
    const AuthorityArn& arn = authority->record.arn;
    const bool theirs = arn.account == caller.account && arn.region == caller.region &&
                        authority->record.status != AuthorityStatus::deleted;
    const auto record = theirs ? state.inventory.certificate(arn, serial) : std::nullopt;
    if (!record || record->device_id.empty() ||
        (caller.device_id && *caller.device_id != record->device_id)) {
      continue;
    }
    (void)state.authorize_any(caller, arn, "GetCertificate", {{"chancery:DeviceId", {record->device_id}}});
    ProvisioningResult result{.record = *record, .pem = std::nullopt};
    if (record->state == CertificateState::issued || record->state == CertificateState::revoked) {
      result.pem = state.pem_of(*record);
    }
    return result;
  }
  throw Error{Code::resource_not_found, "there is no provisioning request " + serial.hex()};
}

}  // namespace ca
