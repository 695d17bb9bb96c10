#pragma once
#include "tests/integration/ledger/backend.hpp"
#include "tests/integration/ledger/records.hpp"
#include "tests/support/catch.hpp"

namespace test {
using namespace std::chrono_literals;

// A store with one authority.
struct World {
  std::unique_ptr<Backend> backend = open_backend(GENERATE(from_range(backend_names())));
  ca::AuthorityRecord authority = make_authority(now());

  World() { REQUIRE(commit(insert(authority)) == "applied"); }
  ~World() { CHECK(inconsistency(inventory(), backend->audit()).empty()); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Of the store as it is now: another one after reopen().
  [[nodiscard]] ca::Ledger& ledger() const { return backend->ledger(); }
  [[nodiscard]] ca::Inventory& inventory() const { return backend->inventory(); }
  [[nodiscard]] ca::TimePoint now() const { return backend->clock.now(); }
  std::string commit(ca::LedgerEntry entry) { return outcome_of(ledger().commit(std::move(entry))); }
  ca::CommitResult result(ca::LedgerEntry entry) { return ledger().commit(std::move(entry)).get(); }
  [[nodiscard]] ca::CertificateRecord new_certificate() { return make_certificate(authority, now()); }
  [[nodiscard]] ca::CertificateRecord stored(const ca::CertificateRecord& record) {
    return inventory().certificate(record.issuer, record.serial).value();
  }
  [[nodiscard]] std::uint64_t events() { return backend->audit().audit_head().size(); }
  [[nodiscard]] ca::IdempotencyClaim claim(const std::string& token, const std::string& request = "request") {
    return {"scope", token, ca::sha256(ca::bytes_of(request)), 5min};
  }
};

inline ca::CertificateRecord for_device(ca::CertificateRecord record, const std::string& device_id) {
  record.device_id = device_id;
  record.key_hash = ca::sha256(ca::bytes_of("key of " + device_id));
  return record;
}

}  // namespace test
