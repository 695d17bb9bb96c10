#include "tests/integration/ledger/connections.hpp"

#include <mutex>
#include <stdexcept>

namespace test {
namespace {

// SQLite's extension hook has no argument to carry an object.
struct Seen {
  std::mutex mutex;
  std::vector<sqlite3*> connections;
  std::vector<std::string> scans;
};

Seen& seen() {
  static Seen instance;
  return instance;
}

int on_statement_done(unsigned, void*, void* statement, void*) {
  auto* prepared = static_cast<sqlite3_stmt*>(statement);
  if (sqlite3_stmt_status(prepared, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1) > 0) {
    const std::lock_guard lock{seen().mutex};
    seen().scans.emplace_back(sqlite3_sql(prepared));
  }
  return 0;
}

int on_open(sqlite3* connection, const char**, const void*) {
  sqlite3_trace_v2(connection, SQLITE_TRACE_PROFILE, &on_statement_done, nullptr);
  const std::lock_guard lock{seen().mutex};
  seen().connections.push_back(connection);
  return SQLITE_OK;
}

auto entry_point() { return reinterpret_cast<void (*)()>(&on_open); }

}  // namespace

ConnectionTap::ConnectionTap() {
  {
    const std::lock_guard lock{seen().mutex};
    seen().connections.clear();
    seen().scans.clear();
  }
  sqlite3_auto_extension(entry_point());
}

ConnectionTap::~ConnectionTap() { sqlite3_cancel_auto_extension(entry_point()); }

sqlite3* ConnectionTap::first() const {
  const std::lock_guard lock{seen().mutex};
  return seen().connections.at(0);
}

std::vector<std::string> ConnectionTap::scans() const {
  const std::lock_guard lock{seen().mutex};
  return seen().scans;
}

ForeignConnection::ForeignConnection(const std::string& path) {
  if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) {
    throw std::runtime_error{"cannot open " + path};
  }
}

ForeignConnection::~ForeignConnection() { sqlite3_close(handle_); }

std::string ForeignConnection::run(const std::string& sql) {
  char* error = nullptr;
  sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &error);
  const std::string text = error != nullptr ? error : "";
  sqlite3_free(error);
  return text;
}

std::string ForeignConnection::value(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  std::string text = "no row";
  if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    const auto* found = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    text = found != nullptr ? found : "null";
  }
  sqlite3_finalize(statement);
  return text;
}

}  // namespace test
