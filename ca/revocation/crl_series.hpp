#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "ca/inventory/inventory.hpp"
#include "ca/ledger/ledger.hpp"
#include "ca/policy/revocation_configuration.hpp"

namespace ca {

// Which CRL the next certificate of an authority names. Each of its keys signs CRLs of its own: what one key
// signed is revoked by that key, and the complete CRL of each lists what any of them signed, so that none of
// them can be taken for another that says more. Thread-safe; blocks on the store for a new series
// only. Throws what the ledger throws.
class CrlSeries {
 public:
  // A partition is closed behind so many certificates: its CRL has no more entries.
  CrlSeries(Ledger& ledger, Inventory& inventory, std::uint64_t partition_size);

  // What a certificate says and what the ledger counts.
  struct Place {
    std::string name;
    std::string key;
    std::string uri;
    bool fresh = false;  // the series was opened just now: it has no CRL yet
  };
  // The complete CRL of that key of the authority, or the partition that takes the key's next certificate:
  // durable at return.
  // `base` is the URL in front of the key, with its slash: where the configuration says it now. A partition
  // whose certificates say another place takes no more.
  [[nodiscard]] Place next(const AuthorityArn& authority, std::uint64_t key_number,
                           const CrlConfiguration& configuration, const std::string& base);
  // The certificate that next() was asked for is surely not in the ledger: another one takes its place. A
  // partition that lost count because nobody knew is closed earlier, and exact again after a restart.
  void give_back(const AuthorityArn& authority, std::uint64_t key_number, const std::string& name);
  // Makes the series of the complete CRL durable when it is not there; whether it was not.
  bool open_complete(const AuthorityArn& authority, std::uint64_t key_number,
                     const CrlConfiguration& configuration);

 private:
  struct Book {
    bool complete = false;               // is in the ledger
    std::optional<CrlRecord> partition;  // that takes certificates
    std::uint64_t taken = 0;             // by it
  };
  [[nodiscard]] Book& book_of(const AuthorityArn& authority, std::uint64_t key_number);
  void open(const CrlRecord& crl);

  Ledger& ledger_;
  Inventory& inventory_;
  const std::uint64_t partition_size_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint64_t>, Book> books_;  // by ARN and key
};

}  // namespace ca
