#pragma once
#include <mutex>
#include <optional>
#include <typeindex>

#include "ca/base/error.hpp"
#include "ca/ledger/ledger.hpp"

namespace test {

// A ledger whose next change of a chosen kind is answered with Code::unavailable, before or after it was
// written: the second is what a caller sees of a commit whose answer was lost.
class FaultyLedger final : public ca::Ledger {
 public:
  enum class Fault { before, after };

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
    if (*fault == Fault::after) {
      (void)store_->commit(std::move(entry)).get();
    }
    std::promise<ca::CommitResult> promise;
    promise.set_exception(std::make_exception_ptr(ca::Error{ca::Code::unavailable, "the ledger is away"}));
    return promise.get_future();
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
};

}  // namespace test
