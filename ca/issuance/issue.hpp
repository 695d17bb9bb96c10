#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "ca/base/clock.hpp"
#include "ca/inventory/inventory.hpp"
#include "ca/issuance/build_tbs.hpp"
#include "ca/ledger/ledger.hpp"
#include "ca/lint/lint.hpp"
#include "ca/policy/caller.hpp"
#include "ca/signer/signer.hpp"
#include "ca/templates/template.hpp"

namespace ca {

// The authority as issuing sees it.
struct Issuer {
  AuthorityArn arn;
  const IssuerIdentity& identity;
  const SigningKey& key;
  std::uint64_t key_number = 1;
  std::uint64_t generation = 0;  // of what it issues under, which identity was read from
};

// Everything that was decided about one certificate: authorised, checked, not yet built.
struct IssuancePlan {
  const Template& tmpl;
  Issuer issuer;
  const CertificateRequest& request;
  const ApiPassthrough& api;
  Validity validity;
  SigningAlgorithm signing_algorithm;
  RevocationPointers pointers;
  std::optional<NamedCrl> crl;  // that pointers.crl_uri leads to
  const Caller& caller;
  std::optional<IdempotencyClaim> claim;
  std::string device_id;  // once per device, key and profile when not empty
  std::string profile;
  std::uint64_t max_pending = 0;  // of the caller's account
};

// The one path to a certificate: build, lint, durable intent, sign, verify, durable result (I1-I5).
// Thread-safe; each serial is worked on by one thread at a time.
class Issuance {
 public:
  // Why a PENDING row must not be signed any more (its authority was disabled or deleted, its validity is
  // over); nullopt: nothing against it. Asked before the token signs; before the result is stored the ledger
  // itself judges, so that an authority that was frozen meanwhile issues nothing.
  using Objection = std::function<std::optional<std::string>(const CertificateRecord&)>;
  Issuance(Ledger& ledger, Inventory& inventory, Signer& signer, const Clock& clock, Objection objection);

  struct Result {
    CertificateRecord record;
    bool fresh = false;  // made by this call and not by an earlier equal one
  };
  // The row is durable at return: ISSUED, or PENDING when the token did not sign before the deadline, or the
  // row that an earlier equal request made. Throws what building, linting and the ledger throw,
  // Code::invalid_state when the authority stopped issuing, Code::concurrent_modification when it issues with
  // another key by now (nothing was written), and the fatal codes; after those and after a
  // throw of the ledger the row may exist as PENDING, which resume() finishes later: never an unrecorded
  // certificate.
  [[nodiscard]] Result issue(const IssuancePlan& plan, Deadline deadline);

  // Signs a PENDING row that an outage or a crash left: same TBS, same serial, linted again against the
  // issuer as it is now. The row as it is afterwards: ISSUED, or FAILED on an objection or when lint refuses
  // it, or PENDING when the issuer got another certificate meanwhile. Throws Code::unavailable when the token
  // could not sign before the deadline, Code::key_unusable, Code::signature_check_failed, and what the ledger
  // throws; the row then is still PENDING.
  [[nodiscard]] CertificateRecord resume(CertificateRecord pending, const Issuer& issuer, Deadline deadline);

  // A PENDING row that nobody can sign any more is FAILED, for good. The row as it is afterwards.
  [[nodiscard]] CertificateRecord give_up(CertificateRecord pending, const std::string& reason);

  // Nobody else signs this serial while the claim lives.
  class Claim {
   public:
    Claim(Claim&& other) noexcept;
    Claim& operator=(Claim&&) = delete;
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim();

   private:
    friend class Issuance;
    Claim(Issuance& owner, std::string serial) : owner_{&owner}, serial_{std::move(serial)} {}
    Issuance* owner_;
    std::string serial_;
  };
  // nullopt: another thread is at it.
  [[nodiscard]] std::optional<Claim> claim(const SerialNumber& serial);

 private:
  [[nodiscard]] CertificateRecord complete(CertificateRecord pending, const ToBeSigned& to_be_signed,
                                           const Issuer& issuer, Deadline deadline);
  [[nodiscard]] CertificateRecord stored(const AuthorityArn& issuer, const SerialNumber& serial);
  [[nodiscard]] std::optional<SerialNumber> intend(const IssuancePlan& plan, const CertificateRecord& record,
                                                   const std::string& alt_names);

  Ledger& ledger_;
  Inventory& inventory_;
  Signer& signer_;
  const Clock& clock_;
  const Objection objection_;
  std::mutex mutex_;
  std::set<std::string> in_flight_;
};

}  // namespace ca
