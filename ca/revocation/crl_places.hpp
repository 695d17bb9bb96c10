#pragma once
#include <set>
#include <string>

#include "ca/inventory/records.hpp"
#include "ca/policy/revocation_configuration.hpp"

namespace ca {

// A place in a bucket at which the last CRL of a series has to stand.
struct CrlTarget {
  std::string bucket;  // configured name
  std::string key;
  friend auto operator<=>(const CrlTarget&, const CrlTarget&) = default;
};

// All of a series at `now`: each place that certificates were given, until one CRL that was due by time came
// after the end of the last of these; the keys of these in the bucket of the configuration as it is, which
// may have taken another one's place behind the same URL; and where the complete CRL is configured to stand.
// None for a series that has ended and whose last CRL is over. Pure.
[[nodiscard]] std::set<CrlTarget> crl_targets(const CrlRecord& crl, const CrlConfiguration& configuration,
                                              TimePoint now);

// Where a CRL stands in a bucket and behind a URL: "crl/<name>.crl", or in the CustomPath.
[[nodiscard]] std::string crl_key(const CrlConfiguration& configuration, const std::string& name);

}  // namespace ca
