#pragma once
#include <optional>
#include <vector>

#include "ca/base/clock.hpp"
#include "ca/base/digest.hpp"
#include "ca/base/serial_number.hpp"
#include "ca/x509/algorithm.hpp"
#include "ca/x509/extension.hpp"
#include "ca/x509/name.hpp"
#include "ca/x509/public_key.hpp"
#include "ca/x509/revocation_reason.hpp"

// The Online Certificate Status Protocol (RFC 6960; the profile of RFC 5019; nonces by RFC 9654). Pure: no
// clock, no store, no key.
namespace ca {

inline constexpr std::size_t kMaxOcspRequestBytes = 4096;  // 16 certificates with SHA-512 are 3 KiB
inline constexpr std::size_t kMaxOcspCertificates = 16;    // each costs a look into the inventory
inline constexpr std::size_t kMaxOcspNonce = 128;          // RFC 9654, 2.1

// The digest of a CertID's hashAlgorithm; nullopt when it is not one of ours.
[[nodiscard]] std::optional<Digest> digest_from_oid(const Oid& id);

// Which certificate is meant (RFC 6960, 4.1.1).
struct CertId {
  Bytes der;  // as received: echoed
  Oid hash_algorithm;
  Bytes issuer_name_hash;
  Bytes issuer_key_hash;
  Bytes serial;  // INTEGER contents, big-endian, as received, of either sign
  // The hashAlgorithm has no parameters, or NULL: of such CertIDs there are two for each algorithm and
  // serial.
  bool plain = false;

  // nullopt: not a number that we give.
  [[nodiscard]] std::optional<SerialNumber> serial_number() const;
  // Whether the issuer has this name and key; false for an unknown hash algorithm.
  [[nodiscard]] bool names_issuer(const DistinguishedName& issuer, const PublicKey& issuer_key) const;
};

// The CertID as most clients write it: for answers that are made before anybody asks.
[[nodiscard]] Bytes encode_cert_id(Digest algorithm, const DistinguishedName& issuer,
                                   const PublicKey& issuer_key, const SerialNumber& serial);

struct OcspRequest {
  std::vector<CertId> certificates;  // 1 to kMaxOcspCertificates, in the order asked
  std::optional<Bytes> nonce;        // 1 to kMaxOcspNonce octets, without any wrapping

  // Strict DER, except that the version may be written although it is the default. requestorName and
  // signature are not looked into; a critical extension other than the nonce is refused, any other ignored.
  // Throws Code::malformed_request: the answer is ocsp_error(OcspError::malformed_request).
  [[nodiscard]] static OcspRequest parse(ByteView der);
};

struct OcspSingle {
  enum class Status { good, revoked, unknown };

  Bytes cert_id_der;
  Status status = Status::unknown;
  std::optional<Seconds> revoked_at;       // if and only if revoked
  std::optional<RevocationReason> reason;  // only if revoked; `unspecified` is not written
  Seconds this_update;
  Seconds next_update;
};

// What is to be signed: the ResponseData of RFC 6960, 4.2.1.
struct OcspResponse {
  Bytes responder_key_id;  // byKey: SHA-1 over the BIT STRING of the key that signs
  Seconds produced_at;
  std::vector<OcspSingle> singles;
  std::optional<Bytes> nonce;  // as requested
};

// All times GeneralizedTime, also before 2050 (RFC 6960, 4.2.2.1). Throws Code::internal for a revoked
// certificate without a time.
[[nodiscard]] Bytes encode_tbs(const OcspResponse& response);

// The whole OCSPResponse, successful and basic. `signer_der` is the certificate of a delegated signer; empty
// when the authority itself has signed.
[[nodiscard]] Bytes assemble_ocsp_response(ByteView tbs_der, SigningAlgorithm algorithm, ByteView signature,
                                           ByteView signer_der);

// OCSPResponseStatus (RFC 6960, 4.2.1) other than successful.
enum class OcspError {
  malformed_request = 1,
  internal_error = 2,
  try_later = 3,
  sig_required = 5,
  unauthorized = 6,
};
// The OCSPResponse that says so; not signed.
[[nodiscard]] Bytes ocsp_error(OcspError status);

}  // namespace ca
