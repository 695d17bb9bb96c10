#pragma once
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "ca/inventory/records.hpp"

namespace ca {

// A signed CRL as relying parties get it. Immutable, shared by threads.
struct PublishedCrl {
  AuthorityArn authority;
  std::string name;              // of its series
  std::uint64_t key_number = 1;  // of the authority's key that signed it
  std::uint64_t number = 0;
  TimePoint issued_at{};
  Seconds next_update{};
  Sha256 sha256{};
  std::shared_ptr<const Bytes> der;
  // Set by PublishedCrls: a second after it was put, which no other CRL of the series has in this process,
  // however fast they follow each other and whatever the clock does.
  Seconds modified{};
};

// The last CRL of each series, in memory. Thread-safe.
class PublishedCrls {
 public:
  explicit PublishedCrls(const Clock& clock) : clock_{clock} {}
  // Takes the place of one with a smaller number, never of another (I8).
  void put(PublishedCrl crl);
  // nullptr when absent.
  [[nodiscard]] std::shared_ptr<const PublishedCrl> find(const std::string& name) const;
  [[nodiscard]] std::vector<std::shared_ptr<const PublishedCrl>> all() const;

 private:
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<const PublishedCrl>> by_name_;
};

}  // namespace ca
