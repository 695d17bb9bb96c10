#include "ca/ledger/sqlite/sqlite_store.hpp"

#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/store_state.hpp"

namespace ca {

SqliteStore::State::State(const SqliteStoreOptions& options, const Clock& clock)
    : lock{options.path + ".lock"},
      file{options.path, lock.was_marked()},
      writer{options, clock},
      readers{options.path, options.readers} {
  lock.mark();
}

SqliteStore::SqliteStore(SqliteStoreOptions options, const Clock& clock) {
  try {
    state_ = std::make_unique<State>(options, clock);
  } catch (const sqlite::StoreFault& fault) {
    throw Error{Code::unavailable, std::string{"cannot open the store: "} + fault.what()};
  }
  state_->writer.start();
}

SqliteStore::~SqliteStore() = default;

std::future<CommitResult> SqliteStore::commit(LedgerEntry entry) {
  return state_->writer.commit(std::move(entry));
}

StoreStatus SqliteStore::status() const { return state_->writer.status(); }

}  // namespace ca
