#pragma once
#include "ca/ledger/sqlite/statement.hpp"

namespace ca::sqlite {

// The version that this build reads and writes.
extern const int kSchemaVersion;

// Brings the file to kSchemaVersion, one transaction for each numbered step, forward only. Throws StoreFault
// with what to do when the file has a newer schema or is not a ledger.
void migrate(Session& session, const std::string& path, std::int64_t now_ms);

}  // namespace ca::sqlite
