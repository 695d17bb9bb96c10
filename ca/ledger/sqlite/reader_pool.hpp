#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ca/ledger/sqlite/statement.hpp"

namespace ca::sqlite {

// A fixed number of read connections, each lent to one thread at a time.
class ReaderPool {
 public:
  // Throws StoreFault.
  ReaderPool(const std::string& path, std::size_t size);

  // Runs read(Session&) on a free connection. Throws Code::unavailable when none becomes free in time, or
  // when the store cannot be read; the connection is then opened anew for its next user.
  template <class Read>
  auto run(const Read& read) {
    Lease lease{*this};
    try {
      return read(lease.session());
    } catch (const StoreFault& fault) {
      lease.discard();
      refuse(fault);
    }
  }

 private:
  class Lease {
   public:
    explicit Lease(ReaderPool& pool) : pool_{pool}, session_{pool.take()} {}
    ~Lease() { pool_.give_back(std::move(session_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    [[nodiscard]] Session& session();
    void discard() { session_.reset(); }

   private:
    ReaderPool& pool_;
    std::unique_ptr<Session> session_;  // none: opened at first use
  };
  [[nodiscard]] std::unique_ptr<Session> take();
  void give_back(std::unique_ptr<Session> session) noexcept;
  [[noreturn]] static void refuse(const StoreFault& fault);

  const std::string path_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Session>> free_;
};

}  // namespace ca::sqlite
