#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ca/base/clock.hpp"
#include "ca/base/digest.hpp"
#include "ca/inventory/inventory.hpp"

namespace ca {

// What somebody must have beside the ledger to go on with this authority, and its place in its series of
// CRLs.
struct AuthorityKeys {
  struct Key {
    std::uint64_t number = 1;
    std::string state;             // active (the one that issues), retired, published, prepared
    std::string token;             // configured name
    std::string uri, spki_sha256;  // RFC 7512 and hex; empty: there is none yet
    std::string ocsp_uri, ocsp_spki_sha256;
  };
  std::string arn, status;
  Key active;
  // Retired ones go on signing CRLs and OCSP signers' certificates; at most one may issue next. By number.
  std::vector<Key> others;
  std::uint64_t crl_number = 0;  // the highest of its series; 0: none
  // Configured names of those in which certificates look for CRLs: whoever goes on must be able to write
  // there.
  std::vector<std::string> crl_buckets;
};

// What a ledger holds at one transaction.
struct LedgerContents {
  std::int64_t schema_version = 0;
  std::string node;
  std::uint64_t audit_size = 0;
  Sha256 audit_root{};
  TimePoint last_event_at{};
  InventoryCounts certificates;
  std::vector<AuthorityKeys> authorities;
};

// Copies the ledger as it is at one commit into `copy`, an empty file. The ledger may be in use by a daemon,
// which is not held up: its write-ahead log keeps growing until the copy is made, that is all. Not durable at
// return: the caller syncs. Throws Code::unavailable with path and cause, Code::invalid_request when it is no
// ledger.
void copy_ledger(const std::string& ledger, const std::string& copy);

// Reads all of a copy that nobody has open and checks it: SQLite's own structure, every audit line and the
// Merkle root from the first event on (I6), rows against counters and events (I5), places of
// CRLs against what names them. Nothing is written beside
// it. Throws Code::invalid_state with what does not fit, also for a newer schema.
[[nodiscard]] LedgerContents examine_ledger_copy(const std::string& copy);

}  // namespace ca
