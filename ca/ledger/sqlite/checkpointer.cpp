#include "ca/ledger/sqlite/checkpointer.hpp"

#include <algorithm>

namespace ca::sqlite {
namespace {

constexpr std::uint64_t kFrameBytes = 4096 + 24;
constexpr std::uint64_t kFramesBetween = 4000;
constexpr int kTruncatePatienceMs = 250;  // commits wait meanwhile
constexpr int kPatienceMs = 5000;
constexpr std::chrono::seconds kTruncatePause{10};  // after one that readers prevented

std::uint64_t frames_in(std::uint64_t bytes) { return std::max<std::uint64_t>(bytes / kFrameBytes, 1); }

}  // namespace

Checkpointer::Checkpointer(std::uint64_t wal_limit_bytes)
    : limit_frames_{frames_in(wal_limit_bytes)}, next_attempt_{std::min(kFramesBetween, limit_frames_)} {}

void Checkpointer::after_commit(Connection& connection) {
  frames_ += connection.take_written_pages();
  if (frames_ < next_attempt_) {
    return;
  }
  ++attempts_;
  const std::uint64_t between = std::min(kFramesBetween, limit_frames_);
  next_attempt_ = frames_ + between;  // should it throw
  const auto [frames, moved] = connection.checkpoint_passive();
  frames_ = frames - std::min(frames, moved);
  if (frames > limit_frames_ && std::chrono::steady_clock::now() >= next_truncate_) {
    truncate(connection);
  }
  next_attempt_ = frames_ + between;
}

void Checkpointer::truncate(Connection& connection) {
  connection.set_patience_ms(kTruncatePatienceMs);
  const bool emptied = connection.checkpoint_truncate();
  connection.set_patience_ms(kPatienceMs);
  if (emptied) {
    frames_ = 0;
  } else {
    next_truncate_ = std::chrono::steady_clock::now() + kTruncatePause;
  }
}

}  // namespace ca::sqlite
