#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "ca/base/arn.hpp"
#include "ca/base/clock.hpp"
#include "ca/base/digest.hpp"

namespace ca {

// One fact of the audit log, before the ledger gives it a place. Empty strings are left out of the line.
struct AuditEvent {
  std::string
      type;  // "certificate.pending", "certificate.issued", "authority.created", "request.refused", ...
  std::string outcome;  // "ok", "refused", "failed"
  std::string principal;
  std::string account;
  std::string request_id;
  std::string authority;                      // ARN
  std::string serial;                         // 32 hex digits
  std::string tbs_sha256;                     // hex
  std::string der_sha256;                     // hex
  std::map<std::string, std::string> detail;  // no secrets; values cut at 1 KiB
};

// Where an event stands in its log.
struct AuditPosition {
  std::string log;        // one log per node
  std::uint64_t seq = 0;  // gap-free from 0
  TimePoint time{};
};

// The event's one line: canonical JSON (sorted keys, no spaces, UTF-8, no newline), at most 8 KiB.
[[nodiscard]] std::string canonical_line(const AuditEvent& event, const AuditPosition& position);

// What the daemon did by itself for that authority; outcome "ok".
[[nodiscard]] AuditEvent system_event(const std::string& type, const AuthorityArn& authority);

}  // namespace ca
