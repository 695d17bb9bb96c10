#pragma once
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "ca/base/key_name.hpp"
#include "ca/inventory/records.hpp"
#include "ca/issuance/issue.hpp"
#include "ca/policy/policy_document.hpp"
#include "ca/policy/revocation_configuration.hpp"
#include "ca/policy/tags.hpp"
#include "ca/signer/signer.hpp"

namespace ca {

// One authority as issuing needs it: the record and what was parsed from it. Immutable, shared by threads.
struct Authority {
  AuthorityRecord record;
  std::optional<Certificate> certificate;  // after import
  std::optional<SigningKey> key;           // once the token made it
  std::optional<SigningKey> ocsp_key;      // of its OCSP signer, and what it certified that with last
  std::optional<Certificate> ocsp_certificate;
  IssuerIdentity identity;  // of the certificate, or of the coming self-signed root
  std::vector<Tag> tags;
  RevocationConfiguration revocation;
  std::optional<PolicyDocument> resource_policy;
  // The authority under each of its other keys that has a certificate: those that issued before, which go on
  // answering for what they signed, and the next one, which answers ahead of its first certificate. Their
  // records are for reading: the ledger takes none of them back.
  std::vector<std::shared_ptr<const Authority>> others;

  // Throws Code::internal when a stored record does not parse: the ledger was written by us alone.
  [[nodiscard]] static std::shared_ptr<const Authority> load(AuthorityRecord record);
  // EXPIRED is derived from the clock, never stored: ACTIVE or DISABLED with a certificate that has ended.
  [[nodiscard]] AuthorityStatus status_at(TimePoint now) const;
  // What it has issued is answered for, by OCSP and by CRLs: it has a certificate that has not ended, whether
  // or not it still issues, until it is gone.
  [[nodiscard]] bool answers_at(TimePoint now) const;
  // Revocations are taken: it is ACTIVE or DISABLED, or its certificate has ended and another of its keys
  // still answers for what it issued.
  [[nodiscard]] bool revokes_at(TimePoint now) const;
  // DELETED and not to be restored any more: as if it had never been.
  [[nodiscard]] bool is_gone_at(TimePoint now) const;
  // Itself or one of `others`; nullptr: there is no such key, or it has no certificate. Valid as long as this
  // object.
  [[nodiscard]] const Authority* under(std::uint64_t key_number) const;
  [[nodiscard]] KeyName key_name() const { return {record.arn.id, record.key_number}; }
  // For operators: its ARN, and which key when it has had more than one.
  [[nodiscard]] std::string described() const;
  // That may issue next: nullptr when none is prepared.
  [[nodiscard]] const KeyGeneration* next_key() const;
  // For Issuance; only when it has a key. Valid as long as this object.
  [[nodiscard]] Issuer issuer() const;
  // The chain of what this authority issues: its own certificate first, the root last.
  [[nodiscard]] std::string issued_chain_pem() const;
};

// All authorities of this daemon in memory: a few hundred, read at every request. Thread-safe.
class AuthorityCatalog {
 public:
  void put(AuthorityRecord record);
  // nullptr when absent.
  [[nodiscard]] std::shared_ptr<const Authority> find(const AuthorityArn& arn) const;
  [[nodiscard]] std::shared_ptr<const Authority> find_by_id(const std::string& id) const;
  [[nodiscard]] std::vector<std::shared_ptr<const Authority>> all() const;
  // The same, each followed by its `others`: once for each key with which something is signed.
  [[nodiscard]] std::vector<std::shared_ptr<const Authority>> all_keys() const;
  // Of that account, without those that are gone.
  [[nodiscard]] std::size_t count(const std::string& account, TimePoint now) const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<const Authority>> by_arn_;
};

}  // namespace ca
