#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace ca {

std::optional<AuthorityService::Device> AuthorityService::device_of(const Bytes& certificate_der) {
  State& state = *state_;
  std::optional<Certificate> certificate;
  std::optional<SerialNumber> serial;
  try {
    certificate = Certificate::parse(certificate_der);
    serial = SerialNumber::from_hex(to_hex(certificate->serial));
  } catch (const Error&) {
    return std::nullopt;  // not one of ours: we write certificates that we can read
  }
  const Seconds now = to_seconds(state.clock.now());
  if (now < certificate->validity.not_before || now > certificate->validity.not_after) {
    return std::nullopt;
  }
  for (const auto& authority : state.catalog.all()) {
    if (authority->record.status == AuthorityStatus::deleted ||
        authority->identity.subject != certificate->issuer) {
      continue;
    }
    const auto record = state.inventory.certificate(authority->record.arn, *serial);
    if (record && record->state == CertificateState::issued && !record->device_id.empty() &&
        record->der == certificate_der) {
      return Device{record->account, record->device_id};
    }
  }
  return std::nullopt;
}

}  // namespace ca
