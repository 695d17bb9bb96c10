#include <algorithm>
#include <array>
#include <set>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ca/base/error.hpp"
#include "ca/templates/template.hpp"
#include "config/buckets.hpp"
#include "config/document.hpp"
#include "config/load_revocation.hpp"
#include "config/options.hpp"
#include "config/trust_bundles.hpp"
#include "pkcs11/error.hpp"
#include "pkcs11/pin.hpp"
#include "pkcs11/uri.hpp"

namespace config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Presence = Mapping::Presence;

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLogLevels{{{"debug", LogLevel::debug},
                                                                           {"info", LogLevel::info},
                                                                           {"warning", LogLevel::warning},
                                                                           {"error", LogLevel::error}}};

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
}

void read_name(Mapping& map, std::string_view key, std::string& target, Presence presence) {
  map.text(key, target, presence);
  if (map.has(key) && !is_name(target)) {
    map.problem(key, "expected at most 64 of a-z 0-9 - _ .");
  }
}

void read_existing(Mapping& map, std::string_view key, Path& target, Presence presence) {
  map.path(key, target, presence);
  std::error_code ignored;
  if (!target.empty() && !std::filesystem::exists(target, ignored)) {
    map.problem(key, "no such file: " + target.string());
  }
}

void read_listener(Mapping& map, ListenerOptions& listener) {
  map.text("address", listener.address);
  map.port("port", listener.port);
}

void read_api_listener(Mapping& map, ListenersOptions& listeners) {
  read_listener(map, listeners.api);
  map.child(
      "tls",
      [&](Mapping& tls) {
        read_existing(tls, "certificate", listeners.api_tls.certificate, Presence::required);
        read_existing(tls, "private_key", listeners.api_tls.private_key, Presence::required);
        Path client_ca;
        read_existing(tls, "client_ca", client_ca, Presence::optional);
        if (!client_ca.empty()) {
          listeners.api_tls.client_ca = client_ca;
        }
      },
      Presence::required);
}

void read_listeners(Mapping& map, ListenersOptions& listeners) {
  map.child(
      "api", [&](Mapping& child) { read_api_listener(child, listeners); }, Presence::required);
  map.child("status", [&](Mapping& child) { read_listener(child, listeners.status); });
  map.child("operations", [&](Mapping& child) { read_listener(child, listeners.operations); });
  const std::set<std::pair<std::string, std::uint16_t>> places{
      {listeners.api.address, listeners.api.port},
      {listeners.status.address, listeners.status.port},
      {listeners.operations.address, listeners.operations.port}};
  const bool system_picks =
      listeners.api.port == 0 || listeners.status.port == 0 || listeners.operations.port == 0;
  if (places.size() != 3 && !system_picks) {
    map.problem("", "two listeners have the same address and port");
  }
}

void read_limits(Mapping& map, LimitsOptions& limits) {
  const DurationRange waits{milliseconds{10}, hours{1}};
  map.size("header", limits.header_bytes, {1024, 1024 * 1024});
  map.number("header_fields", limits.header_fields, {8, 1000});
  map.duration("handshake_time", limits.handshake_time, waits);
  map.duration("header_time", limits.header_time, waits);
  map.duration("body_time", limits.body_time, waits);
  map.duration("idle_time", limits.idle_time, waits);
  map.duration("write_time", limits.write_time, waits);
  map.duration("drain_time", limits.drain_time, {milliseconds{0}, hours{1}});
  map.size("large_bodies", limits.large_bodies, {4 * 1024 * 1024, 16ULL * 1024 * 1024 * 1024});
  map.number("requests_per_second", limits.requests_per_second, {1, 10'000'000});
  map.number("request_burst", limits.request_burst, {1, 10'000'000});
  map.number("connections", limits.connections, {1, 1'000'000});
  map.number("connections_per_ip", limits.connections_per_ip, {1, 1'000'000});
}

