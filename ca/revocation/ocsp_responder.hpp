#pragma once
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "ca/inventory/inventory.hpp"
#include "ca/revocation/budget.hpp"
#include "ca/revocation/ocsp_answer.hpp"
#include "ca/revocation/ocsp_batches.hpp"
#include "ca/revocation/ocsp_cache.hpp"
#include "ca/revocation/ocsp_directory.hpp"

namespace ca {

struct OcspResponderOptions {
  std::chrono::seconds validity{4 * 3600};    // of an answer: from thisUpdate to nextUpdate
  std::size_t max_cached = 50'000;            // answers, 1 to 2 KiB each
  std::chrono::milliseconds sign_wait{1000};  // for one signature
  std::chrono::milliseconds batch{60'000};    // signatures that the audit log counts together
  // Signatures a second; what is above is answered with tryLater, or from the cache.
  double fresh_per_second = 1000;   // answers that are then kept
  double unknown_per_second = 100;  // about certificates that were not issued
  double nonce_per_second = 100;
  double several_per_second = 100;             // about several certificates at once
  double part_of_sender = 0.25;                // of each of these, for questions from one network
  std::chrono::seconds notice_interval{3600};  // between two notices about one authority's unissued serials
};

// The answers of RFC 6960 in the profile of RFC 5019, with nonces by RFC 9654. Good is a certificate in state
// ISSUED of the authority that the question names and nothing else (I9): REVOKED is revoked, and PENDING,
// FAILED and what was never issued are unknown. Not signed: malformedRequest; unauthorized for an issuer or a
// hash algorithm that is not ours and for certificates of several issuers in one question; tryLater when the
// signer or the inventory cannot be asked now or a budget is used up. Thread-safe.
class OcspResponder {
 public:
  // `notice` gets what an operator should see; it may be called from any thread.
  OcspResponder(OcspResponderOptions options, Inventory& inventory, Ledger& ledger, Signer& signer,
                const Clock& clock, std::function<void(const std::string&)> notice);

  struct Reply {
    SharedOcspAnswer answer;  // never nullptr
    std::string cause;        // of an answer that is not signed: for the log
    Seconds at{};             // by our clock
  };
  // Blocks on inventory, ledger and token, at most options.sign_wait on the last. `sender` is the network
  // that asks, whose part of the budgets an answer uses.
  [[nodiscard]] Reply answer(ByteView request, const std::string& sender) noexcept;
  // The same without any wait; nullopt: answer() must be asked.
  [[nodiscard]] std::optional<Reply> answer_at_once(ByteView request) noexcept;

  OcspDirectory& authorities() { return directory_; }
  // From the return on no answer leaves that was made from an earlier state of the certificate: to be called
  // between the commit of its revocation and whatever tells of it (I7).
  void forget(const SerialNumber& serial) { cache_.forget(serial); }
  // Whether it is revoked is not known: no answer is kept until it is.
  void distrust(const SerialNumber& serial) { cache_.distrust(serial); }
  void trust(const SerialNumber& serial) { cache_.trust(serial); }
  // Tells what is due of questions about serials that were never issued, or all: for when nobody asks on.
  void tell_unissued(bool all);
  // See OcspBatches::write_due.
  [[nodiscard]] bool write_batches(bool all) { return batches_.write_due(all); }

  struct Status {
    std::array<std::uint64_t, kOcspResults.size()> answers{};  // by result
    std::uint64_t cache_hits = 0;
    std::uint64_t signatures = 0;
    std::size_t cached = 0;
    struct Authority {
      std::string arn;
      std::uint64_t unissued = 0;
      std::optional<Seconds>
          signer_not_after;  // the first to end of those of its keys; absent: one is missing
      std::string trouble;   // why nothing is signed for one of its keys now; empty: all is well
    };
    std::vector<Authority> authorities;
  };
  [[nodiscard]] Status status() const;

 private:
  using Entry = OcspDirectory::Entry;
  // What is asked, and of whom.
  struct Question {
    OcspRequest request;
    std::shared_ptr<const Entry> issuer;
    // The one serial when the answer may be kept: a single certificate with a serial that could be ours, in
    // one of the forms that clients write, without nonce.
    std::optional<SerialNumber> keepable;
    std::string sender = {};
  };
  [[nodiscard]] std::optional<Question> read(ByteView request) const;
  [[nodiscard]] SharedOcspAnswer answer_or_throw(ByteView request, const std::string& sender);
  [[nodiscard]] SharedOcspAnswer make(const Question& question);
  [[nodiscard]] std::vector<OcspSingle> look_up(const Question& question, TimePoint now);
  [[nodiscard]] OcspSingle look_up(const CertId& id, const Question& question, TimePoint now);
  [[nodiscard]] SharedOcspAnswer sign(const Question& question, std::vector<OcspSingle> singles,
                                      TimePoint now);
  void spend(const Question& question, OcspResult result);
  void tell_unissued(const Entry& issuer, std::chrono::seconds interval);
  [[nodiscard]] std::string trouble_of(const OcspAuthority& authority) const;
  [[nodiscard]] const SharedOcspAnswer& error(OcspResult result) const;
  void count(OcspResult result) { ++answers_[static_cast<std::size_t>(result)]; }
  template <class Make>
  [[nodiscard]] Reply reply_of(Make make) noexcept;

  const OcspResponderOptions options_;
  Inventory& inventory_;
  Signer& signer_;
  const Clock& clock_;
  const std::function<void(const std::string&)> notice_;
  std::array<SharedOcspAnswer, kOcspResults.size()> errors_;  // those that are never signed
  OcspDirectory directory_;
  OcspCache cache_;
  OcspBatches batches_;
  Budget fresh_, unknown_, nonce_, several_;
  std::array<std::atomic<std::uint64_t>, kOcspResults.size()> answers_{};
  std::atomic<std::uint64_t> cache_hits_{0}, signatures_{0};
};

}  // namespace ca
