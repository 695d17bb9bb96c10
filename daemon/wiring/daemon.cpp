#include "daemon/wiring/daemon.hpp"

#include <utility>
#include <vector>

#include "ca/authority/authority_service.hpp"
#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "ca/signer/pkcs11_signer.hpp"
#include "config/problem.hpp"
#include "daemon/acmpca/dispatcher.hpp"
#include "daemon/auth/authenticator.hpp"
#include "daemon/inventory/service.hpp"
#include "daemon/keys/service.hpp"
#include "daemon/net/server.hpp"
#include "daemon/ops/health.hpp"
#include "daemon/ops/metrics.hpp"
#include "daemon/ops/systemd_notify.hpp"
#include "daemon/provisioning/service.hpp"
#include "daemon/status/routes.hpp"
#include "daemon/status/trust_routes.hpp"
#include "daemon/sts/service.hpp"
#include "daemon/wiring/buckets.hpp"
#include "daemon/wiring/key_ring.hpp"
#include "daemon/wiring/module_options.hpp"
#include "daemon/wiring/observation.hpp"

namespace wiring {
namespace {

constexpr std::chrono::milliseconds kSignalWait{1000};
constexpr std::chrono::milliseconds kDrainLook{50};  // between two looks for a second signal

// Owns the tokens; the names are those of the configuration.
std::vector<std::unique_ptr<pkcs11::Token>> open_tokens(const config::Options& options,
                                                        const std::shared_ptr<pkcs11::ModuleSet>& modules,
                                                        const ops::Log& log) {
  std::vector<std::unique_ptr<pkcs11::Token>> tokens;
  for (const config::TokenOptions& token : options.tokens) {
    pkcs11::TokenOptions wanted = token_options(token);
    wanted.on_transition = [&log, name = token.name](const pkcs11::TokenTransition& transition) {
      record_transition(log, name, transition);
    };
    tokens.push_back(std::make_unique<pkcs11::Token>(std::move(wanted), modules));
  }
  return tokens;
}

NamedTokens named(const config::Options& options, const std::vector<std::unique_ptr<pkcs11::Token>>& tokens) {
  NamedTokens names;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    names.emplace_back(options.tokens[i].name, tokens[i].get());
  }
  return names;
}

auth::AuthenticatorOptions authenticator_options(const config::Options& options) {
  return {.regions = options.authority.regions,
          .partition = options.authority.partition,
          .window = std::chrono::duration_cast<std::chrono::seconds>(options.clock_window)};
}

ca::AuthorityServiceOptions with_buckets(ca::AuthorityServiceOptions options, ca::Buckets buckets) {
  options.buckets = std::move(buckets);
  return options;
}

}  // namespace

// In the order in which they are built; they end in the reverse order.
struct Daemon::Parts {
  Parts(config::Options wanted, const config::PrincipalsFile& principals, const ops::Log& the_log)
      : options{std::move(wanted)},
        log{the_log},
        store{store_options(options), clock},
        tokens{open_tokens(options, modules, log)},
        token_names{named(options, tokens)},
        signer{token_names},
        policy{principals.policy_principals()},
        authorities{with_buckets(authority_options(options),
                                 make_buckets(options, clock, [this] { return ending.load(); })),
                    provisioning_profiles(options),
                    store,
                    store,
                    signer,
                    policy,
                    clock},
        authenticator{authenticator_options(options), read_key_ring(principals), clock,
                      [this](const ca::Bytes& leaf) { return device_of(leaf); }},
        dispatcher{authorities, authenticator, operation_observer()},
        provisioning_service{authorities, authenticator, operation_observer()},
        inventory_service{authorities, authenticator, operation_observer()},
        key_service{authorities, authenticator, operation_observer()},
        sts_service{authorities, authenticator, policy, clock, roles_of(principals), operation_observer()},
        issue_pool{pool_options("issue", options.pools.issue)},
        change_pool{pool_options("change", options.pools.change)},
        read_pool{pool_options("read", options.pools.read)},
        status_pool{pool_options("status", options.pools.status)},
        operations_pool{pool_options("operations", options.pools.operations)},
        server{net_limits(options),
               {issue_pool, change_pool, read_pool, status_pool, operations_pool},
               options.pools.io_threads,
               [this](const net::Access& access) { record_access(log, metrics, access); }},
        operations_server{net_limits(options),
                          {issue_pool, change_pool, read_pool, status_pool, operations_pool},
                          1,
                          [this](const net::Access& access) { record_access(log, metrics, access); }} {}

  void add_routes();
  void add_observers();
  [[nodiscard]] std::optional<auth::DeviceIdentity> device_of(const ca::Bytes& leaf_der) {
    const auto device = authorities.device_of(leaf_der);
    return device ? std::optional{auth::DeviceIdentity{device->account, device->device_id}} : std::nullopt;
  }
  // All protocols tell the same.
  [[nodiscard]] acmpca::Dispatcher::Observer operation_observer() {
    return [this](const std::string& operation, const std::string& error, const std::string& principal,
                  std::chrono::microseconds duration, const http::HttpRequest& request) {
      record_operation(operation, error, principal, duration, request);
    };
  }
  void record_operation(const std::string& operation, const std::string& error, const std::string& principal,
                        std::chrono::microseconds duration, const http::HttpRequest& request);
  [[nodiscard]] std::vector<ops::Check> checks() const;

