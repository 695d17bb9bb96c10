#include "daemon/wiring/module_options.hpp"

namespace wiring {

ca::SqliteStoreOptions store_options(const config::Options& options) {
  return {.path = options.ledger.path.string(),
          .node = options.node,
          .max_queued = options.ledger.queue,
          .max_batch = options.ledger.batch,
          .readers = options.ledger.readers,
          .wal_limit_bytes = options.ledger.wal_bytes};
}

namespace {

std::filesystem::path crl_directory(const config::Options& options) {
  return options.revocation.crl_directory.value_or(options.ledger.path.parent_path() / "crls");
}

ca::OcspResponderOptions ocsp_options(const config::RevocationOptions& from) {
  ca::OcspResponderOptions to;
  to.validity = std::chrono::duration_cast<std::chrono::seconds>(from.ocsp_validity);
  to.max_cached = from.ocsp_cache;
  to.fresh_per_second = static_cast<double>(from.ocsp_signatures_per_second);
  to.unknown_per_second = static_cast<double>(from.ocsp_unknown_per_second);
  to.nonce_per_second = static_cast<double>(from.ocsp_nonce_per_second);
  to.several_per_second = static_cast<double>(from.ocsp_several_per_second);
  to.part_of_sender = static_cast<double>(from.ocsp_percent_per_sender) / 100;
  return to;
}

}  // namespace

ca::AuthorityServiceOptions authority_options(const config::Options& options) {
  const config::AuthorityOptions& from = options.authority;
  ca::AuthorityServiceOptions to;
  to.partition = from.partition;
  to.regions = from.regions;
  to.key_token = from.key_token;
  to.issue_wait = from.issue_wait;
  to.create_wait = from.create_wait;
  to.sign_deadline = from.sign_deadline;
  to.resume_backoff = from.resume_backoff;
  to.idempotency_window = std::chrono::duration_cast<std::chrono::seconds>(from.idempotency_window);
  to.key_gone_after = std::chrono::duration_cast<std::chrono::seconds>(from.key_gone_after);
  to.max_pending = from.max_pending;
  to.max_authorities = from.max_authorities;
  to.revocation = {.url = options.revocation.url,
                   .crl_directory = crl_directory(options),
                   .crl_delay = options.revocation.crl_delay,
                   .partition_size = options.revocation.partition_size,
                   .ca_issuers = options.revocation.ca_issuers,
                   .no_rev_avail = options.revocation.no_rev_avail};
  to.ocsp = ocsp_options(options.revocation);
  to.ocsp_signer_validity =
      std::chrono::duration_cast<std::chrono::seconds>(options.revocation.ocsp_signer_validity);
  return to;
}

std::vector<ca::ProvisioningProfile> provisioning_profiles(const config::Options& options) {
  std::vector<ca::ProvisioningProfile> profiles;
  for (const config::ProvisioningProfileOptions& from : options.profiles) {
    ca::ProvisioningProfile to;
    to.name = from.name;
    to.authority = ca::AuthorityArn::parse(from.authority);
    to.template_name = from.template_name;
    to.validity_days = from.validity_days;
    to.names.common_names = from.common_names;
    to.names.dns_names = from.dns_names;
    to.names.uris = from.uris;
    to.names.ip_addresses = from.ip_addresses;
    to.names.emails = from.emails;
    profiles.push_back(std::move(to));
  }
  return profiles;
}

pkcs11::TokenOptions token_options(const config::TokenOptions& options) {
  pkcs11::TokenOptions to;
  to.name = options.name;
  to.uri = pkcs11::Uri::parse(options.uri);
  to.uri.module_path = options.module.string();
  to.pin = pkcs11::PinSource::parse(options.pin_source);
  to.sessions = options.sessions;
  return to;
}

net::Limits net_limits(const config::Options& options) {
  const config::LimitsOptions& from = options.limits;
  return {.header_bytes = from.header_bytes,
          .header_fields = from.header_fields,
          .handshake_time = from.handshake_time,
          .header_time = from.header_time,
          .body_time = from.body_time,
          .idle_time = from.idle_time,
          .write_time = from.write_time,
          .large_bodies = from.large_bodies,
          .requests_per_second = static_cast<double>(from.requests_per_second),
          .request_burst = static_cast<double>(from.request_burst),
          .connections = from.connections,
          .connections_per_ip = from.connections_per_ip};
}

std::map<std::string, std::string> trust_bundles(const config::Options& options) {
  std::map<std::string, std::string> bundles;
  for (const config::TrustBundleOptions& bundle : options.trust_bundles) {
    bundles.emplace(bundle.name, bundle.pem);
  }
  return bundles;
}

net::ListenerOptions api_listener(const config::Options& options) {
  const config::TlsOptions& tls = options.listeners.api_tls;
  net::TlsFiles files{tls.certificate.string(), tls.private_key.string(), std::nullopt};
  if (tls.client_ca) {
    files.client_ca = tls.client_ca->string();
  }
  return {"api", options.listeners.api.address, options.listeners.api.port, std::move(files)};
}

net::ListenerOptions status_listener(const config::Options& options) {
  return {"status", options.listeners.status.address, options.listeners.status.port, std::nullopt};
}

net::ListenerOptions operations_listener(const config::Options& options) {
  return {"operations", options.listeners.operations.address, options.listeners.operations.port,
          std::nullopt};
}

http::WorkerPoolOptions pool_options(const std::string& name, const config::PoolOptions& options) {
  return {.name = name,
          .threads = options.threads,
          .max_queued = options.queue,
          .max_per_share = options.per_principal};
}

ops::Level log_level(const config::Options& options) {
  switch (options.log_level) {
    case config::LogLevel::debug:
      return ops::Level::debug;
    case config::LogLevel::info:
      return ops::Level::info;
    case config::LogLevel::warning:
      return ops::Level::warning;
    case config::LogLevel::error:
      return ops::Level::error;
  }
  return ops::Level::info;
}

std::vector<std::string> restart_needed(const config::Options& running, const config::Options& wanted) {
  std::vector<std::string> sections;
  const auto note = [&](bool same, const char* section) {
    if (!same) {
      sections.emplace_back(section);
    }
  };
  note(running.node == wanted.node, "node");
  note(running.log_level == wanted.log_level, "log");
  note(running.pidfile == wanted.pidfile, "pidfile");
  note(running.listeners == wanted.listeners, "listeners");
  note(running.limits == wanted.limits, "limits");
  note(running.pools == wanted.pools, "pools");
  note(running.tokens == wanted.tokens, "tokens");
  note(running.ledger == wanted.ledger, "ledger");
  note(running.authority == wanted.authority, "authority");
  note(running.buckets == wanted.buckets, "buckets");
  note(running.revocation == wanted.revocation, "revocation");
  note(running.clock_window == wanted.clock_window, "authentication");
  return sections;
}

}  // namespace wiring
