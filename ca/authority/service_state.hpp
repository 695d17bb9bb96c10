#pragma once
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "ca/authority/authority.hpp"
#include "ca/authority/authority_service.hpp"
#include "ca/authority/crew.hpp"
#include "ca/authority/loop.hpp"
#include "ca/authority/refusals.hpp"
#include "ca/issuance/issue.hpp"
#include "ca/revocation/crl_issuing.hpp"
#include "ca/revocation/crl_places.hpp"
#include "ca/revocation/crl_series.hpp"
#include "ca/storage/directory_bucket.hpp"

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
  Refusals refusals;

  // ---- access (access.cpp). Each asks the policies first and throws Code::access_denied in AWS's words; a
  // device that comes with its own certificate passes authorize_any() only, for POST /provision (I11).
  using RequestContext = std::map<std::string, std::vector<std::string>>;
  // For operations that name no authority.
  void require(const Caller& caller, const std::string& operation, RequestContext context = {}) const;
  // The authority in the caller's region. Throws Code::resource_not_found.
  [[nodiscard]] std::shared_ptr<const Authority> authorize(const Caller& caller, const AuthorityArn& arn,
                                                           const std::string& operation,
                                                           RequestContext context = {}) const;
  // The same, and not DELETED: Code::invalid_state.
  [[nodiscard]] std::shared_ptr<const Authority> authorize_living(const Caller& caller,
                                                                  const AuthorityArn& arn,
                                                                  const std::string& operation,
                                                                  RequestContext context = {}) const;
  [[nodiscard]] std::shared_ptr<const Authority> authorize_any(const Caller& caller, const AuthorityArn& arn,
                                                               const std::string& operation,
                                                               RequestContext context) const;
  static void check_living(const Authority& authority);
  // What the policies are asked; refers to caller and authority (nullptr: there is none).
  [[nodiscard]] AuthorizationRequest request_for(const Caller& caller, const AuthorityArn& arn,
                                                 const std::string& operation, const Authority* authority,
                                                 RequestContext context) const;

  [[nodiscard]] Page page(const Caller& caller, const std::function<bool(const Authority&)>& wanted,
                          std::size_t max_results, const std::string& next_token) const;
  // Edits the record of a living authority; again when another change comes first. What `edit` throws ends
  // it.
  void change(const AuthorityArn& arn, AuditEvent event, const std::function<void(AuthorityRecord&)>& edit);
  // The daemon changes records itself when it makes and renews OCSP signers: a change that only met such a
  // one is made again, from what is there then; so is an issuance that only met a change of the key.
  static void again(const std::function<void()>& make);
  // Edits one of the authority's keys, as `update` does for the whole record. `of` may be one of `others`.
  void update_key(const Authority& of, AuditEvent event, const std::function<void(KeyGeneration&)>& edit);
  [[nodiscard]] std::optional<OcspAuthority> ocsp_authority(const Authority& authority) const;
  void update(const Caller& caller, const AuthorityArn& arn, const AuthorityUpdate& wanted);
  void remove(const Caller& caller, const AuthorityArn& arn, int restorable_days);
  void import_certificate(const Caller& caller, const ImportOrder& order);
  // Stores a changed record (compare-and-swap) and shows it to all. Throws Code::concurrent_modification.
  void update(AuthorityRecord changed, AuditEvent event);
  // Shows what the ledger holds after a change whose outcome is not known; tried again later when the ledger
  // cannot be read.
  void reread(const AuthorityArn& arn);
  // Fatal (architecture, 5): durably DISABLED, until a person has looked and enables it again.
  // When the fault is of a key beside the one that issues, the authority goes on.
  void stop_issuing(const Authority& by, const std::string& reason);
  [[nodiscard]] AuditEvent event(const Caller& caller, const std::string& type,
                                 const AuthorityArn& arn) const;
  [[nodiscard]] std::optional<IdempotencyClaim> claim(const Caller& caller, const std::string& scope,
                                                      const std::optional<std::string>& token,
                                                      std::string_view request) const;
  // The living certificate that an earlier equal request made: an exact retry is answered whatever has
  // changed meanwhile.
  [[nodiscard]] std::optional<CertificateRecord> earlier(const std::optional<IdempotencyClaim>& claim) const;

  // The issuing path behind policy and profile checks; shared by issue() and provision(). Throws
  // Code::concurrent_modification when the authority issues with another key now.
  struct Request {
    std::shared_ptr<const Authority> authority;
    const Template* tmpl = nullptr;
    const CertificateRequest* csr = nullptr;
    ApiPassthrough api;
    Validity validity;
    SigningAlgorithm signing_algorithm = SigningAlgorithm::sha256_with_ecdsa;
    std::optional<IdempotencyClaim> claim;
    std::string device_id;
    std::string profile;
  };
  [[nodiscard]] CertificateArn issue(const Caller& caller, const IssuanceOrder& order);
  [[nodiscard]] ProvisioningResult provision(const Caller& caller, const ProvisioningOrder& order);
  [[nodiscard]] CertificateRecord issue(const Caller& caller, const Request& request);
  // The device's living certificate for this key and profile, or a new one (I12).
  [[nodiscard]] CertificateRecord issue_to_device(const Caller& caller, Request request, int validity_days);
  void check_key(const Authority& authority) const;
  [[nodiscard]] CertificatePem pem_of(const CertificateRecord& record) const;

  [[nodiscard]] std::shared_ptr<const std::vector<ProvisioningProfile>> current_profiles() const;

  // ---- revocation_pointers.cpp. In front of a CRL's key, with the slash; nullopt: nobody told us.
  [[nodiscard]] std::optional<std::string> crl_base(const CrlConfiguration& configuration) const;
  [[nodiscard]] std::optional<std::string> ocsp_url(const OcspConfiguration& configuration) const;
  // Whether this daemon can do it. Throws Code::invalid_args, Code::constraint_violation.
  void check_revocation(const RevocationConfiguration& wanted) const;
  struct Pointers {
    RevocationPointers uris;
    std::optional<NamedCrl> crl;  // that will list the certificate
    bool fresh_crl = false;       // which does not exist yet
  };
  // Of the authority's next certificate; its CRL's series is durable at return.
  [[nodiscard]] Pointers pointers_for(const Authority& authority, const Template& tmpl);

  // ---- background work: keys.cpp has the key pairs of CREATING authorities and the audits of keys,
  // pending.cpp the certificates that wait for a token, write_report.cpp the reports. A thread each, so that
  // none holds up another.
  void start_background(std::function<void(const std::string&)> notice_sink);
  void stop_background();
  [[nodiscard]] Loop::Turn keep_keys();
  [[nodiscard]] bool reread_unread();
  [[nodiscard]] bool make_keys();  // false when some authority still waits for its key
  void make_key(const Authority& authority);
  [[nodiscard]] KeyGeneration made_key(const AuthorityRecord& record, std::uint64_t key_number,
                                       const std::string& token);
  void fail_creation(const Authority& authority, const std::string& reason);
  [[nodiscard]] bool audit_keys();  // false when some key is not usable
  void write_due_refusals();
  [[nodiscard]] Loop::Turn sign_pending();
  enum class Row { done, kept };
  [[nodiscard]] Row sign_row(const CertificateRecord& record);
  // Issuance::Objection: why a PENDING row must never be signed any more.
  [[nodiscard]] std::optional<std::string> objection(const CertificateRecord& record) const;
  [[nodiscard]] Loop::Turn write_reports();
  [[nodiscard]] bool write_report(const AuditReportRecord& report);  // false when it was left for later
  // What was written, as the audit log says it; nullopt when the service ends before the report does.
  [[nodiscard]] std::optional<AuditEvent> write_report_into(const AuditReportRecord& report, Bucket& bucket);
  void fail_report(const AuditReportRecord& report, const std::string& reason);
  // keep_crls.cpp issues CRLs, publish_crls.cpp puts them into buckets.
  struct CrlTurn {
    bool waiting = false;  // something is due in a moment
    bool stuck = false;    // something could not be done
    bool failed = false;   // something of the authority that is looked at
  };
  [[nodiscard]] CommitResult committed_revocation(LedgerEntry entry, const SerialNumber& serial);
  [[nodiscard]] bool settle_revocations();
  [[nodiscard]] Loop::Turn keep_crls();
  void keep_crls(const Authority& authority, CrlTurn& turn);
  void forget_all_but(const std::vector<std::shared_ptr<const Authority>>& keys);
  void keep_crl(const Authority& authority, const CrlRecord& crl, CrlTurn& turn);
  // What publish_loop and operators go by until the next turn.
  void note_series(const Authority& authority, const std::vector<CrlRecord>& series);
  void check_can_sign(const SigningKey& key) const;
  [[nodiscard]] std::uint64_t number_in_buckets(const std::string& series) const;
  [[nodiscard]] std::optional<PublishedCrl> load_crl(const CrlPlan& plan);
  [[nodiscard]] bool news_ripe(const std::string& name, TimePoint now);
  [[nodiscard]] Loop::Turn publish_crls();
  // What became of the last CRL of a series at one place.
  struct Publication {
    std::uint64_t number = 0;  // that stands there
    TimePoint at{};            // when it was found or put there
  };
  // A series as it was looked at last.
  struct SeriesStanding {
    bool lives = false;
    std::set<CrlTarget> targets;  // where its last CRL has to stand
    friend bool operator==(const SeriesStanding&, const SeriesStanding&) = default;
  };
  [[nodiscard]] SeriesStanding standing_of(const PublishedCrl& crl) const;
  void publish_crl(Bucket& bucket, const std::string& key, const PublishedCrl& crl,
                   const Authority& authority);
  [[nodiscard]] bool try_to_publish(const Authority& authority, const CrlTarget& target,
                                    const PublishedCrl& crl);
  // ocsp_signers.cpp makes and renews the signers of OCSP answers.
  [[nodiscard]] Loop::Turn keep_ocsp();
  [[nodiscard]] static bool answers_ocsp(const Authority& authority, TimePoint now);
  // `authority` is that under the key whose answers are meant: each key has its own signer.
  void keep_ocsp_signer(const Authority& authority);
  void trust_ocsp_key_again(const Authority& authority, Deadline deadline);
  void make_ocsp_key(const Authority& authority);
  void certify_ocsp_key(const Authority& authority, const Validity& validity);
  void take_ocsp_certificate(const Authority& authority, const CertificateRecord& row);
  // Puts a record into the catalog, and before the responder. The only way into either.
  void show(AuthorityRecord record);
  void show_to_ocsp(const AuthorityArn& arn);
  void note_unusable(const std::string& key_uri);
  void note_usable(const std::string& key_uri);
  // Tells an operator, once until it is another message or all is well with it again.
  void say(const std::string& about, const std::string& message);
  void well(const std::string& about);

  mutable std::mutex mutex;
  std::condition_variable changed;  // an authority left CREATING, or stopping
  bool stopping = false;
  std::shared_ptr<const std::vector<ProvisioningProfile>> profiles;
  std::function<void(const std::string&)> notice;
  std::map<std::string, std::string> said;          // last message about what
  std::set<std::string> unread;                     // ARNs for reread()
  std::map<std::string, TimePoint> unusable_since;  // by the key's URI
  std::atomic<bool> anything_noted{false};          // said or unusable_since hold something
  std::mutex creating;                              // one creation at a time: the quota is exact
  std::set<std::string> preparing;                  // ARNs whose next key is being made; under mutex

  std::atomic<std::uint64_t> issued{0}, resumed{0}, failed{0};

  DirectoryBucket crl_files;
  CrlSeries crl_series;
  CrlIssuing crl_issuing;
  PublishedCrls published_crls;
  std::vector<std::pair<std::future<CommitResult>, SerialNumber>> uncertain_revocations;  // under mutex
  // By the name of the key that signs (KeyName), then by that of the series; under mutex.
  std::map<std::string, std::map<std::string, SeriesStanding>> series_standings;
  std::map<std::string, std::uint64_t> numbers_in_buckets;  // that are above ours, by series; under mutex
  std::set<std::string> answered_for;                       // names of keys that OCSP knows; ocsp_loop alone
  std::set<std::string> troubled_crls;            // names of keys whose last turn failed; crl_loop alone
  std::set<std::string> troubled_buckets;         // that failed in the last turn; publish_loop alone
  std::map<std::string, TimePoint> news_since;    // by series; crl_loop alone
  std::map<CrlTarget, Publication> publications;  // under mutex
  OcspResponder responder;

  std::optional<Crew> crew;
  std::optional<Loop> key_loop;
  std::optional<Loop> pending_loop;
  std::optional<Loop> report_loop;
  std::optional<Loop> crl_loop;
  std::optional<Loop> publish_loop;
  std::optional<Loop> ocsp_loop;
};

}  // namespace ca
