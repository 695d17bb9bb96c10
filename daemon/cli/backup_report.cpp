#include "daemon/cli/backup_report.hpp"

#include <iostream>
#include <nlohmann/json.hpp>

#include "ca/base/hex.hpp"

namespace cli {

nlohmann::json backup_json(const backup::Manifest& manifest, const std::string& folder) {
  return {{"ok", true}, {"folder", folder}, {"manifest", nlohmann::json::parse(backup::text_of(manifest))}};
}

void print_backup(const backup::Manifest& manifest, const std::string& folder, Format format) {
  if (format == Format::json) {
    print_json(std::cout, backup_json(manifest, folder));
    return;
  }
  const auto& ledger = manifest.ledger;
  const auto& count = ledger.certificates;
  print_pairs(
      std::cout,
      {{"backup", folder},
       {"taken", manifest.taken_at + " of node " + ledger.node + ", schema version " +
                     std::to_string(ledger.schema_version)},
       {"snapshot",
        std::to_string(manifest.snapshot_bytes) + " bytes, SHA-256 " + ca::to_hex(manifest.snapshot_sha256)},
       {"audit head", std::to_string(ledger.audit_size) + " events, root " + ca::to_hex(ledger.audit_root)},
       {"certificates", std::to_string(count.issued) + " issued, " + std::to_string(count.revoked) +
                            " revoked, " + std::to_string(count.pending) + " pending, " +
                            std::to_string(count.failed) + " failed"}});
  Table table{{"AUTHORITY", "STATUS", "CRL NUMBER", "CRL BUCKETS", "KEY", "PUBLIC KEY SHA-256"}};
  for (const auto& authority : ledger.authorities) {
    std::string buckets;
    for (const std::string& bucket : authority.crl_buckets) {
      buckets += (buckets.empty() ? "" : ",") + bucket;
    }
    table.row({authority.arn, authority.status,
               authority.crl_number == 0 ? "-" : std::to_string(authority.crl_number),
               buckets.empty() ? "-" : buckets, authority.key_uri, authority.spki_sha256});
  }
  table.print(std::cout);
  std::cout << "the snapshot is whole and fits its manifest\n";
}

}  // namespace cli
