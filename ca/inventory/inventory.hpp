#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ca/inventory/certificate_search.hpp"
#include "ca/inventory/records.hpp"

namespace ca {

struct InventoryCounts {
  std::uint64_t pending = 0, issued = 0, failed = 0, revoked = 0;
};

// Reads of what the ledger holds. Thread-safe; sees every commit whose future is complete.
// Throws Code::unavailable when the store cannot be read. Absence is nullopt, never an error.
class Inventory {
 public:
  virtual ~Inventory() = default;

  [[nodiscard]] virtual std::optional<AuthorityRecord> authority(const AuthorityArn& arn) = 0;
  // All, for the start-up of the daemon.
  [[nodiscard]] virtual std::vector<AuthorityRecord> all_authorities() = 0;

  [[nodiscard]] virtual std::optional<CertificateRecord> certificate(const AuthorityArn& issuer,
                                                                     const SerialNumber& serial) = 0;
  // PENDING rows in order of arrival, strictly after `cursor` (0 = from the start). The cursor is the row's
  // rowid.
  struct Row {
    std::uint64_t cursor;
    CertificateRecord record;
  };
  [[nodiscard]] virtual std::vector<Row> pending(std::uint64_t cursor, std::size_t limit) = 0;
  // ISSUED and REVOKED rows of that issuer in order of arrival, strictly after `cursor`.
  [[nodiscard]] virtual std::vector<Row> issued(const AuthorityArn& issuer, std::uint64_t cursor,
                                                std::size_t limit) = 0;
  // What fits, in any state, page by page: at most `limit` certificates each, and bounded work whatever is
  // searched for. Throws Code::invalid_next_token when `after` is no certificate of that issuer.
  [[nodiscard]] virtual CertificatePage find_certificates(const CertificateSearch& search) = 0;
  // The newest row of that device and key under that issuer and profile, whatever its state.
  struct DeviceKey {
    const AuthorityArn& issuer;
    const std::string& device_id;
    const std::string& profile;
    const Sha256& key_hash;
  };
  [[nodiscard]] virtual std::optional<CertificateRecord> by_device_key(const DeviceKey& key) = 0;
  // What an idempotency token of that scope names (I12), whether or not its window is over.
  struct Claimed {
    Sha256 request_hash{};
    TimePoint expires_at{};
    AuthorityArn authority;
    std::optional<SerialNumber> serial;  // absent: the authority itself
  };
  [[nodiscard]] virtual std::optional<Claimed> claimed(const std::string& scope,
                                                       const std::string& token) = 0;
  // Newest first.
  [[nodiscard]] virtual std::vector<CertificateRecord> by_device(const std::string& account,
                                                                 const std::string& device_id,
                                                                 std::size_t limit) = 0;
  // ISSUED rows of the account whose not_after is before `before`, soonest first, after the cursor
  // (not_after, serial).
  struct ExpiryCursor {
    Seconds not_after{};
    std::string serial_hex;
  };
  [[nodiscard]] virtual std::vector<CertificateRecord> expiring(const std::string& account, Seconds before,
                                                                const ExpiryCursor& after,
                                                                std::size_t limit) = 0;
  [[nodiscard]] virtual std::optional<AuditReportRecord> audit_report(const AuthorityArn& authority,
                                                                      const std::string& id) = 0;
  // Those in CREATING, oldest first.
  [[nodiscard]] virtual std::vector<AuditReportRecord> unwritten_reports() = 0;
  // In order of their making.
  [[nodiscard]] virtual std::vector<CrlRecord> crls(const AuthorityArn& authority) = 0;
  // What a CRL of that series must list, as of one moment: calls `entry` by growing serial for each REVOKED
  // certificate that ends at `ends_from` or later. The series' `revocations` as of the same moment, so that
  // nothing which was revoked later is taken for covered. Throws Code::internal when there is no such series.
  struct Revoked {
    const SerialNumber& serial;
    TimePoint revoked_at;
    RevocationReason reason;
  };
  [[nodiscard]] virtual std::uint64_t revoked(const CrlRecord& crl, Seconds ends_from,
                                              const std::function<void(const Revoked&)>& entry) = 0;
  // The state of one certificate without its bytes.
  struct Standing {
    CertificateState state = CertificateState::pending;
    std::optional<TimePoint> revoked_at;
    std::optional<RevocationReason> reason;
    Seconds not_after{};
    std::uint64_t key_number = 1;  // of the issuer's key that signed it
  };
  [[nodiscard]] virtual std::optional<Standing> standing(const AuthorityArn& issuer,
                                                         const SerialNumber& serial) = 0;
  // Kept incrementally; no scan.
  [[nodiscard]] virtual InventoryCounts counts() = 0;
};

}  // namespace ca
