#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ca/inventory/records.hpp"

namespace ca {

// One certificate without its bytes: what a list shows.
struct CertificateSummary {
  SerialNumber serial;
  CertificateState state = CertificateState::pending;
  bool self_signed = false;
  std::string template_name;
  std::string subject;
  std::string device_id;
  std::string profile;
  Sha256 key_hash{};
  Validity validity;
  TimePoint requested_at{};
  std::optional<TimePoint> issued_at;
  std::optional<TimePoint> revoked_at;
  std::optional<RevocationReason> revocation_reason;
};

// Which certificates of one authority are meant: all that fit every member that is set.
struct CertificateFilter {
  std::vector<std::string> device_ids;  // any of these; empty: whatever the device
  std::optional<Sha256> key_hash;       // SHA-256 of the subject's SPKI
  std::optional<std::string> template_name;
  // When it was issued: from the first on, before the second. What was not issued fits neither.
  std::optional<TimePoint> issued_from;
  std::optional<TimePoint> issued_before;
  std::optional<CertificateState> state;
};

struct CertificateSearch {
  AuthorityArn authority;
  CertificateFilter filter;
  std::optional<SerialNumber> after;  // a page's last_examined, to go on behind it
  std::size_t limit = 1000;
};

struct CertificatePage {
  std::vector<CertificateSummary> certificates;  // in order of arrival
  // Where the next page begins. A page may be empty and yet not the last: a search looks at a bounded number
  // of certificates. Absent: this is the last page.
  std::optional<SerialNumber> last_examined;
};

// Everything but the device, which the store itself selects by.
[[nodiscard]] bool fits(const CertificateFilter& filter, const CertificateSummary& certificate);

}  // namespace ca
