#pragma once
#include "ca/base/clock.hpp"
#include "ca/inventory/inventory.hpp"
#include "ca/ledger/ledger.hpp"
#include "ca/revocation/crl_schedule.hpp"
#include "ca/revocation/published_crls.hpp"
#include "ca/signer/signer.hpp"
#include "ca/storage/bucket.hpp"
#include "ca/templates/issuer_identity.hpp"

namespace ca {

// Who signs, for one series.
struct CrlPlan {
  const CrlRecord& crl;  // as the ledger holds it
  const IssuerIdentity& issuer;
  const SigningKey& key;
  SigningAlgorithm signing_algorithm;
  std::chrono::days life;  // nextUpdate
  CrlDue due = CrlDue::time;
  std::uint64_t above = 0;  // a number that the key has signed, as a bucket shows: the next is larger
};

// The one path to a CRL: durable intent with its number, entries as of one moment, build, lint, sign, verify,
// file, durable result (I3, I4, I7, I8). One caller at a time for each series.
class CrlIssuing {
 public:
  // `files` holds what a restart goes on serving.
  CrlIssuing(Ledger& ledger, Inventory& inventory, Signer& signer, Bucket& files);

  struct Issued {
    PublishedCrl crl;
    std::optional<std::string> not_kept;  // why its file could not be written: a restart makes another
  };
  // thisUpdate is an hour before `now`, as in AWS's CRLs: clocks of relying parties differ. It follows the
  // clock, also back to the right time after one that was ahead; the number only grows. Throws
  // Code::unavailable and Code::key_unusable (the number is used up, the next call takes another),
  // Code::signature_check_failed, and what ledger and bucket throw.
  [[nodiscard]] Issued issue(const CrlPlan& plan, TimePoint now, Deadline deadline);

  // The series' last CRL from its file; nullopt when it is not there or is not that one. A crash between file
  // and result leaves a CRL that was signed and not recorded: it is recorded now.
  [[nodiscard]] std::optional<PublishedCrl> load(const CrlPlan& plan);

 private:
  void record(const CrlRecord& crl, const CrlRecord::Issued& issued, const std::string& type,
              const std::string& tbs_sha256);

  Ledger& ledger_;
  Inventory& inventory_;
  Signer& signer_;
  Bucket& files_;
};

}  // namespace ca
