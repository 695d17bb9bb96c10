#pragma once
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <string>

namespace ca::sqlite {

// A call of SQLite that failed. The text names the operation and SQLite's reason; it may hold paths: for
// operators.
class StoreFault : public std::runtime_error {
 public:
  StoreFault(int extended_code, const std::string& text)
      : std::runtime_error{text}, extended_code_{extended_code} {}
  [[nodiscard]] int code() const { return extended_code_ & 0xFF; }
  [[nodiscard]] int extended_code() const { return extended_code_; }
  // Whether the values were refused: the entry fails, the transaction around it is sound.
  [[nodiscard]] bool about_the_values() const;
  // SQLite's own words for the code: without paths, fit for clients.
  [[nodiscard]] const char* reason() const { return sqlite3_errstr(extended_code_); }

 private:
  int extended_code_;
};

// One connection to the store's file, used by one thread at a time. Move-only.
class Connection {
 public:
  enum class Use {
    create,  // the file may be absent
    write,
    read,
    fill,   // an empty file of nobody else: no journal, nothing is durable before the caller's fsync
    still,  // a file that nobody changes: only read, no locks, nothing is made beside it
  };

  // For create, write and read: WAL, synchronous=FULL (NORMAL loses acknowledged rows on power cut), foreign
  // keys on, no automatic checkpoint. Throws StoreFault with path and cause.
  Connection(const std::string& path, Use use);

  // Runs statements without results.
  void execute(const char* sql);
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
  [[nodiscard]] int changes() const;
  // Throws StoreFault with `doing` and what the connection says about its last error.
  [[noreturn]] void fail(int code, const std::string& doing) const;

  // Pages that went into the WAL since the last call.
  [[nodiscard]] std::uint64_t take_written_pages();
  struct Checkpoint {
    std::uint64_t frames = 0;  // in the WAL
    std::uint64_t moved = 0;   // of them in the database file
  };
  // Moves what can be moved without waiting for anybody.
  Checkpoint checkpoint_passive();
  // Also empties the WAL file; waits for readers at most the time of `set_patience`. False when they kept it.
  bool checkpoint_truncate();
  void set_patience_ms(int wait_ms);

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  void configure(Use use);
  void use_wal();

  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

}  // namespace ca::sqlite
