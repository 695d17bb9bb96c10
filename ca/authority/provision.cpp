#include <algorithm>

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

const ProvisioningProfile& profile_named(const std::vector<ProvisioningProfile>& profiles,
                                         const std::string& name) {
  const auto found = std::find_if(profiles.begin(), profiles.end(),
                                  [&](const auto& profile) { return profile.name == name; });
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

void check_living(const CertificateRecord& record) {
  if (record.state == CertificateState::revoked) {
    throw Error{Code::conflict, "the certificate of this device and key was revoked: make a new key"};
  }
  if (record.state == CertificateState::failed) {
    throw Error{Code::request_failed, "the certificate could not be issued: " + record.failure_reason};
  }
}

}  // namespace

ProvisioningResult AuthorityService::provision(const Caller& caller, const ProvisioningOrder& order) {
  State& state = *state_;
  check_device_id(order.device_id);
  const auto profiles = state.current_profiles();
  const ProvisioningProfile& profile = profile_named(*profiles, order.profile);
  const TemplateArn template_arn{profile.authority.partition, profile.template_name};
  if (caller.device_id && *caller.device_id != order.device_id) {
    throw Error{Code::access_denied,
                "this device certificate may ask for device '" + *caller.device_id + "' only"};
  }
  state.require(caller, "IssueCertificate", profile.authority.text(),
                {{"acm-pca:TemplateArn", {template_arn.text()}}, {"chancery:DeviceId", {order.device_id}}});
  const auto authority = state.own(caller, profile.authority);
  const Template& tmpl = find_template(template_arn);
  if (tmpl.is_ca) {
    throw Error{Code::access_denied, "provisioning never issues certificates of authorities"};
  }
  const CertificateRequest csr = CertificateRequest::parse_pem(order.csr_pem);
  check_names_granted(csr, grant_for(profile.names, order.device_id));

  const TimePoint now = state.clock.now();
  const Sha256 key_hash = sha256(csr.public_key.spki_der());
  auto record = state.inventory.by_device_key(profile.authority, order.device_id, key_hash);
  const bool remembered =
      record && record->state != CertificateState::failed &&
      (record->state == CertificateState::revoked || record->validity.not_after >= to_seconds(now));
  if (!remembered) {
    if (authority->status_at(now) != AuthorityStatus::active) {
      throw Error{Code::invalid_state,
                  "The certificate authority is not in a valid state for issuing certificates"};
    }
    const Validity validity = resolve_validity(
        {.value = profile.validity_days, .type = ValidityRequest::Type::days}, std::nullopt, now);
    const std::string canonical = order.device_id + '\n' + profile.name + '\n' + text_of(csr.der);
    record = state.issue(caller,
                         {.authority = authority,
                          .tmpl = &tmpl,
                          .csr = &csr,
                          .validity = validity,
                          .signing_algorithm = default_algorithm(family_of(authority->record.key_algorithm)),
                          .claim = state.claim(caller, "provision|" + profile.authority.text(),
                                               order.idempotency_token, canonical),
                          .device_id = order.device_id});
  }
  check_living(*record);
  ProvisioningResult result{.record = *record, .pem = std::nullopt};
  if (record->state == CertificateState::issued) {
    result.pem = state.pem_of(*authority, *record);
  }
  return result;
}

ProvisioningResult AuthorityService::provisioned(const Caller& caller, const std::string& id) {
  State& state = *state_;
  const SerialNumber serial = SerialNumber::from_hex(id);
  const auto profiles = state.current_profiles();
  for (const ProvisioningProfile& profile : *profiles) {
    const bool theirs =
        profile.authority.account == caller.account && profile.authority.region == caller.region;
    auto record = theirs ? state.inventory.certificate(profile.authority, serial) : std::nullopt;
    if (!record || record->device_id.empty() ||
        (caller.device_id && *caller.device_id != record->device_id)) {
      continue;
    }
    state.require(caller, "GetCertificate", profile.authority.text(),
                  {{"chancery:DeviceId", {record->device_id}}});
    const auto authority = state.own(caller, profile.authority);
    ProvisioningResult result{.record = *record, .pem = std::nullopt};
    if (record->state == CertificateState::issued || record->state == CertificateState::revoked) {
      result.pem = state.pem_of(*authority, *record);
    }
    return result;
  }
  throw Error{Code::resource_not_found, "there is no provisioning request " + serial.hex()};
}

}  // namespace ca
