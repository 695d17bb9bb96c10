#pragma once
#include <string>
#include <vector>

#include "config/options.hpp"
#include "daemon/cli/token_arguments.hpp"

namespace cli {

struct Finding {
  std::string check;  // "token issuing: login"
  bool ok = true;
  std::string detail;  // what was found; names the call that failed
  std::string advice;  // what to do; empty when ok
};
using Findings = std::vector<Finding>;

// The steps of pkcs11::diagnose, then each key's attributes and a trial signature. After a failed login no
// second one is tried.
struct TrialKey {
  std::string name;  // in the findings
  pkcs11::Uri uri;
};
[[nodiscard]] Findings check_token(const pkcs11::TokenOptions& token, const std::vector<TrialKey>& keys);

// Whether the ledger can be used; while no daemon holds it, also the keys that it needs: each of an
// authority, and of its OCSP signers, whose certificate has not ended. A missing ledger is made by the
// daemon's first start, not here.
[[nodiscard]] Findings check_ledger(const config::Options& options, std::vector<TrialKey>& keys);

// Certificate and key fit together, the certificate is valid now, nobody else reads the key.
[[nodiscard]] Findings check_tls(const config::TlsOptions& tls);

// A file can be made in each bucket that is a folder.
[[nodiscard]] Findings check_buckets(const config::Options& options);

// The kernel's opinion of its own clock.
[[nodiscard]] Finding check_clock();

}  // namespace cli
