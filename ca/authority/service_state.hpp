#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "ca/authority/authority.hpp"
#include "ca/authority/authority_service.hpp"
#include "ca/issuance/issue.hpp"

namespace ca {

// What the operations of AuthorityService share. Private to ca/authority.
struct AuthorityService::State {
  State(AuthorityServiceOptions service_options, std::vector<ProvisioningProfile> initial_profiles,
        Ledger& the_ledger, Inventory& the_inventory, Signer& the_signer, PolicyEngine& the_policy,
        const Clock& the_clock);

  const AuthorityServiceOptions options;
  Ledger& ledger;
  Inventory& inventory;
  Signer& signer;
  PolicyEngine& policy;
  const Clock& clock;
  AuthorityCatalog catalog;
  Issuance issuance;

  // The caller's own authority, in a region of ours. Throws Code::resource_not_found in the same words
  // whether it is absent or another account's (I15).
  [[nodiscard]] std::shared_ptr<const Authority> own(const Caller& caller, const AuthorityArn& arn) const;
  void require(const Caller& caller, const std::string& operation, const std::string& resource,
               std::map<std::string, std::vector<std::string>> context = {}) const;
  // Stores a changed record (compare-and-swap) and shows it to all. Throws Code::concurrent_modification.
  void update(AuthorityRecord changed, AuditEvent event);
  [[nodiscard]] AuditEvent event(const Caller& caller, const std::string& type,
                                 const AuthorityArn& arn) const;
  [[nodiscard]] std::optional<IdempotencyClaim> claim(const Caller& caller, const std::string& scope,
                                                      const std::optional<std::string>& token,
                                                      std::string_view request) const;

  // The issuing path behind policy and profile checks; shared by issue() and provision().
  struct Request {
    std::shared_ptr<const Authority> authority;
    const Template* tmpl = nullptr;
    const CertificateRequest* csr = nullptr;
    Validity validity;
    SigningAlgorithm signing_algorithm = SigningAlgorithm::sha256_with_ecdsa;
    std::optional<IdempotencyClaim> claim;
    std::string device_id;
  };
  [[nodiscard]] CertificateRecord issue(const Caller& caller, const Request& request);
  [[nodiscard]] CertificatePem pem_of(const Authority& authority, const CertificateRecord& record) const;

  [[nodiscard]] std::shared_ptr<const std::vector<ProvisioningProfile>> current_profiles() const;

  // ---- background work (background.cpp): key pairs of CREATING authorities, PENDING certificates, key
  // audits
  void start_background(std::function<void(const std::string&)> notice_sink);
  void stop_background();
  void wake();
  void run();
  [[nodiscard]] bool make_keys();  // false when some authority still waits for its key
  void make_key(const Authority& authority);
  void fail_creation(const Authority& authority, const std::string& reason);
  [[nodiscard]] bool audit_keys();    // false when some key is not usable
  [[nodiscard]] bool sign_pending();  // true when some row had to stay
  [[nodiscard]] bool sign_row(const CertificateRecord& record);
  // Issuance::Objection: why a PENDING row must never be signed any more.
  [[nodiscard]] std::optional<std::string> objection(const CertificateRecord& record) const;
  void say(const std::string& message);  // once per distinct message until something works again

  mutable std::mutex mutex;
  std::condition_variable changed;  // an authority left CREATING, or work arrived, or stopping
  std::shared_ptr<const std::vector<ProvisioningProfile>> profiles;
  std::function<void(const std::string&)> notice;
  std::set<std::string> said;
  std::map<std::string, Status::AuthorityKey> key_audits;  // by ARN
  bool work_arrived = false;
  bool stopping = false;
  std::thread worker;

  std::atomic<std::size_t> pending{0};
  std::atomic<std::uint64_t> issued{0}, resumed{0}, failed{0};
  // Set while the token does not sign: requests then stop waiting for it and answer with their ARN at once.
  std::atomic<bool> token_away{false};
};

}  // namespace ca
