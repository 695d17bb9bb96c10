// CRLs that never go stale: each series is looked at again and again, and issued when it is due.
#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

std::string about_crl(const CrlRecord& crl) { return "CRL " + crl.name; }

}  // namespace

// Keys whose last turn failed come last, and fail once in a turn: a key that hangs costs the others
// one deadline and not one for each of its series.
Loop::Turn AuthorityService::State::keep_crls() {
  CrlTurn turn;
  turn.waiting = !settle_revocations();
  auto authorities = catalog.all_keys();
  std::stable_partition(authorities.begin(), authorities.end(), [this](const auto& authority) {
    return !troubled_crls.contains(authority->key_name().text());
  });
  for (const auto& authority : authorities) {
    if (crl_loop->is_stopping()) {
      return Loop::Turn::idle;
    }
    const std::string name = authority->key_name().text();
    const std::string about = "CRLs of " + authority->described();
    turn.failed = false;
    try {
      keep_crls(*authority, turn);
    } catch (const std::exception& error) {
      turn.failed = turn.stuck = true;
      say(about, about + " cannot be looked at: " + error.what());
    }
    if (turn.failed) {
      troubled_crls.insert(name);
    } else {
      troubled_crls.erase(name);
      well(about);
    }
  }
  forget_all_but(authorities);
  return turn.waiting ? Loop::Turn::progressed : turn.stuck ? Loop::Turn::stuck : Loop::Turn::idle;
}

// Those that its key signs.
void AuthorityService::State::keep_crls(const Authority& authority, CrlTurn& turn) {
  std::vector<CrlRecord> series;
  if (authority.answers_at(clock.now())) {
    const auto& [arn, number] = std::tie(authority.record.arn, authority.record.key_number);
    if (authority.revocation.crl.enabled && authority.revocation.crl.type == CrlType::complete) {
      (void)crl_series.open_complete(arn, number, authority.revocation.crl);
    }
    series = inventory.crls(arn);
    std::erase_if(series, [number = number](const CrlRecord& crl) { return crl.key_number != number; });
  }
  note_series(authority, series);
  for (const CrlRecord& crl : series) {
    if (turn.failed || crl_loop->is_stopping()) {
      return;
    }
    keep_crl(authority, crl, turn);
  }
}

// A key that was discarded has no CRLs any more.
void AuthorityService::State::forget_all_but(const std::vector<std::shared_ptr<const Authority>>& keys) {
  std::set<std::string> names;
  for (const auto& key : keys) {
    names.insert(key->key_name().text());
  }
  const auto is_other = [&](const auto& entry) { return !names.contains(entry.first); };
  const std::lock_guard lock{mutex};
  std::erase_if(series_standings, is_other);
}

void AuthorityService::State::note_series(const Authority& authority, const std::vector<CrlRecord>& series) {
  const auto& configuration = authority.revocation.crl;
  const TimePoint now = clock.now();
  std::map<std::string, SeriesStanding> standings;
  for (const CrlRecord& crl : series) {
    const bool lives = crl_lives(crl, configuration, now);
    standings[crl.name] = {lives, crl_targets(crl, configuration, now)};
  }
  const std::string name = authority.key_name().text();
  const std::lock_guard lock{mutex};
  if (auto& known = series_standings[name]; known != standings) {
    known = std::move(standings);
    publish_loop->wake();
  }
}

