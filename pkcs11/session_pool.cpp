#include "pkcs11/session_pool.hpp"

#include <algorithm>
#include <utility>

namespace pkcs11 {

SessionPool::SessionPool(std::shared_ptr<Module> module)
    : module_{std::move(module)}, epoch_{std::make_shared<Epoch>()} {
  epoch_->open = false;
}

std::optional<SessionPool::Lease> SessionPool::acquire(Deadline deadline) {
  std::unique_lock lock{mutex_};
  const auto ready = [this] {
    return refusal_ || (epoch_->open && (!epoch_->idle.empty() || epoch_->total < epoch_->capacity));
  };
  if (!place_.wait_until(lock, deadline, ready)) {
    return std::nullopt;
  }
  if (refusal_) {
    throw Error{*refusal_};
  }
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  if (!epoch_->idle.empty()) {
    handle = epoch_->idle.back();
    epoch_->idle.pop_back();
  } else {
    ++epoch_->total;
  }
  ++epoch_->leased;
  return Lease{this, epoch_, handle};
}

SessionPool::Lease::Lease(SessionPool* pool, std::shared_ptr<Epoch> epoch, CK_SESSION_HANDLE handle)
    : pool_{pool}, epoch_{std::move(epoch)}, handle_{handle} {}

std::uint64_t SessionPool::Lease::epoch() const { return epoch_->start.number; }
const Slot& SessionPool::Lease::token() const { return epoch_->start.token; }

Session SessionPool::Lease::session() {
  if (!use_) {
    use_ = pool_->module_->enter(epoch_->start.module_generation);
    if (!use_) {
      handle_ = CK_INVALID_HANDLE;  // died with its generation of the module
      throw Error{ErrorClass::relogin, "the module was loaded anew"};
    }
  }
  if (handle_ == CK_INVALID_HANDLE) {
    open();
  }
  return {use_->functions(), handle_, epoch_->start.tells_login};
}

// CloudHSM refuses read-only sessions, so all are RW.
void SessionPool::Lease::open() {
  const CK_RV rv = use_->functions()->C_OpenSession(slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                                    nullptr, &handle_);
  if (rv == CKR_OK) {
    return;
  }
  handle_ = CK_INVALID_HANDLE;
  if (rv == CKR_SESSION_COUNT) {
    const std::lock_guard lock{pool_->mutex_};
    // The last resort of a token with one session: the one that holds the login.
    if (epoch_->total == 1 && epoch_->anchor != CK_INVALID_HANDLE) {
      handle_ = std::exchange(epoch_->anchor, CK_INVALID_HANDLE);
      epoch_->capacity = 1;
      return;
    }
    pool_->shrink(*epoch_);
  }
  check(rv, "C_OpenSession");
}

// This lease gives up its place, so one fewer than are counted can be open.
void SessionPool::shrink(Epoch& epoch) {
  epoch.capacity = std::max<std::size_t>(1, std::min(epoch.capacity, epoch.total - 1));
}

SessionPool::Lease::Lease(Lease&& other) noexcept
    : pool_{other.pool_},
      epoch_{std::move(other.epoch_)},
      handle_{other.handle_},
      use_{std::move(other.use_)},
      good_{other.good_} {}

SessionPool::Lease::~Lease() { release(); }

bool SessionPool::Lease::release() {
  if (!epoch_) {
    return false;  // moved from
  }
  std::unique_lock lock{pool_->mutex_};
  if (released_) {
    return false;
  }
  const bool room = !abandoned_ || epoch_->total < epoch_->capacity;
  const bool keep = good_ && handle_ != CK_INVALID_HANDLE && epoch_->open && room;
  if (keep) {
    epoch_->idle.push_back(handle_);
    epoch_->total += abandoned_ ? 1 : 0;
  } else if (handle_ != CK_INVALID_HANDLE) {
    lock.unlock();
    if (use_ || (use_ = pool_->module_->enter(epoch_->start.module_generation))) {
      use_->functions()->C_CloseSession(handle_);  // nothing to do about its failure
    }
    lock.lock();
  }
  // Before the count says that we are out: whoever waits for it wants the module for itself.
  use_.reset();
  released_ = true;
  if (abandoned_) {
    pool_->module_->came_back();
  } else {
    epoch_->total -= keep ? 0 : 1;
    --epoch_->leased;
  }
  pool_->place_.notify_one();
  pool_->drained_.notify_all();
  return abandoned_;
}

bool SessionPool::abandon(Lease& lease) {
  const std::lock_guard lock{mutex_};
  if (lease.released_) {
    return false;
  }
  lease.abandoned_ = true;
  module_->lost();
  --lease.epoch_->total;
  --lease.epoch_->leased;
  place_.notify_one();
  drained_.notify_all();
  return true;
}

void SessionPool::open(const Start& start) {
  auto epoch = std::make_shared<Epoch>();
  epoch->start = start;
  epoch->capacity = start.capacity;
  epoch->anchor = start.anchor;
  const std::lock_guard lock{mutex_};
  epoch_ = std::move(epoch);
  refusal_.reset();
  place_.notify_all();
}

void SessionPool::close(std::uint64_t epoch) {
  const std::lock_guard lock{mutex_};
  if (epoch_->start.number == epoch) {
    epoch_->open = false;
  }
}

bool SessionPool::drain(Deadline deadline) {
  std::unique_lock lock{mutex_};
  return drained_.wait_until(lock, deadline, [this] { return epoch_->leased == 0; });
}

std::vector<CK_SESSION_HANDLE> SessionPool::take_all() {
  const std::lock_guard lock{mutex_};
  auto handles = std::exchange(epoch_->idle, {});
  epoch_->total -= handles.size();
  if (epoch_->anchor != CK_INVALID_HANDLE) {
    handles.push_back(std::exchange(epoch_->anchor, CK_INVALID_HANDLE));
  }
  return handles;
}

void SessionPool::refuse(std::optional<Error> reason) {
  const std::lock_guard lock{mutex_};
  refusal_ = std::move(reason);
  place_.notify_all();
}

void SessionPool::regrow() {
  const std::lock_guard lock{mutex_};
  epoch_->capacity = std::min(epoch_->start.capacity, epoch_->capacity * 2);
  place_.notify_all();
}

SessionCounts SessionPool::counts() const {
  const std::lock_guard lock{mutex_};
  const std::size_t anchor = epoch_->anchor != CK_INVALID_HANDLE ? 1 : 0;
  return {.open = epoch_->total + anchor, .in_use = epoch_->leased};
}

}  // namespace pkcs11
