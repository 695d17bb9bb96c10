#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace test {

// A layer between SQLite and the disk, in force for every connection that is opened during its life. It
// counts the calls that change the files of the store (write, sync, truncate), makes chosen ones fail, and
// remembers what a power cut would leave: what was written is durable only when its file was synced.
//
// It must outlive the connections. Thread-safe; one at a time.
class FaultVfs {
 public:
  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  struct Fault {
    std::uint64_t first = 1;        // of the counted calls from now, the first that fails
    std::uint64_t calls = 1;        // how many fail from there on
    int code = SQLITE_IOERR_WRITE;  // what they return
    bool takes_effect = false;      // they fail before (false) or after (true) the disk has done it
  };
  void arm(const Fault& fault);
  void disarm();
  // Counted calls since arm(), disarm() or the beginning.
  [[nodiscard]] std::uint64_t calls() const;
  // The name of the k-th of them, for messages: "write ledger.sqlite-wal".
  [[nodiscard]] std::string name_of_call(std::uint64_t k) const;

  // Runs just before the k-th counted call from now, on the thread that makes it.
  void before_call(std::uint64_t k, std::function<void()> run);

  // Writes the files of the store as they would be found into `folder`:
  enum class After {
    process_killed,  // everything written, the page cache survives
    power_cut,       // what was synced, and nothing else
    torn_power_cut,  // what was synced, and of the rest what `random` leaves, in pieces of a sector
  };
  void write_remains(const std::string& folder, After after, std::mt19937& random) const;

 private:
  friend struct FaultFile;
  struct Change {
    bool truncate;
    std::size_t offset;
    std::string bytes;
  };
  struct Content {
    bool ever_synced = false;
    std::string durable;
    std::vector<Change> unsynced;
  };
  // The code to return instead, or SQLITE_OK. `effect` says whether the call is to be made all the same.
  int enter(const std::string& what, const std::string& path, bool& effect);
  void wrote(const std::string& path, Change change);
  void synced(const std::string& path);
  void removed(const std::string& path);
  static void apply(std::string& content, const Change& change);

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};

  mutable std::mutex mutex_;
  Fault fault_{.first = 0, .calls = 0};
  std::uint64_t calls_ = 0;
  std::vector<std::string> names_;
  std::uint64_t hook_at_ = 0;
  std::function<void()> hook_;
  std::map<std::string, Content> contents_;
};

}  // namespace test