  // Before the parts end, what they wait for elsewhere is given up.
  ~Parts() { ending = true; }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  config::Options options;
  const ops::Log& log;
  std::atomic<bool> ending{false};
  ops::Metrics metrics;
  Totals totals{metrics};
  ca::SystemClock clock;
  ca::SqliteStore store;
  std::shared_ptr<pkcs11::ModuleSet> modules = pkcs11::make_module_set();
  std::vector<std::unique_ptr<pkcs11::Token>> tokens;
  NamedTokens token_names;
  ca::Pkcs11Signer signer;
  ca::PolicyEngine policy;
  ca::AuthorityService authorities;
  auth::Authenticator authenticator;
  acmpca::Dispatcher dispatcher;
  provisioning::Service provisioning_service;
  inventory::Service inventory_service;
  keys::Service key_service;
  sts::Service sts_service;
  status::TrustBundles bundles{trust_bundles(options)};
  http::Router api_routes, status_routes, operations_routes;
  std::atomic<bool> draining{false};
  http::WorkerPool issue_pool, change_pool, read_pool, status_pool, operations_pool;
  net::Server server;
  // Probes are answered while the other one drains, however busy its threads are.
  net::Server operations_server;
  std::optional<PidFile> pidfile;
};

void Daemon::Parts::add_routes() {
  acmpca::add_routes(api_routes, dispatcher);
  provisioning::add_routes(api_routes, provisioning_service);
  inventory::add_routes(api_routes, inventory_service);
  keys::add_routes(api_routes, key_service);
  sts::add_routes(api_routes, sts_service);
  status::add_routes(status_routes, authorities, clock);
  status::add_trust_routes(status_routes, bundles);
  ops::add_ops_routes(
      operations_routes, [this] { return checks(); }, metrics, CHANCERY_VERSION);
}

void Daemon::Parts::add_observers() {
  metrics.set("chancery_build_info", "the running version", 1, {{"version", CHANCERY_VERSION}});
  metrics.set("chancery_start_time_seconds", "when the process started",
              static_cast<double>(ca::to_seconds(clock.now()).time_since_epoch().count()));
  metrics.set("chancery_config_last_reload_successful",
              "1 while the running configuration is the one in the files", 1);
  metrics.add("chancery_config_reloads_total", "SIGHUPs", {{"result", "ok"}}, 0);
  metrics.add("chancery_config_reloads_total", "SIGHUPs", {{"result", "refused"}}, 0);
  // Each for itself: what cannot be read hides no other.
  metrics.on_scrape([this](ops::Metrics& into) { observe_store(into, totals, store); });
  metrics.on_scrape([this](ops::Metrics& into) { observe_authorities(into, totals, authorities, store); });
  metrics.on_scrape([this](ops::Metrics& into) { observe_crls(into, authorities); });
  metrics.on_scrape([this](ops::Metrics& into) { observe_unlisted(into, authorities); });
  metrics.on_scrape([this](ops::Metrics& into) { observe_ocsp(into, totals, authorities); });
  metrics.on_scrape([this](ops::Metrics& into) { observe_tokens(into, totals, token_names); });
  metrics.on_scrape([this](ops::Metrics& into) {
    observe_signatures(totals, signer);
    observe_pools(into, totals, {&issue_pool, &change_pool, &read_pool, &status_pool, &operations_pool});
    observe_listener(into, totals, "api", server.counters("api"));
    observe_listener(into, totals, "status", server.counters("status"));
    observe_listener(into, totals, "operations", operations_server.counters("operations"));
    totals.report("chancery_log_lines_lost_total", "log lines that stderr's reader did not take in time",
                  log.lost());
  });
}

void Daemon::Parts::record_operation(const std::string& operation, const std::string& error,
                                     const std::string& principal, std::chrono::microseconds duration,
                                     const http::HttpRequest& request) {
  const std::string name = operation.empty() ? "none" : operation;
  metrics.add("chancery_api_requests_total",
              "operations of the AWS API, of /provision and of /certificates by result",
              {{"operation", name}, {"result", error.empty() ? "ok" : error}});
  metrics.observe_seconds("chancery_api_request_duration_seconds", "time of an operation",
                          std::chrono::duration<double>(duration).count(), {{"operation", name}});
  log.write(
      error.empty() ? ops::Level::debug : ops::Level::info, "operation",
      {{"operation", name}, {"error", error}, {"principal", principal}, {"request_id", request.request_id}});
}

