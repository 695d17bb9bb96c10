#include "ca/ledger/sqlite/reader_pool.hpp"

#include <chrono>

#include "ca/base/error.hpp"

namespace ca::sqlite {
namespace {

constexpr std::chrono::seconds kPatience{5};  // a read takes far less than a millisecond

}  // namespace

ReaderPool::ReaderPool(const std::string& path, std::size_t size) : path_{path} {
  free_.reserve(std::max<std::size_t>(size, 1));
  for (std::size_t i = 0; i < std::max<std::size_t>(size, 1); ++i) {
    free_.push_back(std::make_unique<Session>(path, Connection::Use::read));
  }
}

Session& ReaderPool::Lease::session() {
  if (!session_) {
    session_ = std::make_unique<Session>(pool_.path_, Connection::Use::read);
  }
  return *session_;
}

std::unique_ptr<Session> ReaderPool::take() {
  std::unique_lock lock{mutex_};
  if (!returned_.wait_for(lock, kPatience, [this] { return !free_.empty(); })) {
    throw Error{Code::unavailable, "the store is too busy to be read: try again later"};
  }
  auto session = std::move(free_.back());
  free_.pop_back();
  return session;
}

void ReaderPool::give_back(std::unique_ptr<Session> session) noexcept {
  {
    const std::lock_guard lock{mutex_};
    free_.push_back(std::move(session));  // never beyond the capacity that it came from
  }
  returned_.notify_one();
}

void ReaderPool::refuse(const StoreFault& fault) {
  throw Error{Code::unavailable,
              std::string{"the store cannot be read now: "} + fault.reason() + ": try again later"};
}

}  // namespace ca::sqlite
