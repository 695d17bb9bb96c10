#pragma once
#include <mutex>
#include <optional>
#include <typeindex>

#include "ca/base/error.hpp"
#include "ca/ledger/ledger.hpp"

namespace test {

// A ledger whose next change of a chosen kind is answered with Code::unavailable, before or after it was
// written: the second is what a caller sees of a commit whose answer was lost. Or it is late: written and
// answered when the test releases it.
class FaultyLedger final : public ca::Ledger {
 public:
  enum class Fault { before, after, late };

  void set_store(ca::Ledger* store) { store_ = store; }

  template <class Change>
  void fail_next(Fault fault) {
    const std::lock_guard lock{mutex_};
    armed_ = {typeid(Change), fault};
  }

  [[nodiscard]] std::future<ca::CommitResult> commit(ca::LedgerEntry entry) override {
    const auto fault =
        take(std::visit([](const auto& change) { return std::type_index{typeid(change)}; }, entry.change));
    if (!fault) {
      return store_->commit(std::move(entry));
    }
    if (*fault == Fault::late) {
      const std::lock_guard lock{mutex_};
      late_ = std::move(entry);
      answer_ = {};
      return answer_.get_future();
    }
    if (*fault == Fault::after) {
      (void)store_->commit(std::move(entry)).get();
    }
    std::promise<ca::CommitResult> promise;
    promise.set_exception(std::make_exception_ptr(ca::Error{ca::Code::unavailable, "the ledger is away"}));
    return promise.get_future();
  }

  // Writes and answers what is late.
  void release() {
    std::unique_lock lock{mutex_};
    auto entry = std::move(late_).value();
    lock.unlock();
    answer_.set_value(store_->commit(std::move(entry)).get());
  }

 private:
  std::optional<Fault> take(std::type_index change) {
    const std::lock_guard lock{mutex_};
    if (!armed_ || armed_->first != change) {
      return std::nullopt;
    }
    const Fault fault = armed_->second;
    armed_.reset();
    return fault;
  }

  ca::Ledger* store_ = nullptr;
  std::mutex mutex_;
  std::optional<std::pair<std::type_index, Fault>> armed_;
  std::optional<ca::LedgerEntry> late_;
  std::promise<ca::CommitResult> answer_;
};

}  // namespace test
