#pragma once
#include <future>
#include <string>

#include "ca/ledger/ledger.hpp"
#include "tests/support/fake_clock.hpp"

// Records and entries as the tests of the ledger want them: complete, small, and different where it matters.
namespace test {

[[nodiscard]] ca::AuthorityRecord make_authority(ca::TimePoint created_at,
                                                 const std::string& account = "111122223333");
// A key beside the one that issues: retired when a time is given, else prepared.
[[nodiscard]] ca::KeyGeneration make_key(std::uint64_t number,
                                         std::optional<ca::TimePoint> retired_at = std::nullopt);
// PENDING, valid for a day.
[[nodiscard]] ca::CertificateRecord make_certificate(const ca::AuthorityRecord& issuer, ca::TimePoint now);
[[nodiscard]] ca::AuditEvent event_of(const std::string& type, const std::string& serial = {});

// Each change with the one event of its kind ("certificate.pending", "certificate.issued", ...).
[[nodiscard]] ca::LedgerEntry insert(const ca::AuthorityRecord& record,
                                     std::optional<ca::IdempotencyClaim> claim = std::nullopt);
[[nodiscard]] ca::LedgerEntry insert(const ca::CertificateRecord& record,
                                     std::optional<ca::IdempotencyClaim> claim = std::nullopt,
                                     bool once_per_device_key = false);
[[nodiscard]] ca::LedgerEntry issued(const ca::CertificateRecord& record, ca::TimePoint now);
[[nodiscard]] ca::LedgerEntry failed(const ca::CertificateRecord& record);
[[nodiscard]] ca::LedgerEntry revoked(const ca::CertificateRecord& record, ca::TimePoint now);

// The bytes that issued() gives a certificate.
[[nodiscard]] ca::Bytes der_of(const ca::CertificateRecord& record);

// What became of a commit, for CHECK: "applied", "existing", ..., or the name of the error's code.
[[nodiscard]] std::string outcome_of(std::future<ca::CommitResult> future);
[[nodiscard]] std::string outcome_of(const ca::CommitResult& result);

}  // namespace test
