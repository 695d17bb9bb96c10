#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ca/x509/certificate.hpp"
#include "daemon/cli/offline_authority.hpp"

namespace cli {

inline constexpr std::size_t kRootPathLength = 2;  // three tiers: 2, 1, 0

// What a root is to be. Its key signs certificates and lists, nothing else.
struct RootPlan {
  ca::DistinguishedName subject;
  ca::KeyAlgorithm key_algorithm = ca::KeyAlgorithm::ec_p384;
  ca::SigningAlgorithm signing_algorithm = ca::SigningAlgorithm::sha384_with_ecdsa;
  int days = 0;
  std::optional<std::size_t> path_length = kRootPathLength;  // nullopt: no limit
  std::vector<ca::Extension> constraints;                    // nameConstraints, or nothing
};

struct OfflineRoot {
  ca::AuthorityRecord record;
  std::string certificate_pem;
  bool was_there = false;  // nothing was signed
};

// The folder's root: made now, taken up where an interruption stopped, or there already. One key, one serial,
// whatever interrupts the steps. Throws Failure when the folder has another root than is asked for.
[[nodiscard]] OfflineRoot make_root(OfflineAuthority& offline, const RootPlan& plan,
                                    const std::string& folder);
// Throws Failure for a folder without a root that can sign.
[[nodiscard]] ca::AuthorityRecord active_root(OfflineAuthority& offline, const std::string& folder);

}  // namespace cli
