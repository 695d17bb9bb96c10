#include "ca/ledger/sqlite/connection.hpp"

#include "ca/ledger/sqlite/statement.hpp"

namespace ca::sqlite {
namespace {

constexpr int kPatienceMs = 5000;  // for the lock of a foreign program, such as a backup, on the file

int open_flags(Connection::Use use) {
  // Each connection belongs to one thread at a time: SQLite need not lock it.
  const int shared = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (use == Connection::Use::still) {
    return SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  }
  return use == Connection::Use::create ? shared | SQLITE_OPEN_CREATE : shared;
}

// A file may have any name; in a URI these three mean something.
std::string opened_name(const std::string& path, Connection::Use use) {
  if (use != Connection::Use::still) {
    return path;
  }
  std::string name = "file:";
  for (const char c : path) {
    name += c == '%' ? "%25" : c == '?' ? "%3f" : c == '#' ? "%23" : std::string{c};
  }
  return name + "?immutable=1";
}

}  // namespace

bool StoreFault::about_the_values() const {
  const int primary = code();
  return primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG || primary == SQLITE_MISMATCH;
}

Connection::Connection(const std::string& path, Use use) : path_{path} {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(opened_name(path, use).c_str(), &opened, open_flags(use), nullptr);
  handle_.reset(opened);
  if (code != SQLITE_OK) {
    fail(code, "open");
  }
  configure(use);
}

void Connection::configure(Use use) {
  set_patience_ms(kPatienceMs);
  sqlite3_wal_autocheckpoint(handle(), 0);  // the writer decides when
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // A savepoint's undo journal stays in memory: no temporary files.
  execute("PRAGMA temp_store = MEMORY");
  if (use == Use::fill) {
    execute("PRAGMA journal_mode = OFF");
    execute("PRAGMA synchronous = OFF");
    return;
  }
  if (use != Use::still) {
    use_wal();
  }
  if (use == Use::read || use == Use::still) {
    execute("PRAGMA cache_size = -8192");
    execute("PRAGMA query_only = ON");
  } else {
    execute("PRAGMA cache_size = -32768");
  }
}

void Connection::use_wal() {
  Statement journal{*this, "PRAGMA journal_mode = WAL"};
  auto mode = journal.with();
  if (!mode.next() || mode.text(0) != "wal") {
    throw StoreFault{SQLITE_CANTOPEN, path_ + ": the file system does not allow write-ahead logging"};
  }
  mode.close();
  execute("PRAGMA synchronous = FULL");
  execute("PRAGMA foreign_keys = ON");
}

void Connection::execute(const char* sql) {
  const int code = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    fail(code, std::string{sql}.substr(0, 60));
  }
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

int Connection::changes() const { return sqlite3_changes(handle()); }

void Connection::fail(int code, const std::string& doing) const {
  std::string text = path_ + ": " + doing + ": ";
  text += handle_ ? sqlite3_errmsg(handle()) : sqlite3_errstr(code);
  const int system_error = handle_ ? sqlite3_system_errno(handle()) : 0;
  if ((code & 0xFF) == SQLITE_CANTOPEN || (code & 0xFF) == SQLITE_IOERR) {
    text += " (code " + std::to_string(code) + ", errno " + std::to_string(system_error) + ")";
  }
  throw StoreFault{code, text};
}

std::uint64_t Connection::take_written_pages() {
  int current = 0;
  int highest = 0;
  sqlite3_db_status(handle(), SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 1);
  return static_cast<std::uint64_t>(current);
}

Connection::Checkpoint Connection::checkpoint_passive() {
  int frames = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames, &moved);
  if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY) {
    fail(code, "checkpoint");
  }
  return {static_cast<std::uint64_t>(std::max(frames, 0)), static_cast<std::uint64_t>(std::max(moved, 0))};
}

bool Connection::checkpoint_truncate() {
  const int code = sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY) {
    fail(code, "checkpoint");
  }
  return code == SQLITE_OK;
}

void Connection::set_patience_ms(int wait_ms) { sqlite3_busy_timeout(handle(), wait_ms); }

}  // namespace ca::sqlite
