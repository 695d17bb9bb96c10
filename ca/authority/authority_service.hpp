#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ca/authority/orders.hpp"
#include "ca/base/clock.hpp"
#include "ca/base/key_name.hpp"
#include "ca/inventory/inventory.hpp"
#include "ca/ledger/ledger.hpp"
#include "ca/policy/policy.hpp"
#include "ca/revocation/ocsp_responder.hpp"
#include "ca/revocation/published_crls.hpp"
#include "ca/signer/signer.hpp"
#include "ca/storage/bucket.hpp"

namespace ca {

struct RevocationOptions {
  std::string
      url;  // of the status listener, as relying parties reach it, no slash at the end; empty: unknown
  std::filesystem::path crl_directory;        // made at the start; empty only where there are no CRLs
  std::chrono::milliseconds crl_delay{5000};  // from a revocation to the CRL that lists it: others join it
  std::uint64_t partition_size = 100'000;     // certificates that name one partition's CRL
  bool ca_issuers = false;                    // certificates say where the authority's certificate is
  // Of an offline authority, whose files others publish: certificates name them as written; empty: nothing.
  std::string published_crl, published_ca_issuers;
  bool no_rev_avail = false;  // RFC 9608: of what SHORT_LIVED_CERTIFICATE authorities issue
};

struct AuthorityServiceOptions {
  std::string partition = "aws";
  std::vector<std::string> regions{"us-east-1"};
  std::string key_token = "issuing";  // configured token for new CA keys
  std::chrono::milliseconds issue_wait{
      1000};  // how long issue() waits for the signature before it answers with the ARN
  std::chrono::milliseconds create_wait{2000};          // the same for a CA's key pair
  std::chrono::milliseconds sign_deadline{2000};        // one attempt of a background signature
  std::chrono::milliseconds revoke_wait = kCommitWait;  // for the ledger; then the outcome is not known
  std::chrono::milliseconds resume_backoff{200};
  std::chrono::seconds idempotency_window{300};
  // A key that has been missing, weak or distrusted for so long is given up: what waits for it fails.
  std::chrono::seconds key_gone_after{3600};
  std::size_t max_pending = 10000;    // per account: accepted, not yet signed; beyond: Code::throttled
  std::size_t max_authorities = 200;  // per account
  Buckets buckets;
  RevocationOptions revocation;
  std::chrono::seconds report_interval{1800};  // between two reports of one authority
  // How long writing a report is tried again while the trouble may pass; then it is FAILED.
  std::chrono::seconds report_patience{3600};
  OcspResponderOptions ocsp;
  std::chrono::seconds ocsp_signer_validity{30 * 24 * 3600};  // of the signer's certificate
  // How long the signer's key signs nothing after a signature of its that did not verify; then it is tried.
  std::chrono::milliseconds ocsp_signer_rest{300'000};
};

// The authority as protocols see it: every call checks the caller's policy, decides, makes it durable,
// answers. Thread-safe; calls block on token and store within the bounds of the options. Throws ca::Error. An
// object of another account does not exist for the caller (I15).
class AuthorityService {
 public:
  AuthorityService(AuthorityServiceOptions options, std::vector<ProvisioningProfile> profiles, Ledger& ledger,
                   Inventory& inventory, Signer& signer, PolicyEngine& policy, const Clock& clock);
  ~AuthorityService();  // stops the background work; PENDING rows stay for the next start
  AuthorityService(const AuthorityService&) = delete;
  AuthorityService& operator=(const AuthorityService&) = delete;

  // Loads the authorities and takes up what a crash or an outage left: CREATING authorities, PENDING
  // certificates (I19). The background worker reports what a person should see through `notice`.
  void start(std::function<void(const std::string& message)> notice);

