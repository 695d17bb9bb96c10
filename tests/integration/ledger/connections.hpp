#pragma once
#include <sqlite3.h>
#include <string>
#include <vector>

namespace test {

// Sees every connection that is opened during its life, and every statement that walked a whole table on one
// of them. One at a time. Thread-safe.
class ConnectionTap {
 public:
  ConnectionTap();
  ~ConnectionTap();
  ConnectionTap(const ConnectionTap&) = delete;
  ConnectionTap& operator=(const ConnectionTap&) = delete;

  // The first connection: the writer's. To be used while the store is idle.
  [[nodiscard]] sqlite3* first() const;
  [[nodiscard]] std::vector<std::string> scans() const;
};

// A connection of a foreign program to the file of a store.
class ForeignConnection {
 public:
  explicit ForeignConnection(const std::string& path);
  ~ForeignConnection();
  ForeignConnection(const ForeignConnection&) = delete;
  ForeignConnection& operator=(const ForeignConnection&) = delete;

  // Empty, or why SQLite refused.
  std::string run(const std::string& sql);
  // The first column of the first row as text; fails loudly.
  [[nodiscard]] std::string value(const std::string& sql);

 private:
  sqlite3* handle_ = nullptr;
};

}  // namespace test
