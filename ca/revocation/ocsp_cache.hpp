#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "ca/base/serial_number.hpp"
#include "ca/revocation/ocsp_answer.hpp"

namespace ca {

// Answers that were signed and may be given again, at most so many; those that were not asked for longest go
// first. An answer is about one serial and in the bytes of one CertID. Thread-safe, never waits for anything
// but its own short locks.
class OcspCache {
 public:
  explicit OcspCache(std::size_t max_answers);

  // The answer while it is in the first half of its life. In the second half nullptr, so that a new one is
  // made; once somebody has undertaken that, the others get the old one for kRefreshPatience.
  enum class Refresh { undertaken_when_due, left_to_others };
  [[nodiscard]] SharedOcspAnswer find(const SerialNumber& serial, ByteView cert_id_der, Seconds now,
                                      Refresh refresh);
  // The answer at any time before its nextUpdate: for when no new one can be made.
  [[nodiscard]] SharedOcspAnswer find_any(const SerialNumber& serial, ByteView cert_id_der, Seconds now);

  // From before the state of a certificate is read until the answer that says it has left: whoever makes an
  // answer learns that the certificate was revoked meanwhile (I7).
  class Watch {
   public:
    Watch(OcspCache& cache, const SerialNumber& serial);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    // forget() was called with the serial since.
    [[nodiscard]] bool disturbed() const;

   private:
    friend class OcspCache;
    OcspCache& cache_;
    const SerialNumber serial_;
    bool disturbed_ = false;  // under the shard's lock
  };

  // False, and nothing is kept, when the watch was disturbed. The answer has a freshness.
  [[nodiscard]] bool keep(const Watch& watch, ByteView cert_id_der, SharedOcspAnswer answer);
  // From the return on no answer that was made before is found or kept.
  void forget(const SerialNumber& serial);
  // The same, and no answer about the serial is kept until trust() was called as often as this.
  void distrust(const SerialNumber& serial);
  void trust(const SerialNumber& serial);
  [[nodiscard]] std::size_t size() const;

  static constexpr std::chrono::seconds kRefreshPatience{5};

 private:
  struct Kept {
    Bytes cert_id_der;
    SharedOcspAnswer answer;
    Seconds refreshing_since{};
  };
  struct Row {
    std::vector<Kept> answers;  // one for each form of the CertID
    std::list<SerialNumber>::iterator place;
  };
  struct Hash {
    std::size_t operator()(const SerialNumber& serial) const;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<SerialNumber, Row, Hash> rows;
    std::list<SerialNumber> recent;  // the last that was asked for comes first
    std::size_t answers = 0;
    std::vector<Watch*> watches;
    std::vector<SerialNumber> distrusted;
  };
  static constexpr std::size_t kShards = 16;

  [[nodiscard]] Shard& shard(const SerialNumber& serial);
  [[nodiscard]] static Kept* look(Shard& shard, const SerialNumber& serial, ByteView cert_id_der);
  static void drop(Shard& shard, const SerialNumber& serial);
  static void forget(Shard& in, const SerialNumber& serial);  // under its lock

  const std::size_t max_in_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace ca
