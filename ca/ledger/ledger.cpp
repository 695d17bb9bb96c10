#include "ca/ledger/ledger.hpp"

#include "ca/base/error.hpp"

namespace ca {

CommitResult committed(Ledger& ledger, LedgerEntry entry) {
  std::future<CommitResult> result = ledger.commit(std::move(entry));
  if (result.wait_for(kCommitWait) != std::future_status::ready) {
    throw Error{Code::unavailable, "the ledger does not answer: try again later"};
  }
  return result.get();
}

}  // namespace ca
