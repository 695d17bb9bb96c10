#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "daemon/http/router.hpp"

namespace status {

// Roots in PEM by the name of their bundle, replaced as a whole. Thread-safe.
class TrustBundles {
 public:
  using ByName = std::map<std::string, std::string>;
  explicit TrustBundles(ByName bundles) { replace(std::move(bundles)); }
  // Holds for every request that starts after the return.
  void replace(ByName bundles);
  [[nodiscard]] std::shared_ptr<const ByName> current() const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const ByName> bundles_;
};

// GET /trust/<name>.pem: the roots that relying parties of that name trust, the next one before it is used.
// A strong ETag, 304 for who holds it. The bundles must outlive the router. Never throws.
void add_trust_routes(http::Router& router, const TrustBundles& bundles);

}  // namespace status
