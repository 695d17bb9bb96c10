#include "ca/ledger/sqlite/statement.hpp"

namespace ca::sqlite {

bool Execution::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code != SQLITE_DONE) {
    connection_.fail(code, std::string{sqlite3_sql(statement_)}.substr(0, 60));
  }
  return false;
}

int Execution::run() {
  while (next()) {
  }
  const int changed = connection_.changes();
  close();
  return changed;
}

void Execution::close() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::string Execution::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return size == 0 ? std::string{} : std::string{reinterpret_cast<const char*>(bytes), size};
}

Bytes Execution::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return size == 0 ? Bytes{} : Bytes(bytes, bytes + size);
}

std::optional<std::int64_t> Execution::maybe_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional{integer(column)};
}

Statement::Statement(Connection& connection, std::string_view sql) : connection_{connection} {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(connection.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  statement_.reset(prepared);
  if (code != SQLITE_OK) {
    connection.fail(code, std::string{sql}.substr(0, 60));
  }
}

void Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), index, value));
}

void Statement::bind(int index, std::string_view value) {
  // A null pointer would bind NULL, and an empty text is not NULL.
  const char* text = value.empty() ? "" : value.data();
  check(sqlite3_bind_text64(statement_.get(), index, text, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int index, ByteView value) {
  check(value.empty()
            ? sqlite3_bind_zeroblob(statement_.get(), index, 0)
            : sqlite3_bind_blob64(statement_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT));
}

void Statement::bind(int index, std::nullopt_t) { check(sqlite3_bind_null(statement_.get(), index)); }

void Statement::check(int code) const {
  if (code != SQLITE_OK) {
    connection_.fail(code, "bind");
  }
}

Statement& Session::statement(std::string_view sql) {
  const auto found = statements_.find(sql);
  return found != statements_.end() ? found->second
                                    : statements_.try_emplace(sql, connection_, sql).first->second;
}

}  // namespace ca::sqlite
