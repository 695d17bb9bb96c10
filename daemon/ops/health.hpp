#pragma once
#include <functional>
#include <string>
#include <vector>

#include "daemon/http/router.hpp"
#include "daemon/ops/metrics.hpp"

namespace ops {

struct Check {
  std::string name;  // "ledger", "signing", "token:issuing"
  bool ok = true;
  std::string detail;   // for a person, no secrets
  bool decides = true;  // false: shown, but no reason to send requests elsewhere
};

// GET /livez (200 while the process runs), /readyz (503 when a check that decides is not ok; JSON list of all
// checks), /metrics, /version.
void add_ops_routes(http::Router& router, std::function<std::vector<Check>()> checks, Metrics& metrics,
                    std::string version);

}  // namespace ops
