#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ca/authority/authority_service.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "ca/signer/pkcs11_signer.hpp"
#include "daemon/http/worker_pool.hpp"
#include "daemon/net/server.hpp"
#include "daemon/ops/health.hpp"
#include "daemon/ops/log.hpp"
#include "daemon/ops/metrics.hpp"
#include "pkcs11/token.hpp"

// What the outside may know about the running parts: copies of their own figures, nothing computed here.
namespace wiring {

using NamedTokens = std::vector<std::pair<std::string, pkcs11::Token*>>;

// Turns totals that others count into Prometheus counters, which only grow. Thread-safe.
class Totals {
 public:
  explicit Totals(ops::Metrics& metrics) : metrics_{metrics} {}
  void report(const std::string& name, const std::string& help, std::uint64_t total,
              const ops::Metrics::Labels& labels = {});

 private:
  ops::Metrics& metrics_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> reported_;
};

void observe_store(ops::Metrics& metrics, Totals& totals, ca::SqliteStore& store);
void observe_authorities(ops::Metrics& metrics, Totals& totals, const ca::AuthorityService& authorities,
                         ca::Inventory& inventory);
void observe_crls(ops::Metrics& metrics, const ca::AuthorityService& authorities);
void observe_unlisted(ops::Metrics& metrics, const ca::AuthorityService& authorities);
void observe_ocsp(ops::Metrics& metrics, Totals& totals, const ca::AuthorityService& authorities);
void observe_tokens(ops::Metrics& metrics, Totals& totals, const NamedTokens& tokens);
void observe_signatures(Totals& totals, const ca::Pkcs11Signer& signer);
void observe_pools(ops::Metrics& metrics, Totals& totals, const std::vector<const http::WorkerPool*>& pools);
void observe_listener(ops::Metrics& metrics, Totals& totals, const std::string& listener,
                      const net::Counters& counters);

// One line of the access log and the request metrics. The one place where a 5xx is logged: level error for
// 500, warning for the others, with its cause.
void record_access(const ops::Log& log, ops::Metrics& metrics, const net::Access& access);

// One line for each transition of a token: up (info), down (warning), sealed (error).
void record_transition(const ops::Log& log, const std::string& token,
                       const pkcs11::TokenTransition& transition);

// Readiness: can this daemon do what it is there for?
[[nodiscard]] ops::Check ledger_check(const ca::StoreStatus& store);
[[nodiscard]] ops::Check token_check(const std::string& name, const pkcs11::Token& token);
// "signing", which decides: at least one authority could issue now (its status and validity, its key, its
// token), or none is in service yet and the token for new keys is up. And each authority that cannot, with
// the reason; a bad key or an absent token stops its own only (I14). `tokens` are token_check()s.
[[nodiscard]] std::vector<ops::Check> signing_checks(const ca::AuthorityService::Status& status,
                                                     const std::vector<ops::Check>& tokens,
                                                     const std::string& key_token);
// The authorities whose OCSP answers cannot be signed now, with the reason. None of them decides.
[[nodiscard]] std::vector<ops::Check> ocsp_checks(const ca::OcspResponder::Status& status);

}  // namespace wiring
