#include "daemon/cli/backup_report.hpp"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "ca/base/hex.hpp"

namespace cli {

namespace {

using Key = ca::AuthorityKeys::Key;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ",") + word;
  }
  return text.empty() ? "-" : text;
}

// Each key with a URI, those of OCSP signers too.
template <class Take>
void each_key(const ca::AuthorityKeys& authority, const Take& take) {
  const auto both = [&](const Key& key) {
    if (!key.uri.empty()) {
      take(key, false, key.uri, key.spki_sha256);
    }
    if (!key.ocsp_uri.empty()) {
      take(key, true, key.ocsp_uri, key.ocsp_spki_sha256);
    }
  };
  both(authority.active);
  std::ranges::for_each(authority.others, both);
}

void print_keys(const ca::LedgerContents& ledger) {
  Table table{{"KEY OF", "NUMBER", "STATE", "TOKEN", "KEY", "PUBLIC KEY SHA-256"}};
  for (const auto& authority : ledger.authorities) {
    each_key(authority, [&](const Key& key, bool ocsp, const std::string& uri, const std::string& hash) {
      table.row({authority.arn.substr(authority.arn.rfind('/') + 1), std::to_string(key.number),
                 ocsp ? "OCSP signer" : key.state, key.token, uri, hash});
    });
  }
  table.print(std::cout);
}

}  // namespace

nlohmann::json backup_json(const backup::Manifest& manifest, const std::string& folder) {
  auto keys = nlohmann::json::array();
  for (const auto& authority : manifest.ledger.authorities) {
    each_key(authority, [&](const Key& key, bool ocsp, const std::string& uri, const std::string& hash) {
      keys.push_back({{"arn", authority.arn},
                      {"number", key.number},
                      {"state", ocsp ? "ocsp signer" : key.state},
                      {"token", key.token},
                      {"key_uri", uri},
                      {"spki_sha256", hash}});
    });
  }
  return {{"ok", true},
          {"folder", folder},
          {"manifest", nlohmann::json::parse(backup::text_of(manifest))},
          {"keys", keys}};
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
  Table table{{"AUTHORITY", "STATUS", "CRL NUMBER", "CRL BUCKETS"}};
  for (const auto& authority : ledger.authorities) {
    table.row({authority.arn, authority.status,
               authority.crl_number == 0 ? "-" : std::to_string(authority.crl_number),
               joined(authority.crl_buckets)});
  }
  table.print(std::cout);
  print_keys(ledger);
  std::cout << "the snapshot is whole and fits its manifest\n";
}

}  // namespace cli
