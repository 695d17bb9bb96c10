#include "tests/integration/ledger/backend.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "tests/integration/ledger/temporary_folder.hpp"

namespace test {
namespace {

class SqliteBackend final : public Backend {
 public:
  SqliteBackend() { reopen(); }
  ca::Ledger& ledger() override { return *store_; }
  ca::Inventory& inventory() override { return *store_; }
  ca::AuditLog& audit() override { return *store_; }
  void reopen() override {
    store_.reset();
    store_ = std::make_unique<ca::SqliteStore>(ca::SqliteStoreOptions{.path = folder_.store()}, clock);
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<ca::SqliteStore> store_;
};

template <class Visit>
void for_each_line(ca::AuditLog& audit, const Visit& visit) {
  static constexpr std::size_t kPage = 1000;
  std::uint64_t from = 0;
  for (auto lines = audit.audit_lines(from, kPage); !lines.empty(); lines = audit.audit_lines(from, kPage)) {
    for (const ca::AuditLine& line : lines) {
      visit(line);
    }
    from = lines.back().seq + 1;
  }
}

}  // namespace

std::vector<std::string> backend_names() { return {"sqlite"}; }

std::unique_ptr<Backend> open_backend(const std::string&) { return std::make_unique<SqliteBackend>(); }

std::string inconsistency(ca::Inventory& inventory, ca::AuditLog& audit) try {
  ca::MerkleFrontier recomputed;
  std::map<std::string, std::uint64_t> types;
  std::string last_time;
  std::string faults;
  const auto expect = [&faults](bool holds, const std::string& what) { faults += holds ? "" : what + "; "; };
  for_each_line(audit, [&](const ca::AuditLine& line) {
    const auto json = nlohmann::json::parse(line.line);
    expect(line.seq == recomputed.size(), "gap before event " + std::to_string(line.seq));
    expect(json.at("seq") == line.seq, "wrong number in event " + std::to_string(line.seq));
    expect(line.leaf == ca::leaf_hash(line.line), "wrong leaf of event " + std::to_string(line.seq));
    expect(json.at("ts").get<std::string>() >= last_time, "time goes back at " + std::to_string(line.seq));
    recomputed.append(line.leaf);
    last_time = json.at("ts");
    ++types[json.at("type")];
  });
  const ca::MerkleFrontier head = audit.audit_head();
  expect(head.size() == recomputed.size(), "the head has another size");
  expect(head.root() == recomputed.root(), "the head has another root");

  const ca::InventoryCounts counts = inventory.counts();
  expect(counts.pending + counts.issued + counts.failed + counts.revoked == types["certificate.pending"],
         "rows and pending events differ");
  expect(counts.issued + counts.revoked == types["certificate.issued"], "issued rows and events differ");
  expect(counts.failed == types["certificate.failed"], "failed rows and events differ");
  expect(counts.revoked == types["certificate.revoked"], "revoked rows and events differ");
  expect(inventory.all_authorities().size() == types["authority.creating"], "authorities and events differ");
  return faults;
} catch (const std::exception& error) {
  return std::string{"cannot be read: "} + error.what();
}

std::size_t events_of_type(ca::AuditLog& audit, const std::string& type) {
  std::size_t count = 0;
  for_each_line(audit, [&](const ca::AuditLine& line) {
    count += nlohmann::json::parse(line.line).at("type") == type ? 1 : 0;
  });
  return count;
}

}  // namespace test
