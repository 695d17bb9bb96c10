#pragma once
#include <memory>

#include "config/options.hpp"
#include "config/principals.hpp"
#include "daemon/ops/log.hpp"
#include "daemon/wiring/process.hpp"
#include "pkcs11/token.hpp"

namespace wiring {

// Everything that the process consists of, built bottom-up in one place: store, tokens, signer, policy,
// authority, authentication, protocols, pools, listeners. No decisions are taken here.
class Daemon {
 public:
  // Opens the ledger, begins to connect the tokens, binds the listeners and serves. A token that is away does
  // not stop the start: its authorities are not ready. Throws ca::Error with what to change. `log` must
  // outlive the daemon.
  Daemon(config::Options options, const config::PrincipalsFile& principals, const ops::Log& log);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Until SIGTERM or SIGINT; then drains, answers /readyz with 503 meanwhile, and returns `drained`. SIGHUP
  // reads the configuration again. A second SIGTERM or SIGINT returns `hurried` at once: requests still run,
  // so the caller must end the process and not this object; what was acknowledged is durable (I19).
  enum class End { drained, hurried };
  [[nodiscard]] End run(const Signals& signals);
  // The libraries of the tokens, which may still be busy when the daemon is gone.
  [[nodiscard]] std::shared_ptr<pkcs11::ModuleSet> modules() const;

 private:
  struct Parts;
  // Configuration, principals, policies and TLS files again; all of them or none. What is wrong is logged and
  // the old ones stay. Sections that only a restart can apply are named in the log.
  void reload();
  [[nodiscard]] End drain(const Signals& signals);
  std::unique_ptr<Parts> parts_;
};

}  // namespace wiring
