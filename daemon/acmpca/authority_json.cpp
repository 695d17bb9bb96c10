#include "daemon/acmpca/authority_json.hpp"

#include <algorithm>
#include <string_view>

#include "ca/base/error.hpp"
#include "ca/policy/revocation_configuration.hpp"
#include "ca/x509/certificate.hpp"

namespace acmpca {
namespace {

using nlohmann::json;

json configuration(const ca::AuthorityRecord& record) {
  json stored = json::parse(record.configuration_json, nullptr, false);
  if (stored.is_object()) {
    return stored;
  }
  return {{"KeyAlgorithm", ca::api_name(record.key_algorithm)},
          {"SigningAlgorithm", ca::api_name(record.signing_algorithm)},
          {"Subject", json::object()}};
}

}  // namespace

double epoch_seconds(ca::TimePoint time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1000.0;
}

json authority_json(const ca::AuthorityRecord& record) {
  json out{
      {"Arn", record.arn.text()},
      {"OwnerAccount", record.arn.account},
      {"CreatedAt", epoch_seconds(record.created_at)},
      {"LastStateChangeAt", epoch_seconds(record.last_state_change_at)},
      {"Type", ca::api_name(record.type)},
      {"Status", ca::api_name(record.status)},
      {"CertificateAuthorityConfiguration", configuration(record)},
      {"RevocationConfiguration",
       json::parse(ca::RevocationConfiguration::parse(record.revocation_json).text())},
      {"KeyStorageSecurityStandard", record.key_storage_security_standard},
      {"UsageMode", record.usage_mode},
  };
  if (!record.certificate_der.empty()) {
    try {
      out["Serial"] = decimal(ca::Certificate::parse(record.certificate_der).serial);
    } catch (const ca::Error&) {
      // A certificate that cannot be read must not hide the authority that it belongs to.
    }
  }
  if (record.validity) {
    out["NotBefore"] = record.validity->not_before.time_since_epoch().count();
    out["NotAfter"] = record.validity->not_after.time_since_epoch().count();
  }
  if (record.restorable_until) {
    out["RestorableUntil"] = epoch_seconds(*record.restorable_until);
  }
  if (record.status == ca::AuthorityStatus::failed) {
    out["FailureReason"] = record.failure_reason.empty() ? "OTHER" : record.failure_reason;
  }
  return out;
}

json certificate_json(const ca::CertificatePem& pem) {
  json out{{"Certificate", pem.certificate}};
  if (pem.chain) {
    out["CertificateChain"] = *pem.chain;
  }
  return out;
}

std::string decimal(ca::ByteView number) {
  std::string digits = "0";  // least significant first
  for (const std::uint8_t byte : number) {
    unsigned carry = byte;
    for (char& digit : digits) {
      const unsigned value = static_cast<unsigned>(digit - '0') * 256U + carry;
      digit = static_cast<char>('0' + value % 10U);
      carry = value / 10U;
    }
    for (; carry > 0; carry /= 10U) {
      digits.push_back(static_cast<char>('0' + carry % 10U));
    }
  }
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace acmpca
