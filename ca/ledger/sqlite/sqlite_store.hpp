#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "ca/audit/audit_log.hpp"
#include "ca/base/clock.hpp"
#include "ca/inventory/inventory.hpp"
#include "ca/ledger/ledger.hpp"

namespace ca {

struct SqliteStoreOptions {
  std::string path;             // file; its folder must exist
  std::string node = "node-1";  // name of this daemon's audit log
  std::size_t max_queued = 8192;
  std::size_t max_batch = 512;
  std::size_t readers = 4;  // read connections
  std::uint64_t wal_limit_bytes = 64ULL * 1024 * 1024;
};

struct StoreStatus {
  bool ok = true;
  std::string last_error;
  std::uint64_t commits = 0, entries = 0, failed_entries = 0, queued = 0, wal_bytes = 0, checkpoints = 0;
};

// SQLite in WAL mode with synchronous=FULL: ledger, inventory and audit log of one node in one file.
// One writer thread. Opening takes an exclusive lock on `<path>.lock` (a second daemon on the same file is
// refused), runs the numbered migrations, and checks that the stored audit head fits the last stored leaves.
// A file that is missing although a ledger was here is not made anew. While the file or its write-ahead log
// is moved or deleted, commits throw Code::unavailable and status() says so; put back, it goes on.
class SqliteStore final : public Ledger, public Inventory, public AuditLog {
 public:
  // Throws Code::unavailable with path and cause.
  SqliteStore(SqliteStoreOptions options, const Clock& clock);
  ~SqliteStore() override;  // writes what is queued, then closes

  [[nodiscard]] std::future<CommitResult> commit(LedgerEntry entry) override;
  [[nodiscard]] std::optional<AuthorityRecord> authority(const AuthorityArn& arn) override;
  [[nodiscard]] std::vector<AuthorityRecord> all_authorities() override;
  [[nodiscard]] std::optional<CertificateRecord> certificate(const AuthorityArn& issuer,
                                                             const SerialNumber& serial) override;
  [[nodiscard]] std::vector<Row> pending(std::uint64_t cursor, std::size_t limit) override;
  [[nodiscard]] std::vector<Row> issued(const AuthorityArn& issuer, std::uint64_t cursor,
                                        std::size_t limit) override;
  [[nodiscard]] CertificatePage find_certificates(const CertificateSearch& search) override;
  [[nodiscard]] std::optional<CertificateRecord> by_device_key(const DeviceKey& key) override;
  [[nodiscard]] std::optional<Claimed> claimed(const std::string& scope, const std::string& token) override;
  [[nodiscard]] std::vector<CertificateRecord> by_device(const std::string& account,
                                                         const std::string& device_id,
                                                         std::size_t limit) override;
  [[nodiscard]] std::vector<CertificateRecord> expiring(const std::string& account, Seconds before,
                                                        const ExpiryCursor& after,
                                                        std::size_t limit) override;
  [[nodiscard]] std::optional<AuditReportRecord> audit_report(const AuthorityArn& authority,
                                                              const std::string& id) override;
  [[nodiscard]] std::vector<AuditReportRecord> unwritten_reports() override;
  [[nodiscard]] std::vector<CrlRecord> crls(const AuthorityArn& authority) override;
  [[nodiscard]] std::uint64_t revoked(const CrlRecord& crl, Seconds ends_from,
                                      const std::function<void(const Revoked&)>& entry) override;
  [[nodiscard]] std::optional<Standing> standing(const AuthorityArn& issuer,
                                                 const SerialNumber& serial) override;
  [[nodiscard]] InventoryCounts counts() override;
  [[nodiscard]] MerkleFrontier audit_head() override;
  [[nodiscard]] std::vector<AuditLine> audit_lines(std::uint64_t from_seq, std::size_t limit) override;
  [[nodiscard]] StoreStatus status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ca
