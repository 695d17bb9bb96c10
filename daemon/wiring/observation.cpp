#include "daemon/wiring/observation.hpp"

#include <algorithm>

namespace wiring {
namespace {

double seconds_of(ca::Seconds time) { return static_cast<double>(time.time_since_epoch().count()); }

ops::Metrics::Labels of(const std::string& authority) { return {{"authority", authority}}; }

ops::Level access_level(const net::Access& access) {
  if (access.status >= 500) {
    return access.status == 500 ? ops::Level::error : ops::Level::warning;
  }
  // Probes and scrapes come every few seconds and tell nothing.
  return access.listener == "operations" || access.routine ? ops::Level::debug : ops::Level::info;
}

std::string status_class(int status) { return std::to_string(status / 100) + "xx"; }

}  // namespace

void Totals::report(const std::string& name, const std::string& help, std::uint64_t total,
                    const ops::Metrics::Labels& labels) {
  std::string key = name;
  for (const auto& [label, value] : labels) {
    key += '\n' + label + '=' + value;
  }
  const std::lock_guard lock{mutex_};
  std::uint64_t& reported = reported_[key];
  metrics_.add(name, help, labels, static_cast<double>(total - std::min(total, reported)));
  reported = std::max(total, reported);
}

void observe_store(ops::Metrics& metrics, Totals& totals, ca::SqliteStore& store) {
  const ca::StoreStatus status = store.status();
  metrics.set("chancery_ledger_up", "1 while the ledger can be written", status.ok ? 1 : 0);
  totals.report("chancery_ledger_commits_total", "transactions written", status.commits);
  totals.report("chancery_ledger_entries_total", "changes written", status.entries);
  totals.report("chancery_ledger_failed_entries_total", "changes that could not be written",
                status.failed_entries);
  metrics.set("chancery_ledger_queued", "changes that wait for the writer",
              static_cast<double>(status.queued));
  metrics.set("chancery_ledger_wal_bytes", "size of the write-ahead log",
              static_cast<double>(status.wal_bytes));
  const ca::InventoryCounts counts = store.counts();
  const auto certificates = [&](const char* state, std::uint64_t count) {
    metrics.set("chancery_certificates", "certificates in the ledger by state", static_cast<double>(count),
                {{"state", state}});
  };
  certificates("pending", counts.pending);
  certificates("issued", counts.issued);
  certificates("failed", counts.failed);
  certificates("revoked", counts.revoked);
  metrics.set("chancery_audit_events", "events in the audit log",
              static_cast<double>(store.audit_head().size()));
}

void observe_authorities(ops::Metrics& metrics, Totals& totals, const ca::AuthorityService& authorities,
                         ca::Inventory& inventory) {
  const auto status = authorities.status();
  metrics.set("chancery_authorities", "certificate authorities", static_cast<double>(status.authorities));
  metrics.set("chancery_pending", "certificates accepted and not yet signed",
              static_cast<double>(inventory.counts().pending));
  totals.report("chancery_issued_total", "certificates issued by this process", status.issued);
  totals.report("chancery_resumed_total", "of these, signed after their request had ended", status.resumed);
  totals.report("chancery_failed_total", "certificates that will never be signed", status.failed);
  ops::Metrics::Series key_up;
  for (const auto& key : status.keys) {
    key_up[of(key.arn)] = key.verdict.state == ca::KeyVerdict::State::usable ? 1 : 0;
  }
  metrics.replace("chancery_authority_key_up", "1 while the authority's key passes its audit", key_up);
  ops::Metrics::Series other_key_up;
  for (const auto& key : status.other_keys) {
    other_key_up[{{"authority", key.arn}, {"key", std::to_string(key.number)}}] =
        key.verdict.state == ca::KeyVerdict::State::usable ? 1 : 0;
  }
  metrics.replace("chancery_authority_other_key_up",
                  "1 while a key beside the one that issues, retired or published, passes its audit",
                  other_key_up);
  ops::Metrics::Series not_after;
  for (const ca::AuthorityRecord& authority : inventory.all_authorities()) {
    if (authority.validity) {
      not_after[of(authority.arn.text())] = seconds_of(authority.validity->not_after);
    }
  }
  metrics.replace("chancery_authority_not_after_timestamp_seconds", "when the authority's certificate ends",
                  not_after);
}

void observe_crls(ops::Metrics& metrics, const ca::AuthorityService& authorities) {
  // Of each authority's CRLs the one that ends first and those that are behind in their bucket.
  ops::Metrics::Series next_update, unpublished, crls;
  for (const auto& crl : authorities.crl_status()) {
    const ops::Metrics::Labels authority = of(crl.authority);
    const double ends = seconds_of(crl.next_update);
    const auto first = next_update.try_emplace(authority, ends).first;
    first->second = std::min(first->second, ends);
    const bool behind = std::any_of(crl.places.begin(), crl.places.end(),
                                    [&](const auto& place) { return place.number < crl.number; });
    unpublished[authority] += behind ? 1 : 0;
    crls[authority] += 1;
  }
  metrics.replace("chancery_crl_next_update_timestamp_seconds", "when the first of the authority's CRLs ends",
                  next_update);
  metrics.replace("chancery_crl_unpublished",
                  "CRLs whose last number is not at every place yet that certificates name", unpublished);
  metrics.replace("chancery_crls", "series of CRLs that are issued", crls);
}

void observe_unlisted(ops::Metrics& metrics, const ca::AuthorityService& authorities) {
  constexpr const char* kName = "chancery_crl_unlisted_revocations";
  constexpr const char* kHelp = "revocations that no CRL lists yet";
  metrics.replace(kName, kHelp, {});  // rather none than an old one, when the ledger cannot be asked
  ops::Metrics::Series unlisted;
  for (const auto& [authority, count] : authorities.unlisted_revocations()) {
    unlisted[of(authority)] = static_cast<double>(count);
  }
  metrics.replace(kName, kHelp, unlisted);
}

void observe_ocsp(ops::Metrics& metrics, Totals& totals, const ca::AuthorityService& authorities) {
  const ca::OcspResponder::Status status = authorities.ocsp_status();
  for (const ca::OcspResult result : ca::kOcspResults) {
    totals.report("chancery_ocsp_answers_total", "OCSP answers by what they say",
                  status.answers.at(static_cast<std::size_t>(result)),
                  {{"result", std::string{ca::name_of(result)}}});
  }
  totals.report("chancery_ocsp_cache_hits_total", "OCSP answers that were given again", status.cache_hits);
  totals.report("chancery_ocsp_signatures_total", "OCSP answers that were signed", status.signatures);
  metrics.set("chancery_ocsp_cached", "OCSP answers that are kept", static_cast<double>(status.cached));
  ops::Metrics::Series signer_not_after, signer_up;
  for (const auto& authority : status.authorities) {
    const ops::Metrics::Labels labels = of(authority.arn);
    totals.report("chancery_ocsp_unissued_serials_total",
                  "OCSP questions about serials that the authority never issued", authority.unissued, labels);
    signer_not_after[labels] = authority.signer_not_after ? seconds_of(*authority.signer_not_after) : 0;
    signer_up[labels] = authority.trouble.empty() ? 1 : 0;
  }
  metrics.replace("chancery_ocsp_signer_not_after_timestamp_seconds",
                  "when the certificate of the authority's OCSP signer ends; 0: there is none yet",
                  signer_not_after);
  metrics.replace("chancery_ocsp_signer_up", "1 while OCSP answers of the authority can be signed",
                  signer_up);
}

void observe_tokens(ops::Metrics& metrics, Totals& totals, const NamedTokens& tokens) {
  for (const auto& [name, token] : tokens) {
    const ops::Metrics::Labels labels{{"token", name}};
    const pkcs11::TokenStatus status = token->status();
    metrics.set("chancery_token_up", "1 while the token is connected and logged in",
                status.state == pkcs11::TokenState::up ? 1 : 0, labels);
    metrics.set("chancery_token_epoch", "number of this connection", static_cast<double>(status.epoch),
                labels);
    metrics.set("chancery_token_sessions_open", "open sessions", static_cast<double>(status.sessions_open),
                labels);
    metrics.set("chancery_token_sessions_in_use", "sessions that sign",
                static_cast<double>(status.sessions_in_use), labels);
    metrics.set("chancery_token_refused_keys", "keys that failed their audit",
                static_cast<double>(status.refused_keys.size()), labels);
    totals.report("chancery_token_signatures_total", "signatures made", status.signatures, labels);
    totals.report("chancery_token_sign_failures_total", "requests that ended without a signature",
                  status.sign_failures, labels);
    totals.report("chancery_token_retries_total", "attempts repeated inside a deadline", status.retries,
                  labels);
    totals.report("chancery_token_reconnects_total", "connections after the first", status.reconnects,
                  labels);
    totals.report("chancery_token_module_reloads_total", "times the library was loaded anew",
                  status.module_reloads, labels);
    totals.report("chancery_token_lost_calls_total", "calls into the module that did not come back in time",
                  status.lost_calls, labels);
    totals.report("chancery_token_login_failures_total", "logins that were refused", status.login_failures,
                  labels);
  }
}

void observe_signatures(Totals& totals, const ca::Pkcs11Signer& signer) {
  totals.report("chancery_bad_signatures_total", "signatures of tokens that did not verify; none has left",
                signer.bad_signatures());
}

void observe_pools(ops::Metrics& metrics, Totals& totals, const std::vector<const http::WorkerPool*>& pools) {
  for (const http::WorkerPool* pool : pools) {
    const ops::Metrics::Labels labels{{"pool", pool->options().name}};
    metrics.set("chancery_pool_running", "requests that run", static_cast<double>(pool->running()), labels);
    metrics.set("chancery_pool_queued", "requests that wait", static_cast<double>(pool->queued()), labels);
    totals.report("chancery_pool_rejected_total", "requests refused because the queue was full",
                  pool->rejected(), labels);
  }
}

void observe_listener(ops::Metrics& metrics, Totals& totals, const std::string& listener,
                      const net::Counters& counters) {
  const ops::Metrics::Labels labels{{"listener", listener}};
  metrics.set("chancery_connections_open", "open connections", static_cast<double>(counters.open_connections),
              labels);
  totals.report("chancery_connections_accepted_total", "connections accepted", counters.accepted, labels);
  totals.report("chancery_connections_refused_total", "connections over a limit",
                counters.refused_connections, labels);
  totals.report("chancery_malformed_requests_total", "requests that were no HTTP", counters.malformed,
                labels);
  totals.report("chancery_throttled_requests_total", "requests of senders that had used up their share",
                counters.throttled, labels);
  totals.report("chancery_timeouts_total", "connections that were too slow", counters.timeouts, labels);
  totals.report("chancery_tls_failures_total", "TLS handshakes that failed", counters.tls_failures, labels);
}

void record_access(const ops::Log& log, ops::Metrics& metrics, const net::Access& access) {
  metrics.add("chancery_http_requests_total", "requests answered",
              {{"listener", access.listener}, {"status", status_class(access.status)}});
  const double seconds = std::chrono::duration<double>(access.duration).count();
  metrics.observe_seconds("chancery_http_request_duration_seconds",
                          "from the whole request to the whole answer", seconds,
                          {{"listener", access.listener}});
  const ops::Level level = access_level(access);
  if (!log.takes(level)) {
    return;
  }
  ops::Fields fields{{"listener", access.listener},
                     {"method", access.method},
                     {"path", access.path},
                     {"status", std::to_string(access.status)},
                     {"bytes", std::to_string(access.response_bytes)},
                     {"duration_ms", std::to_string(static_cast<double>(access.duration.count()) / 1000)},
                     {"remote", access.remote_ip},
                     {"request_id", access.request_id}};
  if (!access.cause.empty()) {
    fields.emplace_back("cause", access.cause);
  }
  log.write(level, "request", fields);
}

void record_transition(const ops::Log& log, const std::string& token,
                       const pkcs11::TokenTransition& transition) {
  ops::Fields fields{{"token", token}, {"epoch", std::to_string(transition.epoch)}};
  if (transition.to == pkcs11::TokenState::up) {
    fields.emplace_back("away_ms", std::to_string(transition.away.count()));
    log.info("token up", fields);
    return;
  }
  if (transition.cause) {
    const pkcs11::Error& cause = *transition.cause;
    fields.emplace_back("call", cause.call());
    fields.emplace_back("rv", cause.rv() == 0 ? "" : pkcs11::return_value_text(cause.rv()));
    fields.emplace_back("cause", cause.cause());
    fields.emplace_back("hint", cause.hint());
  }
  if (transition.to == pkcs11::TokenState::sealed) {
    log.error("token sealed", fields);
  } else {
    log.warning("token down", fields);
  }
}

ops::Check ledger_check(const ca::StoreStatus& store) {
  return {"ledger", store.ok, store.ok ? "writable" : store.last_error};
}

ops::Check token_check(const std::string& name, const pkcs11::Token& token) {
  const pkcs11::TokenStatus status = token.status();
  std::string detail{pkcs11::name_of(status.state)};
  if (!status.detail.empty()) {
    detail += ": " + status.detail;
  }
  return {"token:" + name, status.state == pkcs11::TokenState::up, detail, false};
}

std::vector<ops::Check> ocsp_checks(const ca::OcspResponder::Status& status) {
  std::vector<ops::Check> checks;
  for (const auto& authority : status.authorities) {
    if (!authority.trouble.empty()) {
      checks.push_back({"ocsp:" + authority.arn, false, authority.trouble, false});
    }
  }
  return checks;
}

std::vector<ops::Check> signing_checks(const ca::AuthorityService::Status& status,
                                       const std::vector<ops::Check>& tokens, const std::string& key_token) {
  const auto find_token = [&](const std::string& name) {
    return std::find_if(tokens.begin(), tokens.end(),
                        [&](const ops::Check& token) { return token.name == "token:" + name; });
  };
  std::vector<ops::Check> checks{{"signing", true, {}}};
  std::size_t in_service = 0;
  std::size_t able = 0;
  for (const auto& key : status.keys) {
    in_service += key.in_service ? 1 : 0;
    const auto token = find_token(key.token);
    if (!key.closed.empty()) {
      checks.push_back({"authority:" + key.arn, false, key.closed, false});
    } else if (token != tokens.end() && !token->ok) {
      checks.push_back({"authority:" + key.arn, false, token->name + " is " + token->detail, false});
    } else if (key.verdict.state == ca::KeyVerdict::State::usable) {
      ++able;
    } else {
      const bool unknown = key.verdict.state == ca::KeyVerdict::State::unknown;
      checks.push_back({"authority:" + key.arn, false,
                        unknown ? "its key is not checked yet" : key.verdict.detail, false});
    }
  }
  if (in_service == 0) {
    const auto token = find_token(key_token);
    checks[0].ok = token == tokens.end() || token->ok;
    checks[0].detail = "no authority in service yet; the token for new keys is " +
                       (token == tokens.end() ? std::string{"not configured"} : token->detail);
  } else {
    checks[0].ok = able > 0;
    checks[0].detail = std::to_string(able) + " of " + std::to_string(in_service) + " authorities can issue";
  }
  return checks;
}

}  // namespace wiring
