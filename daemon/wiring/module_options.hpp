#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ca/authority/authority_service.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "config/options.hpp"
#include "daemon/http/worker_pool.hpp"
#include "daemon/net/server.hpp"
#include "daemon/ops/log.hpp"
#include "pkcs11/token_options.hpp"

// The configuration in the words of the modules. Pure.
namespace wiring {

[[nodiscard]] ca::SqliteStoreOptions store_options(const config::Options& options);
[[nodiscard]] ca::AuthorityServiceOptions authority_options(const config::Options& options);
// Throws ca::Error{Code::invalid_arn} for a profile whose authority is no ARN.
[[nodiscard]] std::vector<ca::ProvisioningProfile> provisioning_profiles(const config::Options& options);
// Throws pkcs11::Error for a URI or PIN source that configuration should have refused.
[[nodiscard]] pkcs11::TokenOptions token_options(const config::TokenOptions& options);
[[nodiscard]] net::Limits net_limits(const config::Options& options);
// By name, in PEM.
[[nodiscard]] std::map<std::string, std::string> trust_bundles(const config::Options& options);
[[nodiscard]] net::ListenerOptions api_listener(const config::Options& options);
[[nodiscard]] net::ListenerOptions status_listener(const config::Options& options);
[[nodiscard]] net::ListenerOptions operations_listener(const config::Options& options);
[[nodiscard]] http::WorkerPoolOptions pool_options(const std::string& name,
                                                   const config::PoolOptions& options);
[[nodiscard]] ops::Level log_level(const config::Options& options);
// Names of the sections that changed and that only a restart can apply.
[[nodiscard]] std::vector<std::string> restart_needed(const config::Options& running,
                                                      const config::Options& wanted);

}  // namespace wiring
