// CRLs in buckets: the last one of each series stands there, and never a smaller number after a larger one.
#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/key_name.hpp"
#include "ca/x509/crl.hpp"

namespace ca {
namespace {

constexpr const char* kMediaType = "application/pkix-crl";
constexpr std::chrono::hours kLookAgain{1};  // whether what was put into a bucket is still there

std::string about_publication(const std::string& bucket, const std::string& key) {
  return "publication of " + key + " in " + bucket;
}

// Of what stands in a bucket; 0 when this key of the authority has not signed it: whoever may write there
// must not be able to keep its CRLs away by a large number.
std::uint64_t number_of(const Bytes& der, const Authority& authority) {
  try {
    const auto list = CertificateList::parse(der);
    const bool ours = list.issuer == authority.identity.subject && authority.key &&
                      list.is_signed_by(authority.key->public_key);
    return ours ? list.number.value_or(0) : 0;
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

// Buckets that failed in the last turn come last, and each fails once in a turn: one that does not answer
// costs the others its time-out once and not for each series.
Loop::Turn AuthorityService::State::publish_crls() {
  std::set<std::string> failing;
  for (const bool troubled : {false, true}) {
    for (const auto& crl : published_crls.all()) {
      const auto authority = catalog.find(crl->authority);
      if (!authority) {
        continue;
      }
      for (const CrlTarget& target : standing_of(*crl).targets) {
        if (publish_loop->is_stopping()) {
          return Loop::Turn::idle;
        }
        const Authority* issuer = authority->under(crl->key_number);
        if (issuer != nullptr && troubled_buckets.contains(target.bucket) == troubled &&
            !failing.contains(target.bucket) && !try_to_publish(*issuer, target, *crl)) {
          failing.insert(target.bucket);
        }
      }
    }
  }
  troubled_buckets = std::move(failing);
  return troubled_buckets.empty() ? Loop::Turn::idle : Loop::Turn::stuck;
}

AuthorityService::State::SeriesStanding AuthorityService::State::standing_of(const PublishedCrl& crl) const {
  const std::lock_guard lock{mutex};
  const auto series = series_standings.find(KeyName{crl.authority.id, crl.key_number}.text());
  if (series == series_standings.end()) {
    return {};
  }
  const auto found = series->second.find(crl.name);
  return found == series->second.end() ? SeriesStanding{} : found->second;
}

bool AuthorityService::State::try_to_publish(const Authority& authority, const CrlTarget& target,
                                             const PublishedCrl& crl) {
  const auto& [name, key] = target;
  const std::string about = about_publication(name, key);
  try {
    Bucket* bucket = find_bucket(options.buckets, name);
    if (bucket == nullptr) {
      throw Error{Code::resource_not_found,
                  "certificates name it, but it is not in the configuration any more"};
    }
    publish_crl(*bucket, key, crl, authority);
    well(about);
    return true;
  } catch (const std::exception& error) {
    say(about, "CRL " + key + " of " + crl.authority.text() + " is not in the bucket " + name +
                   ", it is tried again; what stands there ends at " + rfc3339(crl.next_update) +
                   " or before: " + error.what());
    // A conflict is about this key alone.
    const auto* refused = dynamic_cast<const Error*>(&error);
    return refused != nullptr && refused->code() == Code::conflict;
  }
}

void AuthorityService::State::publish_crl(Bucket& target, const std::string& key, const PublishedCrl& crl,
                                          const Authority& authority) {
  const CrlTarget place{target.name(), key};
  {
    const std::lock_guard lock{mutex};
    const auto known = publications.find(place);
    const TimePoint now = clock.now();
    if (known != publications.end() && known->second.number >= crl.number && now >= known->second.at &&
        now - known->second.at < kLookAgain) {
      return;
    }
  }
  const auto note = [&](std::uint64_t number) {
    const std::lock_guard lock{mutex};
    publications[place] = {number, clock.now()};
  };
  // Another daemon, or this one before its ledger was restored, may have been here.
  const auto there = target.get(key, CertificateList::kMaxDerBytes);
  const std::uint64_t found = there ? number_of(*there, authority) : 0;
  if (found > crl.number) {
    {
      // Once: a restored ledger gets ahead of what was published before, and two daemons with one key and one
      // bucket do not chase each other.
      const std::lock_guard lock{mutex};
      if (numbers_in_buckets.try_emplace(crl.name, found).second) {
        crl_loop->wake();
      }
    }
    throw Error{Code::conflict,
                "a CRL with the larger number " + std::to_string(found) +
                    " stands there, which this ledger does not know: the next one gets a larger "
                    "number, once; does another daemon publish with this key?"};
  }
  if (!there || *there != *crl.der) {
    target.put(key, *crl.der, kMediaType);
    const auto back = target.get(key, CertificateList::kMaxDerBytes);
    if (!back || *back != *crl.der) {
      throw Error{Code::unavailable, "what was put there does not read back"};
    }
  }
  note(crl.number);
}

std::vector<AuthorityService::CrlStatus> AuthorityService::crl_status() const {
  const State& state = *state_;
  std::vector<CrlStatus> all;
  for (const auto& crl : state.published_crls.all()) {
    const auto standing = state.standing_of(*crl);
    if (!standing.lives) {
      continue;
    }
    CrlStatus status{.authority = crl->authority.text(),
                     .name = crl->name,
                     .number = crl->number,
                     .issued_at = crl->issued_at,
                     .next_update = crl->next_update,
                     .bytes = crl->der->size()};
    const std::lock_guard lock{state.mutex};
    for (const CrlTarget& target : standing.targets) {
      const auto known = state.publications.find(target);
      const std::uint64_t number = known == state.publications.end() ? 0 : known->second.number;
      status.places.push_back({target.bucket, target.key, number});
    }
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace ca
