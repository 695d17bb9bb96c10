#pragma once
#include "ca/ledger/sqlite/statement.hpp"

namespace ca::sqlite {

// Everything inside sees the store as of one moment.
class ReadTransaction {
 public:
  explicit ReadTransaction(Session& session) : session_{session} { session_.connection().execute("BEGIN"); }
  ~ReadTransaction() {
    try {
      session_.connection().execute("COMMIT");
    } catch (const StoreFault&) {
      // The connection is in trouble, which the next read says.
    }
  }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  Session& session_;
};

}  // namespace ca::sqlite
