#include "ca/revocation/ocsp_cache.hpp"

#include <algorithm>
#include <cstring>

namespace ca {

// Only serials that we gave are kept, and those are random.
std::size_t OcspCache::Hash::operator()(const SerialNumber& serial) const {
  std::size_t value = 0;
  const ByteView bytes = serial.bytes();
  std::memcpy(&value, bytes.data() + bytes.size() - sizeof value, sizeof value);
  return value;
}

OcspCache::OcspCache(std::size_t max_answers)
    : max_in_shard_{std::max<std::size_t>(max_answers / kShards, 1)} {}

OcspCache::Shard& OcspCache::shard(const SerialNumber& serial) {
  return shards_.at(serial.bytes()[1] % kShards);
}

OcspCache::Kept* OcspCache::look(Shard& shard, const SerialNumber& serial, ByteView cert_id_der) {
  const auto row = shard.rows.find(serial);
  if (row == shard.rows.end()) {
    return nullptr;
  }
  for (Kept& kept : row->second.answers) {
    if (std::ranges::equal(kept.cert_id_der, cert_id_der)) {
      shard.recent.splice(shard.recent.begin(), shard.recent, row->second.place);
      return &kept;
    }
  }
  return nullptr;
}

SharedOcspAnswer OcspCache::find(const SerialNumber& serial, ByteView cert_id_der, Seconds now,
                                 Refresh refresh) {
  Shard& in = shard(serial);
  const std::lock_guard lock{in.mutex};
  Kept* kept = look(in, serial, cert_id_der);
  if (kept == nullptr) {
    return nullptr;
  }
  const auto& [this_update, next_update, etag] = *kept->answer->freshness;
  if (now >= next_update || now < this_update) {  // made before the clock was set back
    return nullptr;
  }
  const Seconds half = this_update + (next_update - this_update) / 2;
  if (now >= half && now - kept->refreshing_since >= kRefreshPatience) {
    if (refresh == Refresh::undertaken_when_due) {
      kept->refreshing_since = now;
    }
    return nullptr;
  }
  return kept->answer;
}

SharedOcspAnswer OcspCache::find_any(const SerialNumber& serial, ByteView cert_id_der, Seconds now) {
  Shard& in = shard(serial);
  const std::lock_guard lock{in.mutex};
  const Kept* kept = look(in, serial, cert_id_der);
  return kept != nullptr && now >= kept->answer->freshness->this_update &&
                 now < kept->answer->freshness->next_update
             ? kept->answer
             : nullptr;
}

OcspCache::Watch::Watch(OcspCache& cache, const SerialNumber& serial) : cache_{cache}, serial_{serial} {
  Shard& in = cache_.shard(serial_);
  const std::lock_guard lock{in.mutex};
  in.watches.push_back(this);
}

OcspCache::Watch::~Watch() {
  Shard& in = cache_.shard(serial_);
  const std::lock_guard lock{in.mutex};
  std::erase(in.watches, this);
}

bool OcspCache::Watch::disturbed() const {
  const std::lock_guard lock{cache_.shard(serial_).mutex};
  return disturbed_;
}

bool OcspCache::keep(const Watch& watch, ByteView cert_id_der, SharedOcspAnswer answer) {
  Shard& in = shard(watch.serial_);
  const std::lock_guard lock{in.mutex};
  if (watch.disturbed_) {
    return false;
  }
  if (std::find(in.distrusted.begin(), in.distrusted.end(), watch.serial_) != in.distrusted.end()) {
    return true;  // given once, not again
  }
  if (Kept* kept = look(in, watch.serial_, cert_id_der)) {
    *kept = {std::move(kept->cert_id_der), std::move(answer), {}};
    return true;
  }
  while (in.answers >= max_in_shard_ && !in.recent.empty()) {
    const SerialNumber oldest = in.recent.back();
    drop(in, oldest);
  }
  const auto [row, is_new] = in.rows.try_emplace(watch.serial_);
  if (is_new) {
    row->second.place = in.recent.insert(in.recent.begin(), watch.serial_);
  }
  row->second.answers.push_back({Bytes(cert_id_der.begin(), cert_id_der.end()), std::move(answer), {}});
  ++in.answers;
  return true;
}

void OcspCache::drop(Shard& shard, const SerialNumber& serial) {
  const auto row = shard.rows.find(serial);
  if (row != shard.rows.end()) {
    shard.answers -= row->second.answers.size();
    shard.recent.erase(row->second.place);
    shard.rows.erase(row);
  }
}

void OcspCache::forget(const SerialNumber& serial) {
  Shard& in = shard(serial);
  const std::lock_guard lock{in.mutex};
  forget(in, serial);
}

void OcspCache::distrust(const SerialNumber& serial) {
  Shard& in = shard(serial);
  const std::lock_guard lock{in.mutex};
  in.distrusted.push_back(serial);
  forget(in, serial);
}

void OcspCache::trust(const SerialNumber& serial) {
  Shard& in = shard(serial);
  const std::lock_guard lock{in.mutex};
  if (const auto found = std::find(in.distrusted.begin(), in.distrusted.end(), serial);
      found != in.distrusted.end()) {
    in.distrusted.erase(found);
  }
  forget(in, serial);
}

void OcspCache::forget(Shard& in, const SerialNumber& serial) {
  drop(in, serial);
  for (Watch* watch : in.watches) {
    watch->disturbed_ = watch->disturbed_ || watch->serial_ == serial;
  }
}

std::size_t OcspCache::size() const {
  std::size_t answers = 0;
  for (const Shard& in : shards_) {
    const std::lock_guard lock{in.mutex};
    answers += in.answers;
  }
  return answers;
}

}  // namespace ca
