#include "ca/revocation/published_crls.hpp"

#include <algorithm>
#include <mutex>

namespace ca {

void PublishedCrls::put(PublishedCrl crl) {
  const std::unique_lock lock{mutex_};
  auto& slot = by_name_[crl.name];
  if (!slot || slot->number < crl.number) {
    crl.modified = to_seconds(clock_.now()) + std::chrono::seconds{1};
    if (slot) {
      crl.modified = std::max(crl.modified, slot->modified + std::chrono::seconds{1});
    }
    slot = std::make_shared<const PublishedCrl>(std::move(crl));
  }
}

std::shared_ptr<const PublishedCrl> PublishedCrls::find(const std::string& name) const {
  const std::shared_lock lock{mutex_};
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const PublishedCrl>> PublishedCrls::all() const {
  const std::shared_lock lock{mutex_};
  std::vector<std::shared_ptr<const PublishedCrl>> all;
  all.reserve(by_name_.size());
  for (const auto& [name, crl] : by_name_) {
    all.push_back(crl);
  }
  return all;
}

}  // namespace ca
