#include "ca/authority/authority.hpp"

#include <algorithm>
#include <mutex>

#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxStoredChain = 16;

// What the certificates above the authority allow it: the chain may be narrower than the authority's own
// certificate.
void narrow(IssuerIdentity& identity, const std::string& chain_pem) {
  int authorities_below = 1;
  for (const PemBlock& block : parse_pem(chain_pem, kMaxStoredChain)) {
    const Certificate above = Certificate::parse(block.der);
    identity.validity->not_before = std::max(identity.validity->not_before, above.validity.not_before);
    identity.validity->not_after = std::min(identity.validity->not_after, above.validity.not_after);
    const auto basic = above.basic_constraints();
    if (basic && basic->path_length) {
      const int left = std::max(*basic->path_length - authorities_below, 0);
      identity.path_length = std::min(identity.path_length.value_or(left), left);
    }
    for (const char* id : {oid::kNameConstraints, oid::kExtendedKeyUsage}) {
      if (const Extension* limit = above.find(id)) {
        identity.extensions.push_back(*limit);
      }
    }
    ++authorities_below;
  }
}

IssuerIdentity identity_of(const AuthorityRecord& record, const std::optional<Certificate>& certificate) {
  IssuerIdentity identity;
  identity.spki_der = record.spki_der;
  if (!certificate) {
    identity.subject = DistinguishedName::parse(record.subject_der);
    return identity;
  }
  identity.subject = certificate->subject;
  identity.subject_key_id = certificate->subject_key_id();
  identity.validity = certificate->validity;
  if (const auto constraints = certificate->basic_constraints()) {
    identity.path_length = constraints->path_length;
  }
  identity.extensions = certificate->extensions;
  if (!record.chain_pem.empty()) {
    narrow(identity, record.chain_pem);
  }
  return identity;
}

// A policy that an earlier version accepted and this one does not read: what it denied must stay denied, so
// all is, but what it takes to look at the authority and to put another policy in its place.
PolicyDocument stored_policy(const std::string& json) {
  try {
    return PolicyDocument::parse_resource("resource policy", json);
  } catch (const Error& error) {
    return PolicyDocument::parse_resource(
        std::string{"resource policy that cannot be read ("} + error.what() + ")",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Resource":"*","NotAction":[
            "acm-pca:Describe*","acm-pca:List*","acm-pca:GetPolicy","acm-pca:PutPolicy","acm-pca:DeletePolicy"]}]})");
  }
}

// Version 0 is in no ledger: an update with this record would be refused.
AuthorityRecord under_another_key(const AuthorityRecord& record, const KeyGeneration& key) {
  AuthorityRecord other = record;
  static_cast<KeyGeneration&>(other) = key;
  other.other_keys.clear();
  other.version = 0;
  return other;
}

}  // namespace

std::shared_ptr<const Authority> Authority::load(AuthorityRecord record) {
  auto authority = std::make_shared<Authority>();
  if (!record.certificate_der.empty()) {
    authority->certificate = Certificate::parse(record.certificate_der);
  }
  if (!record.key_uri.empty()) {
    authority->key = SigningKey{record.key_uri, PublicKey::parse(record.spki_der)};
  }
  if (!record.ocsp_key_uri.empty()) {
    authority->ocsp_key = SigningKey{record.ocsp_key_uri, PublicKey::parse(record.ocsp_spki_der)};
  }
  if (!record.ocsp_certificate_der.empty()) {
    authority->ocsp_certificate = Certificate::parse(record.ocsp_certificate_der);
  }
  authority->identity = identity_of(record, authority->certificate);
  authority->tags = parse_tags(record.tags_json);
  authority->revocation = RevocationConfiguration::parse(record.revocation_json);
  if (!record.policy_json.empty()) {
    authority->resource_policy = stored_policy(record.policy_json);
  }
  for (const KeyGeneration& key : record.other_keys) {
    if (!key.certificate_der.empty()) {
      authority->others.push_back(load(under_another_key(record, key)));
    }
  }
  authority->record = std::move(record);
  return authority;
}

