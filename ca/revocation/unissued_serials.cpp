#include "ca/revocation/unissued_serials.hpp"

#include <algorithm>

#include "ca/base/hex.hpp"

namespace ca {
namespace {

// RFC 5280, 4.1.2.2; what is longer is nobody's serial and fills no log.
constexpr std::size_t kMaxOctets = 20;

std::string shown(ByteView serial) {
  const std::string text = to_hex(serial.first(std::min(serial.size(), kMaxOctets)));
  return serial.size() > kMaxOctets ? text + "..." : text;
}

}  // namespace

void UnissuedSerials::note(ByteView serial, const std::string& sender) {
  const std::string text = shown(serial);
  const std::lock_guard lock{mutex_};
  ++total_;
  if (const auto found = seen_.find(text); found != seen_.end()) {
    ++found->second.questions;
  } else if (has_place(sender)) {
    seen_.emplace(text, Seen{1, sender});
  } else {
    ++others_;
  }
}

bool UnissuedSerials::has_place(const std::string& sender) const {
  const auto of_sender =
      std::count_if(seen_.begin(), seen_.end(), [&](const auto& row) { return row.second.sender == sender; });
  return static_cast<std::size_t>(of_sender) < kMaxSerials - seen_.size();
}

std::optional<std::string> UnissuedSerials::tell(TimePoint now, std::chrono::seconds interval) {
  const std::lock_guard lock{mutex_};
  const bool early = told_at_ && now >= *told_at_ && now - *told_at_ < interval;
  if (seen_.empty() || early) {
    return std::nullopt;
  }
  std::string text;
  for (const auto& [serial, seen] : seen_) {
    text += text.empty() ? "" : ", ";
    text += serial + " (" + std::to_string(seen.questions) + " asked, first by " + seen.sender + ")";
  }
  if (others_ != 0) {
    text += ", and " + std::to_string(others_) + " questions about others";
  }
  seen_.clear();
  others_ = 0;
  told_at_ = now;
  return text;
}

std::uint64_t UnissuedSerials::total() const {
  const std::lock_guard lock{mutex_};
  return total_;
}

}  // namespace ca