  [[nodiscard]] AuthorityArn create(const Caller& caller, const CreateAuthorityOrder& order);
  [[nodiscard]] AuthorityRecord describe(const Caller& caller, const AuthorityArn& arn);
  struct Page {
    std::vector<AuthorityRecord> authorities;
    std::string next_token;  // empty on the last page
  };
  [[nodiscard]] Page list(const Caller& caller, std::size_t max_results, const std::string& next_token);
  // Those of other accounts that the caller may describe.
  [[nodiscard]] Page list_shared(const Caller& caller, std::size_t max_results,
                                 const std::string& next_token);
  // Only ACTIVE and DISABLED can be asked for; what changes nothing is checked like a change.
  void update(const Caller& caller, const AuthorityArn& arn, const AuthorityUpdate& wanted);
  [[nodiscard]] std::string csr(const Caller& caller, const AuthorityArn& arn);
  void import_certificate(const Caller& caller, const ImportOrder& order);
  [[nodiscard]] CertificatePem authority_certificate(const Caller& caller, const AuthorityArn& arn);

  // The keys of an authority, by number (docs/operating.md, "A new key for an authority"). A subordinate
  // authority gets a new key while it goes on issuing: prepare_key makes it, import_certificate() takes the
  // certificate for it (from then on it is PUBLISHED: its certificate, CRL and OCSP signer are there for
  // everybody), activate_key lets it issue in the place of the present one, which is RETIRED and goes on
  // answering for what it signed.
  struct Key {
    enum class State { prepared, published, active, retired };
    State state = State::active;
    KeyGeneration generation;
    KeyVerdict verdict{};
  };
  [[nodiscard]] std::vector<Key> keys(const Caller& caller, const AuthorityArn& arn);
  // The key that is prepared already, or a new one on the token for new keys. Durable at return. Blocks on
  // the token while it makes the pair, and other calls for that authority get Code::request_in_progress.
  [[nodiscard]] Key prepare_key(const Caller& caller, const AuthorityArn& arn);
  // Also back to a RETIRED key. From the return on no certificate is accepted for another key. That key, and
  // after it the one that issued until now; alone when it did already.
  std::vector<Key> activate_key(const Caller& caller, const AuthorityArn& arn, std::uint64_t key_number);
  // Of a key that has never issued. Its pair stays in the token. The key as it was.
  Key discard_key(const Caller& caller, const AuthorityArn& arn, std::uint64_t key_number);

  // DELETED, restorable for so many days; CREATING and FAILED ones are gone at once.
  void remove(const Caller& caller, const AuthorityArn& arn, int restorable_days);
  void restore(const Caller& caller, const AuthorityArn& arn);

  [[nodiscard]] std::vector<Tag> tags(const Caller& caller, const AuthorityArn& arn);
  void tag(const Caller& caller, const AuthorityArn& arn, const std::vector<Tag>& tags);
  void untag(const Caller& caller, const AuthorityArn& arn, const std::vector<TagToRemove>& tags);

  [[nodiscard]] std::vector<Permission> permissions(const Caller& caller, const AuthorityArn& arn);
  // An empty source account is the caller's own.
  void create_permission(const Caller& caller, const AuthorityArn& arn, Permission permission);
  void delete_permission(const Caller& caller, const AuthorityArn& arn, const std::string& principal,
                         const std::string& source_account);

  // Throws Code::resource_not_found when there is none.
  [[nodiscard]] std::string resource_policy(const Caller& caller, const AuthorityArn& arn);
  // Throws Code::invalid_policy, and Code::lockout_prevented when the caller could not change it again.
  void put_resource_policy(const Caller& caller, const AuthorityArn& arn, const std::string& json);
  void delete_resource_policy(const Caller& caller, const AuthorityArn& arn);

  // Durable at return; signed at return unless the token took longer than issue_wait.
  [[nodiscard]] CertificateArn issue(const Caller& caller, const IssuanceOrder& order);
  [[nodiscard]] CertificatePem certificate(const Caller& caller, const AuthorityArn& authority,
                                           const CertificateArn& arn);
  // `serial` in any form that clients send. Durable at return.
  void revoke(const Caller& caller, const AuthorityArn& arn, const std::string& serial,
              RevocationReason reason);

  // GET /certificates; also of an authority that is DELETED. Throws Code::invalid_next_token.
  [[nodiscard]] CertificatePage find_certificates(const Caller& caller, const CertificateSearch& search);