AuthorityStatus Authority::status_at(TimePoint now) const {
  const bool can_expire =
      record.status == AuthorityStatus::active || record.status == AuthorityStatus::disabled;
  if (can_expire && record.validity && to_seconds(now) > record.validity->not_after) {
    return AuthorityStatus::expired;
  }
  return record.status;
}

bool Authority::answers_at(TimePoint now) const {
  const bool issued = record.status == AuthorityStatus::active ||
                      record.status == AuthorityStatus::disabled || record.status == AuthorityStatus::deleted;
  return issued && key && record.validity && to_seconds(now) <= record.validity->not_after &&
         !is_gone_at(now);
}

bool Authority::revokes_at(TimePoint now) const {
  const AuthorityStatus status = status_at(now);
  return status == AuthorityStatus::active || status == AuthorityStatus::disabled ||
         (status == AuthorityStatus::expired &&
          std::ranges::any_of(others, [&](const auto& other) { return other->answers_at(now); }));
}

bool Authority::is_gone_at(TimePoint now) const {
  return record.status == AuthorityStatus::deleted &&
         (!record.restorable_until || now >= *record.restorable_until);
}

const Authority* Authority::under(std::uint64_t key_number) const {
  if (record.key_number == key_number) {
    return this;
  }
  for (const auto& other : others) {
    if (other->record.key_number == key_number) {
      return other.get();
    }
  }
  return nullptr;
}

std::string Authority::described() const {
  return record.arn.text() +
         (record.last_key_number == 1 ? "" : ", key " + std::to_string(record.key_number));
}

const KeyGeneration* Authority::next_key() const {
  const auto next = std::find_if(record.other_keys.begin(), record.other_keys.end(),
                                 [](const KeyGeneration& other) { return !other.retired_at; });
  return next == record.other_keys.end() ? nullptr : &*next;
}

Issuer Authority::issuer() const {
  return {.arn = record.arn,
          .identity = identity,
          .key = key.value(),
          .key_number = record.key_number,
          .generation = record.generation};
}

std::string Authority::issued_chain_pem() const {
  return record.chain_pem.empty() ? record.certificate_pem : record.certificate_pem + "\n" + record.chain_pem;
}

void AuthorityCatalog::put(AuthorityRecord record) {
  auto authority = Authority::load(std::move(record));
  const std::string arn = authority->record.arn.text();
  const std::unique_lock lock{mutex_};
  auto& slot = by_arn_[arn];
  // Two changes may arrive here out of order; the newer version stays.
  if (!slot || slot->record.version <= authority->record.version) {
    slot = std::move(authority);
  }
}

std::shared_ptr<const Authority> AuthorityCatalog::find(const AuthorityArn& arn) const {
  const std::shared_lock lock{mutex_};
  const auto found = by_arn_.find(arn.text());
  return found == by_arn_.end() ? nullptr : found->second;
}

std::shared_ptr<const Authority> AuthorityCatalog::find_by_id(const std::string& id) const {
  const std::shared_lock lock{mutex_};
  for (const auto& [arn, authority] : by_arn_) {
    if (authority->record.arn.id == id) {
      return authority;
    }
  }
  return nullptr;
}

std::vector<std::shared_ptr<const Authority>> AuthorityCatalog::all() const {
  const std::shared_lock lock{mutex_};
  std::vector<std::shared_ptr<const Authority>> authorities;
  authorities.reserve(by_arn_.size());
  for (const auto& [arn, authority] : by_arn_) {
    authorities.push_back(authority);
  }
  return authorities;
}

std::vector<std::shared_ptr<const Authority>> AuthorityCatalog::all_keys() const {
  std::vector<std::shared_ptr<const Authority>> keys;
  for (auto& authority : all()) {
    const auto& others = authority->others;
    keys.push_back(authority);
    keys.insert(keys.end(), others.begin(), others.end());
  }
  return keys;
}

std::size_t AuthorityCatalog::count(const std::string& account, TimePoint now) const {
  const std::shared_lock lock{mutex_};
  return static_cast<std::size_t>(std::count_if(by_arn_.begin(), by_arn_.end(), [&](const auto& entry) {
    return entry.second->record.arn.account == account && !entry.second->is_gone_at(now);
  }));
}

}  // namespace ca
