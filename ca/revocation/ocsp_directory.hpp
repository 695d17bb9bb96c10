#pragma once
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "ca/base/arn.hpp"
#include "ca/revocation/unissued_serials.hpp"
#include "ca/signer/signer.hpp"
#include "ca/x509/certificate.hpp"
#include "ca/x509/ocsp.hpp"

namespace ca {

// Who signs answers for an authority (RFC 6960, 4.2.2.2).
struct OcspSigner {
  SigningKey key;
  SigningAlgorithm algorithm = SigningAlgorithm::sha256_with_ecdsa;
  Bytes certificate_der;
  Validity validity;
};

// One key of an authority as its responder sees it. A value.
struct OcspAuthority {
  AuthorityArn arn;
  std::uint64_t key_number = 1;
  DistinguishedName name;
  PublicKey key;
  TimePoint until;  // from then on nobody answers for it
  std::optional<OcspSigner> signer;
};

// The authorities that are answered for, each with all its keys, found by what a CertID says of the issuer:
// the hashes of name and key in each of our algorithms. Thread-safe.
class OcspDirectory {
 public:
  struct Entry {
    OcspAuthority authority;
    std::shared_ptr<UnissuedSerials> unissued;
  };

  // What is answered for from now on: the keys of that authority as of that version of its record; none:
  // nobody answers for it. Two changes may arrive out of order: what is older than what is there changes
  // nothing.
  void put(const AuthorityArn& arn, std::uint64_t version, std::vector<OcspAuthority> keys);
  // nullptr: not ours, or of a hash algorithm that we do not know.
  [[nodiscard]] std::shared_ptr<const Entry> find(const CertId& id) const;
  [[nodiscard]] std::vector<std::shared_ptr<const Entry>> all() const;

 private:
  struct Slot {
    std::uint64_t version = 0;
    std::shared_ptr<UnissuedSerials> unissued;          // for as long as the process runs
    std::vector<std::shared_ptr<const Entry>> entries;  // one for each key
    std::vector<std::string> issuers;                   // where they stand in by_issuer_
  };

  mutable std::shared_mutex mutex_;
  std::map<std::string, Slot> by_arn_;
  std::unordered_map<std::string, std::shared_ptr<const Entry>> by_issuer_;
};

}  // namespace ca
