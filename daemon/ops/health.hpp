#pragma once
#include <functional>
#include <string>
#include <vector>

#include "daemon/http/router.hpp"
#include "daemon/ops/metrics.hpp"

namespace ops {

struct Check {
  std::string name;  // "token:issuing", "ledger", "clock", "tls", "draining"
  bool ok = true;
  std::string detail;  // for a person, no secrets
};

// GET /livez (200 while the process runs), /readyz (200 or 503; JSON list of checks), /metrics, /version.
void add_ops_routes(http::Router& router, std::function<std::vector<Check>()> checks, Metrics& metrics,
                    std::string version);

}  // namespace ops