std::vector<ops::Check> Daemon::Parts::checks() const {
  std::vector<ops::Check> tokens_now;
  for (const auto& [name, token] : token_names) {
    tokens_now.push_back(token_check(name, *token));
  }
  std::vector<ops::Check> all = signing_checks(authorities.status(), tokens_now, options.authority.key_token);
  const std::vector<ops::Check> ocsp = ocsp_checks(authorities.ocsp_status());
  all.insert(all.end(), ocsp.begin(), ocsp.end());
  all.insert(all.end(), tokens_now.begin(), tokens_now.end());
  all.push_back(ledger_check(store.status()));
  all.push_back({"draining", !draining, draining ? "the daemon is ending" : "no"});
  return all;
}

Daemon::Daemon(config::Options options, const config::PrincipalsFile& principals, const ops::Log& log)
    : parts_{std::make_unique<Parts>(std::move(options), principals, log)} {
  Parts& parts = *parts_;
  if (const auto warning = descriptor_warning(parts.options.limits.connections, raise_descriptor_limit())) {
    log.warning(*warning);
  }
  parts.add_routes();
  parts.add_observers();
  parts.server.listen(api_listener(parts.options), parts.api_routes);
  parts.server.listen(status_listener(parts.options), parts.status_routes);
  parts.operations_server.listen(operations_listener(parts.options), parts.operations_routes);
  if (parts.options.pidfile) {
    parts.pidfile.emplace(*parts.options.pidfile);
  }
  parts.authorities.start([&parts](const std::string& notice) { parts.log.warning(notice); });
  parts.server.start();
  parts.operations_server.start();
}

Daemon::~Daemon() = default;

Daemon::End Daemon::run(const Signals& signals) {
  Parts& parts = *parts_;
  parts.log.info("serving", {{"version", CHANCERY_VERSION},
                             {"api", std::to_string(parts.server.port("api"))},
                             {"status", std::to_string(parts.server.port("status"))},
                             {"operations", std::to_string(parts.operations_server.port("operations"))}});
  ops::notify("READY=1");
  const auto watchdog = ops::watchdog_interval();
  const auto wait = watchdog ? std::chrono::duration_cast<std::chrono::milliseconds>(*watchdog) : kSignalWait;
  while (true) {
    const auto signal = signals.next(wait);
    if (signal == Signal::stop) {
      break;
    }
    if (signal == Signal::reload) {
      reload();
    }
    ops::notify("WATCHDOG=1");
  }
  return drain(signals);
}

Daemon::End Daemon::drain(const Signals& signals) {
  Parts& parts = *parts_;
  ops::notify("STOPPING=1");
  parts.draining = true;
  parts.log.info("draining");
  parts.server.drain();
  const auto closing = std::chrono::steady_clock::now() + parts.options.limits.drain_time;
  while (!parts.server.quiet_within(kDrainLook)) {
    if (signals.next(std::chrono::milliseconds{0}) == Signal::stop) {
      parts.log.warning("a second signal: ends at once, requests that still run are not answered");
      parts.pidfile.reset();
      return End::hurried;
    }
    if (std::chrono::steady_clock::now() >= closing) {
      parts.server.stop(std::chrono::milliseconds{0});  // what still runs then ends by its own deadlines
    }
  }
  parts.operations_server.stop(std::chrono::milliseconds{0});
  parts.log.info("drained");
  return End::drained;
}

std::shared_ptr<pkcs11::ModuleSet> Daemon::modules() const { return parts_->modules; }

void Daemon::reload() {
  Parts& parts = *parts_;
  ops::notify("RELOADING=1");
  bool taken = false;
  try {
    const config::Options wanted = config::load(parts.options.file);
    const auto principals = config::load_principals(wanted.principals, wanted.authority.partition);
    auto ring = read_key_ring(principals);
    auto profiles = provisioning_profiles(wanted);
    // From here on only things that were read completely; TLS first, because it can still refuse.
    parts.server.reload_tls();
    parts.authenticator.replace(std::move(ring));
    parts.policy.replace(principals.policy_principals());
    parts.sts_service.replace_roles(roles_of(principals));
    parts.authorities.replace_profiles(std::move(profiles));
    parts.bundles.replace(trust_bundles(wanted));
    for (const std::string& section : restart_needed(parts.options, wanted)) {
      parts.log.warning("a changed section needs a restart", {{"section", section}});
    }
    taken = true;
    parts.log.info("configuration taken", {{"principals", std::to_string(principals.principals.size())},
                                           {"profiles", std::to_string(wanted.profiles.size())}});
  } catch (const config::Invalid& invalid) {
    for (const config::Problem& problem : invalid.problems()) {
      parts.log.error("configuration refused, the old one stays", {{"problem", problem.line_text()}});
    }
  } catch (const std::exception& error) {
    parts.log.error("configuration refused, the old one stays", {{"problem", error.what()}});
  }
  parts.metrics.set("chancery_config_last_reload_successful",
                    "1 while the running configuration is the one in the files", taken ? 1 : 0);
  parts.metrics.add("chancery_config_reloads_total", "SIGHUPs", {{"result", taken ? "ok" : "refused"}});
  ops::notify("READY=1");
}

}  // namespace wiring
