#pragma once
#include <memory>
#include <string>
#include <vector>

#include "ca/audit/audit_log.hpp"
#include "ca/inventory/inventory.hpp"
#include "ca/ledger/ledger.hpp"
#include "tests/support/fake_clock.hpp"

namespace test {

// One kind of store, open on a place of its own that goes away with the object. The contract tests know no
// more of a store than this: another kind of store adds itself to backend_names() and open_backend().
class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual ca::Ledger& ledger() = 0;
  [[nodiscard]] virtual ca::Inventory& inventory() = 0;
  [[nodiscard]] virtual ca::AuditLog& audit() = 0;
  // Closes and opens it again, as a restart does.
  virtual void reopen() = 0;

  FakeClock clock;
};

[[nodiscard]] std::vector<std::string> backend_names();
[[nodiscard]] std::unique_ptr<Backend> open_backend(const std::string& name);

// What must be true of any store at any time: the audit log is gap-free, its leaves are those of its lines,
// its head is the root over them, and the counts of the inventory fit the events of the log (I5). Empty when
// all of it holds, else what does not.
[[nodiscard]] std::string inconsistency(ca::Inventory& inventory, ca::AuditLog& audit);
// How many events of that type the log holds.
[[nodiscard]] std::size_t events_of_type(ca::AuditLog& audit, const std::string& type);

}  // namespace test
