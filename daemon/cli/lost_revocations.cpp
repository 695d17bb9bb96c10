#include "daemon/cli/lost_revocations.hpp"

#include <algorithm>
#include <iostream>
#include <utility>

#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "ca/inventory/records.hpp"
#include "ca/x509/crl.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/output_file.hpp"

namespace cli {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr const char* kAdvice = "give lists of this ledger's authorities as they were published, DER or PEM";

ca::Bytes list_in(const std::string& file) {
  const std::string text = read_text(file, ca::CertificateList::kMaxDerBytes);
  if (!text.starts_with("-----BEGIN")) {
    return {text.begin(), text.end()};
  }
  auto blocks = ca::parse_pem(text, 1);
  if (blocks.size() != 1 || blocks.front().label != "X509 CRL") {
    throw ca::Error{ca::Code::malformed_crl, "expected one X509 CRL"};
  }
  return std::move(blocks.front().der);
}

const char* name_of(ca::PublishedList::Lost::Standing standing) {
  using Standing = ca::PublishedList::Lost::Standing;
  switch (standing) {
    case Standing::issued:
      return "good in the ledger";
    case Standing::pending:
      return "not signed yet in the ledger: revoke it when it is";
    case Standing::absent:
      break;
  }
  return "not in the ledger";
}

}  // namespace

LostRevocations::LostRevocations(const std::string& copy, const std::vector<std::string>& files,
                                 const std::string& undone) {
  for (const auto& file : files) {
    try {
      auto list = ca::compare_published_list(copy, list_in(file));
      for (const auto& lost : std::exchange(list.lost, {})) {
        const bool absent = lost.standing == ca::PublishedList::Lost::Standing::absent;
        groups_[{list.authority, list.signer_known, absent, lost.reason}].lost.emplace(lost.serial, lost);
      }
      lists_.emplace_back(file, std::move(list));
    } catch (const Failure& failure) {
      throw failure.completed(file, kAdvice, undone);
    } catch (const ca::Error& error) {
      throw Failure{error.what(), file, kAdvice, undone};
    }
  }
}

bool LostRevocations::none() const {
  return groups_.empty() &&
         std::ranges::all_of(lists_, [](const auto& entry) { return entry.second.signer_known; });
}

std::map<std::string, std::uint64_t> LostRevocations::numbers() const {
  std::map<std::string, std::uint64_t> highest;
  for (const auto& [file, list] : lists_) {
    if (list.signer_known && list.series && list.number) {
      auto& number = highest[*list.series];
      number = std::max(number, *list.number);
    }
  }
  return highest;
}

bool LostRevocations::without_series() const {
  return std::ranges::any_of(lists_, [](const auto& entry) { return !entry.second.series; });
}

void LostRevocations::write_serials(const std::string& ledger) {
  for (auto& [key, group] : groups_) {
    const char* kind = !key.vouched ? ".not-verified-" : key.absent ? ".revoked-not-here-" : ".revoke-again-";
    group.file = ledger + kind + (!key.vouched && key.absent ? "not-here-" : "") +
                 key.authority.substr(key.authority.rfind('/') + 1) + "-" +
                 std::string{ca::api_name(key.reason)};
    std::string text = "# " + key.authority + "\n";
    for (const auto& [serial, lost] : group.lost) {
      text += serial.hex() + "  # " + ca::rfc3339(lost.revoked_at) + ", " + name_of(lost.standing) + "\n";
    }
    OutputFile{group.file, kOwnerOnly}.write(text);
  }
}

std::string LostRevocations::command(const Key& key, const Group& group) {
  return "chancery cert revoke --authority " + key.authority + " --reason " +
         std::string{ca::api_name(key.reason)} + " --serials " + group.file;
}

void LostRevocations::print() const {
  Table table{{"PUBLISHED LIST", "NUMBER", "OF", "ENTRIES", "AUTHORITY"}};
  for (const auto& [file, list] : lists_) {
    table.row({file, list.number ? std::to_string(*list.number) : "-", ca::rfc3339(list.this_update),
               std::to_string(list.entry_count), list.authority});
  }
  table.print(std::cout);
  if (none()) {
    std::cout << "the backup knows every revocation of these lists\n";
    return;
  }
  print_unknown_signers();
  if (std::ranges::none_of(groups_, [](const auto& entry) { return entry.first.vouched; })) {
    return;
  }
  std::cout << "\nREVOCATIONS ARE LOST. Before relying parties reach the daemon:\n";
  for (const auto& [key, group] : groups_) {
    if (key.vouched && !key.absent) {
      std::cout << "  " << group.lost.size() << " to revoke again, each a line of that file:\n    "
                << command(key, group) << '\n';
    }
  }
  for (const auto& [key, group] : groups_) {
    if (key.vouched && key.absent) {
      std::cout << "  " << group.lost.size()
                << " that are not in the ledger (issued after the backup): no call revokes them "
                << "and no later CRL lists them; OCSP says unknown, never good. Serials: " << group.file
                << "\n    docs/operating.md, \"What a restore loses\"\n";
    }
  }
}

void LostRevocations::print_unknown_signers() const {
  bool any = false;
  for (const auto& [file, list] : lists_) {
    if (!list.signer_known) {
      std::cout << (any ? "" : "\nNOT VERIFIED:\n") << "  " << file
                << " is signed by a key that is not in the backup, in the name of\n    " << list.authority
                << '\n';
      any = true;
    }
  }
  for (const auto& [key, group] : groups_) {
    if (!key.vouched) {
      std::cout << "  " << group.lost.size() << " that the backup does not know as revoked"
                << (key.absent ? ", nor as issued" : "") << ". Serials: " << group.file << '\n';
    }
  }
  if (any) {
    std::cout
        << "  The authority got that key after the backup, or somebody else made the list. Verify it with\n"
           "  that key's certificate (openssl crl -CAfile); only then revoke what it lists.\n"
           "    docs/operating.md, \"What a restore loses\"\n";
  }
}

nlohmann::json LostRevocations::json() const {
  auto lists = nlohmann::json::array();
  for (const auto& [file, list] : lists_) {
    lists.push_back({{"file", file},
                     {"number", list.number ? nlohmann::json(*list.number) : nlohmann::json()},
                     {"this_update", ca::rfc3339(list.this_update)},
                     {"entries", list.entry_count},
                     {"authority", list.authority},
                     {"signer_known", list.signer_known},
                     {"series_known", list.series.has_value()}});
  }
  auto groups = nlohmann::json::array();
  for (const auto& [key, group] : groups_) {
    auto serials = nlohmann::json::array();
    for (const auto& [serial, lost] : group.lost) {
      serials.push_back(serial.hex());
    }
    groups.push_back({{"authority", key.authority},
                      {"reason", ca::api_name(key.reason)},
                      {"verified", key.vouched},
                      {"revocable", key.vouched && !key.absent},
                      {"serials", serials},
                      {"file", group.file},
                      {"command", key.vouched && !key.absent ? command(key, group) : ""}});
  }
  return {{"lists", lists}, {"lost", groups}};
}

}  // namespace cli
