#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ca/base/bytes.hpp"
#include "ca/ledger/sqlite/connection.hpp"

namespace ca::sqlite {

// One run of a statement. At its end the statement is ready for the next.
class Execution {
 public:
  Execution(Connection& connection, sqlite3_stmt* statement)
      : connection_{connection}, statement_{statement} {}
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;
  ~Execution() { close(); }

  // Moves to the next row; false after the last. Throws StoreFault.
  [[nodiscard]] bool next();
  // For statements without rows: how many rows changed. Throws StoreFault.
  int run();
  void close();

  // Columns of the current row, from 0.
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes blob(int column) const;
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;

 private:
  Connection& connection_;
  sqlite3_stmt* statement_;
};

// A prepared statement of one connection.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);

  // Binds ?1, ?2, ... (the values are copied) and starts a run.
  template <class... Values>
  [[nodiscard]] Execution with(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return Execution{connection_, statement_.get()};
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, ByteView value);
  void bind(int index, const Bytes& value) { bind(index, ByteView{value}); }
  void bind(int index, const std::string& value) { bind(index, std::string_view{value}); }
  void bind(int index, std::nullopt_t);
  template <class Value>
  void bind(int index, const std::optional<Value>& value) {
    value ? bind(index, *value) : bind(index, std::nullopt);
  }
  void check(int code) const;

  Connection& connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A connection with its prepared statements; each text is prepared once.
class Session {
 public:
  Session(const std::string& path, Connection::Use use) : connection_{path, use} {}

  Session(const Session&) = delete;  // its statements point to its connection
  Session& operator=(const Session&) = delete;

  // `sql` must be a literal: it is kept by reference.
  [[nodiscard]] Statement& statement(std::string_view sql);
  template <class... Values>
  [[nodiscard]] Execution query(std::string_view sql, const Values&... values) {
    return statement(sql).with(values...);
  }
  template <class... Values>
  int run(std::string_view sql, const Values&... values) {
    return statement(sql).with(values...).run();
  }
  [[nodiscard]] Connection& connection() { return connection_; }

 private:
  Connection connection_;
  std::map<std::string_view, Statement> statements_;
};

}  // namespace ca::sqlite
