#include "ca/revocation/crl_places.hpp"

#include <algorithm>

#include "ca/revocation/crl_schedule.hpp"

namespace ca {
namespace {

// As long as an entry of its last certificate would stay (crl_ends_from).
bool is_needed(const CrlPlace& place, const CrlRecord& crl, TimePoint now) {
  return !crl.issued || place.last_not_after >= to_seconds(std::min(crl.issued->previous_scheduled_at, now));
}

}  // namespace

std::string crl_key(const CrlConfiguration& configuration, const std::string& name) {
  return configuration.custom_path.value_or("crl") + "/" + name + ".crl";
}

std::set<CrlTarget> crl_targets(const CrlRecord& crl, const CrlConfiguration& configuration, TimePoint now) {
  const bool over = crl.issued && crl.issued->next_update < to_seconds(now);
  if (over && !crl_lives(crl, configuration, now)) {
    return {};
  }
  std::set<CrlTarget> targets;
  std::set<std::string> keys;
  if (crl_is_asked_for(crl, configuration)) {
    keys.insert(crl_key(configuration, crl.name));
  }
  for (const CrlPlace& place : crl.places) {
    if (is_needed(place, crl, now)) {
      keys.insert(place.key);
      if (!place.bucket.empty()) {
        targets.insert({place.bucket, place.key});
      }
    }
  }
  if (configuration.enabled && configuration.bucket) {
    for (const std::string& key : keys) {
      targets.insert({*configuration.bucket, key});
    }
  }
  return targets;
}

}  // namespace ca