  // The last CRL of the series with that name; nullptr: there is none. For everybody.
  [[nodiscard]] std::shared_ptr<const PublishedCrl> crl(const std::string& name) const;
  // One for each series that has a CRL and lives, for operators.
  struct CrlStatus {
    std::string authority;  // ARN
    std::string name;
    std::uint64_t number = 0;
    TimePoint issued_at{};
    Seconds next_update{};
    std::uint64_t bytes = 0;
    struct Place {
      std::string bucket;
      std::string key;
      std::uint64_t number = 0;  // that stands there; 0: not known yet
    };
    std::vector<Place> places;  // in buckets, where it has to stand
  };
  [[nodiscard]] std::vector<CrlStatus> crl_status() const;
  // By ARN, of each authority that issues CRLs: how many revocations their last ones do not list yet. Asks
  // the ledger, and throws as that does.
  [[nodiscard]] std::map<std::string, std::uint64_t> unlisted_revocations() const;

  // Durable at return, written in the background: every certificate that the authority has issued. Throws
  // Code::request_in_progress when another one is being written or was ordered within report_interval.
  [[nodiscard]] AuditReportRecord order_report(const Caller& caller, const ReportOrder& order);
  [[nodiscard]] AuditReportRecord report(const Caller& caller, const AuthorityArn& arn,
                                         const std::string& id);

  [[nodiscard]] ProvisioningResult provision(const Caller& caller, const ProvisioningOrder& order);
  // What POST /provision accepted with 202; `id` is the serial's 32 hex digits.
  [[nodiscard]] ProvisioningResult provisioned(const Caller& caller, const std::string& id);

  // SIGHUP: the new profiles hold for every call that starts after the return.
  void replace_profiles(std::vector<ProvisioningProfile> profiles);

  // The device that this certificate of ours was issued to: ISSUED, not revoked, not over, byte for byte.
  // nullopt for any other certificate.
  struct Device {
    std::string account;
    std::string device_id;
  };
  [[nodiscard]] std::optional<Device> device_of(const Bytes& certificate_der);

  // Writes that a caller has taken a role for a time; durable at return. Throws as the ledger does: the
  // credentials must not be handed out then.
  void record_session(const Caller& caller, const std::string& session_arn, const std::string& access_key_id,
                      Seconds expires);
  // A record for the audit log of a request that was refused before or inside the authority. Does not wait
  // for the ledger; a flood of one principal is counted and summed up.
  void record_refusal(const Caller& caller, const std::string& operation, const std::string& resource,
                      const std::string& reason);

  // DER of the certificate of one of an authority's keys, for the public download; nullopt when there is
  // none.
  [[nodiscard]] std::optional<Bytes> public_certificate(const KeyName& name);
  // The same with those above it, the root last; empty: there is none.
  [[nodiscard]] std::vector<Bytes> public_chain(const KeyName& name);

  // OCSP for everybody, about the certificates of every authority that has it enabled: while it is ACTIVE or
  // DISABLED, and DELETED until it is gone (see OcspResponder).
  [[nodiscard]] OcspResponder::Reply answer_ocsp(ByteView request, const std::string& sender) noexcept;
  [[nodiscard]] std::optional<OcspResponder::Reply> answer_ocsp_at_once(ByteView request) noexcept;
  [[nodiscard]] OcspResponder::Status ocsp_status() const;

  struct Status {
    std::size_t authorities = 0;
    std::uint64_t issued = 0, resumed = 0, failed = 0;
    struct AuthorityKey {
      std::string arn;
      std::string token;     // configured name
      KeyVerdict verdict{};  // as it is now
      // Whether it was ever meant to issue yet: not while it waits for its certificate, not when it failed.
      bool in_service = true;
      std::string closed;  // why it could not issue now, whatever its key; empty when it could
    };
    std::vector<AuthorityKey> keys;
    // Of an authority beside the one that issues: it signs CRLs and OCSP signers.
    struct OtherKey {
      std::string arn;
      std::uint64_t number = 0;
      KeyVerdict verdict{};
    };
    std::vector<OtherKey> other_keys;
  };
  [[nodiscard]] Status status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ca