void AuthorityService::State::keep_crl(const Authority& authority, const CrlRecord& crl, CrlTurn& turn) {
  const auto& configuration = authority.revocation.crl;
  CrlPlan plan{.crl = crl,
               .issuer = authority.identity,
               .key = *authority.key,
               .signing_algorithm = authority.record.signing_algorithm,
               .life = crl_life(crl, configuration)};
  try {
    const TimePoint now = clock.now();
    plan.due = crl_due(crl, configuration, now);
    plan.above = number_in_buckets(crl.name);
    const bool overtaken = plan.above > crl.number;
    if (overtaken && plan.due == CrlDue::no) {
      plan.due = CrlDue::news;
    }
    const auto current = published_crls.find(crl.name);
    // After a start, and when the answer of the ledger was lost.
    const bool behind = current ? crl.issued && crl.issued->number > current->number : crl.number != 0;
    if (behind) {
      if (auto found = load_crl(plan)) {
        published_crls.put(*std::move(found));
        publish_loop->wake();
        turn.waiting = true;  // looked at again with what it has recorded
        return;
      }
      if (plan.due == CrlDue::no && crl_lives(crl, configuration, now)) {
        plan.due = CrlDue::news;
      }
    }
    if (plan.due == CrlDue::no ||
        (plan.due == CrlDue::news && !overtaken && current && !news_ripe(crl.name, now))) {
      turn.waiting = turn.waiting || plan.due != CrlDue::no;
      well(about_crl(crl));
      return;
    }
    check_can_sign(*authority.key);
    CrlIssuing::Issued made =
        crl_issuing.issue(plan, now, std::chrono::steady_clock::now() + options.sign_deadline);
    published_crls.put(std::move(made.crl));
    publish_loop->wake();
    news_since.erase(crl.name);
    if (made.not_kept) {
      say(about_crl(crl),
          "CRL " + crl.name + " of " + crl.authority.text() +
              " is served and published, but a restart will have to make it again: " + *made.not_kept);
    } else {
      well(about_crl(crl));
    }
  } catch (const std::exception& error) {
    turn.failed = turn.stuck = true;
    const auto* refused = dynamic_cast<const Error*>(&error);
    if (refused != nullptr && is_fatal(refused->code())) {
      stop_issuing(authority, error.what());
    }
    const std::string until =
        crl.issued ? "the last one is good until " + rfc3339(crl.issued->next_update) : "there is none yet";
    say(about_crl(crl),
        "CRL " + crl.name + " of " + crl.authority.text() + " is not issued, " + until + ": " + error.what());
  }
}

std::uint64_t AuthorityService::State::number_in_buckets(const std::string& series) const {
  const std::lock_guard lock{mutex};
  const auto found = numbers_in_buckets.find(series);
  return found == numbers_in_buckets.end() ? 0 : found->second;
}

// To try in vain would use up a number and leave an intent in the audit log, every few seconds.
void AuthorityService::State::check_can_sign(const SigningKey& key) const {
  if (signer.is_away(key)) {
    throw Error{Code::unavailable, "the token is away"};
  }
  if (const KeyVerdict verdict = signer.verdict(key); verdict.state == KeyVerdict::State::unusable) {
    throw Error{Code::key_unusable, verdict.detail};
  }
}

// A file that cannot be read is as good as none: the next CRL takes its place.
std::optional<PublishedCrl> AuthorityService::State::load_crl(const CrlPlan& plan) {
  if (options.revocation.crl_directory.empty()) {
    return std::nullopt;
  }
  try {
    return crl_issuing.load(plan);
  } catch (const Error& error) {
    say(about_crl(plan.crl) + " on disk",
        "the file of CRL " + plan.crl.name + " cannot be used: " + error.what());
    return std::nullopt;
  }
}

// Revocations that come together share a CRL.
bool AuthorityService::State::news_ripe(const std::string& name, TimePoint now) {
  const auto [since, fresh] = news_since.try_emplace(name, now);
  return now - since->second >= options.revocation.crl_delay || now < since->second;
}

// From the ledger: what the loop knows stands still when a key hangs, which is when this is looked at.
std::map<std::string, std::uint64_t> AuthorityService::unlisted_revocations() const {
  std::map<std::string, std::uint64_t> all;
  for (const auto& authority : state_->catalog.all()) {
    const TimePoint now = state_->clock.now();
    for (const CrlRecord& crl : state_->inventory.crls(authority->record.arn)) {
      const Authority* issuer = authority->under(crl.key_number);
      if (issuer != nullptr && issuer->answers_at(now) && crl_lives(crl, authority->revocation.crl, now)) {
        all[authority->record.arn.text()] +=
            crl.revocations - (crl.issued ? std::min(crl.issued->covered, crl.revocations) : 0);
      }
    }
  }
  return all;
}

std::shared_ptr<const PublishedCrl> AuthorityService::crl(const std::string& name) const {
  return state_->published_crls.find(name);
}

}  // namespace ca