void read_pools(Mapping& map, PoolsOptions& pools) {
  const auto read_pool = [&](std::string_view key, PoolOptions& pool) {
    map.child(key, [&](Mapping& child) {
      child.number("threads", pool.threads, {1, 1024});
      child.number("queue", pool.queue, {1, 100'000});
      pool.per_principal = PoolOptions{pool.threads, pool.queue}.per_principal;
      child.number("per_principal", pool.per_principal, {1, pool.threads + pool.queue});
    });
  };
  map.number("io_threads", pools.io_threads, {1, 64});
  read_pool("issue", pools.issue);
  read_pool("change", pools.change);
  read_pool("read", pools.read);
  read_pool("status", pools.status);
  read_pool("operations", pools.operations);
}

// Makes a relative file absolute. Never shows the value: somebody may have put the PIN itself there.
void settle_pin_source(Mapping& map, std::string_view key, const std::string& value, std::string& target) {
  constexpr std::string_view kFile = "file:";
  std::string settled = value;
  if (settled.starts_with(kFile) && settled.size() > kFile.size()) {
    settled = std::string{kFile} + map.absolute(settled.substr(kFile.size())).string();
  }
  try {
    (void)pkcs11::PinSource::parse(settled);
  } catch (const pkcs11::Error&) {
    map.problem(key,
                "expected file:<path>, credential:<systemd credential> or fd:<number>, never the PIN itself");
    return;
  }
  std::error_code ignored;
  if (settled.starts_with(kFile) && !std::filesystem::exists(settled.substr(kFile.size()), ignored)) {
    map.problem(key, "no such file: " + settled.substr(kFile.size()));
  }
  target = settled;
}

// module-path and pin-source may stand in the URI (RFC 7512, 2.3) or be keys of their own, not both.
void read_token_uri(Mapping& map, TokenOptions& token) {
  std::string text;
  map.text("uri", text, Presence::required);
  if (text.empty()) {
    return;
  }
  pkcs11::Uri uri;
  try {
    uri = pkcs11::Uri::parse(text);
  } catch (const pkcs11::Error& wrong) {
    map.problem("uri", wrong.what());
    return;
  }
  if (!uri.token && !uri.serial) {
    map.problem("uri", "must name the token by token= or serial= (slot numbers change)");
  }
  if (uri.object || uri.id || uri.type) {
    map.problem("uri", "must name a token, not an object on it");
  }
  if (uri.module_path) {
    token.module = *uri.module_path;
    if (map.has("module")) {
      map.problem("module", "is in the uri as module-path as well: keep one");
    }
  }
  if (uri.pin_source) {
    settle_pin_source(map, "uri", *uri.pin_source, token.pin_source);
    if (map.has("pin_source")) {
      map.problem("pin_source", "is in the uri as well: keep one");
    }
  }
  uri.module_path.reset();
  uri.pin_source.reset();
  token.uri = uri.text();
}

void read_token(Mapping& map, std::vector<TokenOptions>& tokens) {
  TokenOptions token;
  read_name(map, "name", token.name, Presence::required);
  read_token_uri(map, token);
  const auto needed = [&](bool known) { return known ? Presence::optional : Presence::required; };
  read_existing(map, "module", token.module, needed(!token.module.empty()));
  std::string pin_source;
  map.text("pin_source", pin_source, needed(!token.pin_source.empty()));
  if (!pin_source.empty()) {
    settle_pin_source(map, "pin_source", pin_source, token.pin_source);
  }
  map.number("sessions", token.sessions, {1, 1024});
  for (const TokenOptions& other : tokens) {
    if (!token.name.empty() && other.name == token.name) {
      map.problem("name", "another token has this name");
    }
    if (!token.uri.empty() && other.uri == token.uri && other.module == token.module) {
      map.problem("uri", "another entry names the same token");
    }
  }
  tokens.push_back(std::move(token));
}

void read_ledger(Mapping& map, LedgerOptions& ledger) {
  map.path("path", ledger.path, Presence::required);
  std::error_code ignored;
  if (!ledger.path.empty() && !std::filesystem::is_directory(ledger.path.parent_path(), ignored)) {
    map.problem("path", "no such folder: " + ledger.path.parent_path().string());
  }
  map.number("queue", ledger.queue, {16, 1'000'000});
  map.number("batch", ledger.batch, {1, 10'000});
  map.number("readers", ledger.readers, {1, 64});
  map.size("wal_limit", ledger.wal_bytes, {1024 * 1024, 16ULL * 1024 * 1024 * 1024});
}

void read_authority(Mapping& map, AuthorityOptions& authority) {
  const DurationRange waits{milliseconds{0}, minutes{1}};
  map.text("partition", authority.partition);
  if (authority.partition.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos) {
    map.problem("partition", "expected letters a-z and -, such as aws");
  }
  map.texts("regions", authority.regions);
  if (authority.regions.empty()) {
    map.problem("regions", "must hold at least one region");
  }
  for (const std::string& region : authority.regions) {
    if (!is_name(region)) {
      map.problem("regions", "'" + region.substr(0, 40) + "' is not a region name such as us-east-1");
    }
  }
  read_name(map, "key_token", authority.key_token, Presence::optional);
  map.duration("issue_wait", authority.issue_wait, waits);
  map.duration("create_wait", authority.create_wait, waits);
  map.duration("sign_deadline", authority.sign_deadline, {milliseconds{100}, minutes{10}});
  map.duration("resume_backoff", authority.resume_backoff, {milliseconds{10}, minutes{1}});
  map.duration("idempotency_window", authority.idempotency_window, {seconds{1}, hours{24}});
  map.duration("key_gone_after", authority.key_gone_after, {seconds{1}, hours{24 * 30}});
  map.number("max_pending", authority.max_pending, {1, 10'000'000});
  map.number("max_authorities", authority.max_authorities, {1, 100'000});
}

std::optional<std::string> template_complaint(const std::string& name) {
  try {
    return ca::provisioning_complaint(ca::find_template({"aws", name}));
  } catch (const ca::Error& unknown) {
    return unknown.what();
  }
}

void read_profile(Mapping& map, std::vector<ProvisioningProfileOptions>& profiles) {
  ProvisioningProfileOptions profile;
  read_name(map, "name", profile.name, Presence::required);
  map.text("authority", profile.authority, Presence::required);
  if (!profile.authority.empty() && profile.authority.find(":certificate-authority/") == std::string::npos) {
    map.problem("authority", "expected the ARN of a certificate authority");
  }
  map.text("template", profile.template_name);
  if (const auto complaint = template_complaint(profile.template_name)) {
    map.problem("template", "profile '" + profile.name + "': " + *complaint);
  }
  milliseconds validity = hours{24 * profile.validity_days};
  map.duration("validity", validity, {hours{24}, hours{24 * 3650}});
  if (validity % hours{24} != milliseconds{0}) {
    map.problem("validity", "expected whole days, such as 90d");
  }
  profile.validity_days = static_cast<int>(validity / hours{24});
  map.child("names", [&](Mapping& names) {
    names.texts("common_names", profile.common_names);
    names.texts("dns", profile.dns_names);
    names.texts("uri", profile.uris);
    names.texts("ip", profile.ip_addresses);
    names.texts("email", profile.emails);
  });
  for (const auto& other : profiles) {
    if (!profile.name.empty() && other.name == profile.name) {
      map.problem("name", "another profile has this name");
    }
  }
  profiles.push_back(std::move(profile));
}

void read_log(Mapping& map, LogLevel& target) {
  std::string level;
  map.text("level", level);
  if (level.empty()) {
    return;
  }
  for (const auto& [name, value] : kLogLevels) {
    if (name == level) {
      target = value;
      return;
    }
  }
  map.problem("level", "expected debug, info, warning or error");
}

// The token for new keys must be one of those listed; with a single token it need not be named.
void settle_key_token(Mapping& top, Options& options) {
  if (options.tokens.empty()) {
    return;
  }
  if (options.authority.key_token.empty()) {
    if (options.tokens.size() > 1) {
      top.problem("authority",
                  "key_token is required when there are several tokens: which of them makes new CA keys");
    }
    options.authority.key_token = options.tokens.front().name;
  }
  const bool known =
      std::any_of(options.tokens.begin(), options.tokens.end(),
                  [&](const TokenOptions& token) { return token.name == options.authority.key_token; });
  if (!known) {
    top.problem("authority",
                "key_token '" + options.authority.key_token + "' is not the name of an entry of tokens");
  }
}

}  // namespace

Options load(const Path& file) {
  Options options;
  options.file = std::filesystem::absolute(file);
  Problems problems{file};
  Mapping top{problems, read_document(file), ""};
  read_name(top, "node", options.node, Presence::optional);
  top.child("log", [&](Mapping& map) { read_log(map, options.log_level); });
  top.path("pidfile", options.pidfile);
  top.child(
      "listeners", [&](Mapping& map) { read_listeners(map, options.listeners); }, Presence::required);
  top.child("limits", [&](Mapping& map) { read_limits(map, options.limits); });
  top.child("pools", [&](Mapping& map) { read_pools(map, options.pools); });
  top.children(
      "tokens", [&](Mapping& map) { read_token(map, options.tokens); }, Presence::required);
  if (top.has("tokens") && options.tokens.empty()) {
    top.problem("tokens", "must hold at least one token");
  }
  top.child(
      "ledger", [&](Mapping& map) { read_ledger(map, options.ledger); }, Presence::required);
  top.child("authority", [&](Mapping& map) { read_authority(map, options.authority); });
  top.child("authentication", [&](Mapping& map) {
    map.duration("clock_window", options.clock_window, {seconds{1}, minutes{15}});
  });
  read_existing(top, "principals", options.principals, Presence::required);
  top.child("provisioning", [&](Mapping& map) {
    map.children("profiles", [&](Mapping& profile) { read_profile(profile, options.profiles); });
  });
  top.children("buckets",
               [&](Mapping& map) { read_bucket(map, options.ledger.path.parent_path(), options.buckets); });
  top.child("revocation", [&](Mapping& map) { read_revocation(map, options.revocation); });
  settle_status_url(options.revocation, options.listeners.status);
  top.children("trust_bundles", [&](Mapping& map) { read_trust_bundle(map, options.trust_bundles); });
  settle_key_token(top, options);
  top.finish();
  problems.raise();
  return options;
}

}  // namespace config
