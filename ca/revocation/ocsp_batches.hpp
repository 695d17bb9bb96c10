#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ca/audit/merkle.hpp"
#include "ca/ledger/ledger.hpp"
#include "ca/revocation/ocsp_directory.hpp"

namespace ca {

// The durable intent and outcome of signatures under OCSP answers (I3), which are too many to write each: a
// batch is opened by the event ocsp.signing, durable before its first signature, and ended by ocsp.signed
// with how many there were and the Merkle root (RFC 6962, 2.1) of the responses in their order. A batch
// without the second was open when the process ended by force. Thread-safe.
class OcspBatches {
 public:
  OcspBatches(Ledger& ledger, const Clock& clock, std::chrono::milliseconds length)
      : ledger_{ledger}, clock_{clock}, length_{length} {}

  // One signature under way; without done() it counts as one that failed.
  class Part;
  // Durable at return: this authority's signer signs. Throws what the ledger throws.
  [[nodiscard]] Part begin(const AuthorityArn& arn, const OcspSigner& signer);
  // Ends the batches that are older than their length, or all, and writes their outcomes. False when some
  // outcome is due and could not be written yet: signatures are under way, or the ledger is away.
  [[nodiscard]] bool write_due(bool all);

 private:
  struct Batch {
    std::string id;
    AuthorityArn arn;
    TimePoint opened_at{};
    MerkleFrontier responses;
    std::uint64_t failed = 0;
    std::size_t under_way = 0;
  };
  using Shared = std::shared_ptr<Batch>;

  [[nodiscard]] bool is_over(const Batch& batch) const { return clock_.now() - batch.opened_at >= length_; }
  [[nodiscard]] Shared join(const std::string& arn);
  [[nodiscard]] static LedgerEntry outcome_of(const Batch& batch);

  Ledger& ledger_;
  const Clock& clock_;
  const std::chrono::milliseconds length_;
  std::mutex opening_;  // one batch is opened at a time; before mutex_
  std::mutex mutex_;
  std::map<std::string, Shared> open_;  // by ARN
  std::vector<Shared> ended_;           // without a durable outcome
};

class OcspBatches::Part {
 public:
  Part(OcspBatches& owner, Shared batch) : owner_{owner}, batch_{std::move(batch)} {}
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part();
  void done(ByteView response_der);

 private:
  OcspBatches& owner_;
  Shared batch_;
  bool done_ = false;
};

}  // namespace ca
