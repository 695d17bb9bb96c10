#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ca/base/clock.hpp"
#include "ca/base/serial_number.hpp"
#include "ca/x509/assemble_signed.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/extension.hpp"
#include "ca/x509/name.hpp"
#include "ca/x509/public_key.hpp"
#include "ca/x509/revocation_reason.hpp"

// Certificate revocation lists, version 2 (RFC 5280, 5). Pure: no clock, no store, no key.
namespace ca {

struct CrlEntry {
  SerialNumber serial;
  Seconds revoked_at;
  RevocationReason reason = RevocationReason::unspecified;
};

// Everything but the entries.
struct CrlHeader {
  SigningAlgorithm signing_algorithm;
  DistinguishedName issuer;
  Seconds this_update;
  Seconds next_update;
  Bytes authority_key_id;
  std::uint64_t number = 0;
  // The fullName of a critical issuingDistributionPoint (RFC 5280, 5.2.5); absent: no such extension, the
  // list is complete.
  std::optional<std::string> distribution_point_uri;
};

// Writes one TBSCertList into one buffer. Not thread-safe.
class CrlBuilder {
 public:
  static constexpr std::size_t kMaxEntryBytes = 52;  // 17 octets of serial, GeneralizedTime, reason

  // `expected_entries` is only a hint: that many fit without the buffer growing.
  explicit CrlBuilder(const CrlHeader& header, std::size_t expected_entries = 0);

  // Entries go in the order of their serials, each serial once: lint_crl refuses the list otherwise. Throws
  // Code::internal for a time that DER cannot hold.
  void add(const CrlEntry& entry);
  [[nodiscard]] std::uint64_t entries() const { return entries_; }
  // The DER. No revokedCertificates field when there are no entries (RFC 5280, 5.1.2.6). Ends the builder.
  [[nodiscard]] Bytes finish() &&;

 private:
  Bytes fields_;      // of the TBSCertList, before the entries
  Bytes extensions_;  // behind them
  Bytes buffer_;      // room for what comes first, then the entries
  std::size_t room_ = 0;
  std::uint64_t entries_ = 0;
};

// One entry of a list that was read.
struct RevokedEntry {
  ByteView serial;  // INTEGER contents, big-endian, with the sign octet
  Seconds revoked_at;
  std::optional<int> reason_code;  // as written; any of RFC 5280, 5.3.1
  ByteView extensions_der;         // empty: none

  // nullopt: not a number that we give.
  [[nodiscard]] std::optional<SerialNumber> serial_number() const;
};

// Walks the entries without copying; the list's bytes must outlive it. Not thread-safe.
class RevokedEntries {
 public:
  explicit RevokedEntries(ByteView contents) : rest_{contents, "revokedCertificates"} {}
  // nullopt behind the last one. Throws Code::malformed_crl, never for entries of a parsed CertificateList.
  [[nodiscard]] std::optional<RevokedEntry> next();

 private:
  der::Reader rest_;
};

// A list that we read: ours from disk or a bucket, or an outside issuer's. The views point into the bytes
// that were parsed, which must outlive it.
struct CertificateList {
  static constexpr std::size_t kMaxDerBytes = 256 << 20;  // five million entries; a length from outside

  ByteView der;  // empty when there is no signature yet
  ByteView tbs_der;
  SigningAlgorithm signing_algorithm;
  ByteView signature;
  DistinguishedName issuer;
  Seconds this_update;
  Seconds next_update;
  ByteView entries_der;  // contents of revokedCertificates
  std::uint64_t entry_count = 0;
  std::vector<Extension> extensions;

  // What the extensions say.
  std::optional<Bytes> authority_key_id;
  std::optional<std::uint64_t> number;  // nullopt: none, or beyond 64 bits, as ours never is
  // Of the issuingDistributionPoint; empty in a complete list.
  std::vector<std::string> distribution_point_uris;
  bool only_user_certificates = false;
  bool only_authority_certificates = false;

  // Strict DER, version 2 with nextUpdate, each entry looked at once. Refuses what would have to be
  // understood and is not: delta and indirect lists, lists of some reasons or of attribute certificates,
  // critical extensions that are unknown. Throws Code::malformed_crl.
  [[nodiscard]] static CertificateList parse(ByteView der, std::size_t max_bytes = kMaxDerBytes);
  // A TBSCertList that has no signature yet, read by the same rules.
  [[nodiscard]] static CertificateList parse_to_be_signed(ByteView tbs_der, SigningAlgorithm algorithm);

  [[nodiscard]] const Extension* find(std::string_view oid) const;
  [[nodiscard]] RevokedEntries entries() const { return RevokedEntries{entries_der}; }
  [[nodiscard]] bool is_signed_by(const PublicKey& issuer_key) const;
};

}  // namespace ca
