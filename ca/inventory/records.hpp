#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ca/base/arn.hpp"
#include "ca/base/clock.hpp"
#include "ca/base/digest.hpp"
#include "ca/x509/algorithm.hpp"
#include "ca/x509/certificate.hpp"
#include "ca/x509/revocation_reason.hpp"

namespace ca {

enum class AuthorityType { root, subordinate };
enum class AuthorityStatus { creating, pending_certificate, active, disabled, expired, deleted, failed };
enum class CertificateState {
  pending,  // durable intent; the token may or may not have been asked
  issued,
  failed,  // will never be signed; failure_reason says why
  revoked,
};

enum class ReportFormat { json, csv };
enum class ReportStatus {
  creating,  // durable order; the file may or may not be there
  success,
  failed,
};

[[nodiscard]] std::string_view api_name(AuthorityType value);     // "ROOT"
[[nodiscard]] std::string_view api_name(AuthorityStatus value);   // "PENDING_CERTIFICATE"
[[nodiscard]] std::string_view api_name(CertificateState value);  // "ISSUED"
[[nodiscard]] std::string_view api_name(RevocationReason value);  // "KEY_COMPROMISE"
[[nodiscard]] std::string_view api_name(ReportFormat value);      // "CSV"
[[nodiscard]] std::string_view api_name(ReportStatus value);      // "SUCCESS"
[[nodiscard]] std::optional<AuthorityType> authority_type_from_api(std::string_view name);
[[nodiscard]] std::optional<AuthorityStatus> authority_status_from_api(std::string_view name);
[[nodiscard]] std::optional<CertificateState> certificate_state_from_api(std::string_view name);
[[nodiscard]] std::optional<RevocationReason> revocation_reason_from_api(std::string_view name);
[[nodiscard]] std::optional<ReportFormat> report_format_from_api(std::string_view name);
[[nodiscard]] std::optional<ReportStatus> report_status_from_api(std::string_view name);

// A key of an authority and what was certified for it. An authority begins with one, numbered 1; it issues
// with one at a time.
struct KeyGeneration {
  std::uint64_t key_number = 1;
  std::string key_token;  // configured token name that holds the key
  std::string key_uri;    // RFC 7512; empty while CREATING
  Bytes spki_der;
  Bytes csr_der;
  Bytes certificate_der;        // empty before import
  std::string certificate_pem;  // exactly what clients read back
  std::string chain_pem;        // issuer first, root last; empty for a root
  std::optional<Validity> validity;
  // Who answers OCSP for what it signed (RFC 6960, 4.2.2.2); empty before the first answer was wanted.
  std::string ocsp_key_uri;  // RFC 7512
  Bytes ocsp_spki_der;
  Bytes ocsp_certificate_der;  // the newest delegated certificate for that key
  // Since when another key issues in its place; absent: it issues, or never has.
  std::optional<TimePoint> retired_at;
  friend bool operator==(const KeyGeneration&, const KeyGeneration&) = default;
};

// One certificate authority, with the key that issues now as its base. `version` grows by one with each
// stored change (compare-and-swap).
struct AuthorityRecord : KeyGeneration {
  AuthorityArn arn;
  AuthorityType type = AuthorityType::root;
  KeyAlgorithm key_algorithm = KeyAlgorithm::ec_p256;
  SigningAlgorithm signing_algorithm = SigningAlgorithm::sha256_with_ecdsa;
  AuthorityStatus status = AuthorityStatus::creating;
  Bytes subject_der;
  // Canonical JSON of the API members that the authority only echoes; opaque below the protocol.
  std::string configuration_json;       // CertificateAuthorityConfiguration
  std::string revocation_json = "{}";   // RevocationConfiguration
  std::string tags_json = "[]";         // TagList
  std::string permissions_json = "[]";  // what CreatePermission granted
  std::string policy_json;              // resource policy, as it was put; empty: none
  std::string usage_mode = "GENERAL_PURPOSE";
  std::string key_storage_security_standard = "FIPS_140_2_LEVEL_3_OR_HIGHER";
  std::vector<Extension> csr_extensions;  // that its CSR asks for beside basicConstraints
  TimePoint created_at{};
  TimePoint last_state_change_at{};
  std::string failure_reason;  // "OTHER", only when FAILED
  // Only when DELETED: what it was, and until when it can be that again; absent: gone at once.
  std::optional<AuthorityStatus> deleted_from;
  std::optional<TimePoint> restorable_until;
  // Of what it issues under: 0 before the first import, one more at each import and each change of the key.
  std::uint64_t generation = 0;
  // Those that have issued before, by number, and at most one that may issue next.
  std::vector<KeyGeneration> other_keys;
  std::uint64_t last_key_number = 1;  // that was ever given to a key
  std::uint64_t version = 0;
};

// The profile of certificates that answer OCSP for their authority: the daemon orders them itself, and an
// authority that has stopped issuing goes on getting them. No profile of the configuration can have that
// name.
inline constexpr std::string_view kOcspSignerProfile = "chancery:ocsp-signer";

// One certificate, from its durable intent on. The columns of the field's inventory table are all here.
struct CertificateRecord {
  AuthorityArn issuer;
  SerialNumber serial;
  CertificateState state = CertificateState::pending;
  bool self_signed = false;
  std::string template_name;
  SigningAlgorithm signing_algorithm = SigningAlgorithm::sha256_with_ecdsa;
  Bytes tbs_der;                 // linted bytes; kept so that a resumed signature is over the same bytes (I4)
  std::uint64_t key_number = 1;  // of the issuer's key that signs it
  std::vector<Extension> passed_through;  // that CSR or API gave and the template took
  Bytes der;                              // empty until ISSUED
  std::string subject;                    // RFC 2253 text, for people and reports
  Validity validity;
  Sha256 key_hash{};  // SHA-256 of the subject's SPKI
  std::string account;
  std::string requested_by;  // principal ARN
  std::string request_id;
  std::string device_id;  // empty when not provisioned by device
  std::string profile;    // by which it was provisioned; empty otherwise
  std::string idempotency_token;
  TimePoint requested_at{};
  std::optional<TimePoint> issued_at;
  std::optional<TimePoint> revoked_at;
  std::optional<RevocationReason> revocation_reason;
  std::string failure_reason;

  [[nodiscard]] CertificateArn arn() const { return {issuer, serial}; }
};

// A place of a CRL that certificates name: a bucket by its configured name, and the key in it. The bucket is
// empty for those that find it behind the status listener alone.
struct CrlPlace {
  std::string bucket;
  std::string key;
  Seconds last_not_after{};  // the latest end of the certificates that name it
  friend bool operator==(const CrlPlace&, const CrlPlace&) = default;
};

// A series of CRLs with growing numbers: the complete one of an authority, or that of a partition of its
// certificates. Named in distribution points from the first certificate on, and kept for ever.
struct CrlRecord {
  AuthorityArn authority;
  std::string name;  // key_name() of its key for a complete CRL, a uuid of its own for a partition
  std::uint64_t key_number = 1;  // of the authority's key that signs it
  bool complete = false;  // lists every revoked certificate of the authority, not only those that name it
  std::string uri;        // in the certificates that name it; of a partition also in its CRLs
  std::string key;        // where it was opened: "crl/<name>.crl"
  std::vector<CrlPlace> places;    // every one that a certificate was given, in order of the first
  std::uint64_t certificates = 0;  // that were accepted and name it
  Seconds last_not_after{};        // the latest end of those
  // Of certificates that it must list, ever: what a CRL has to say is new while this is above what the last
  // one covered.
  std::uint64_t revocations = 0;
  std::uint64_t number = 0;  // the highest that was intended; 0: none
  struct Issued {
    std::uint64_t number = 0;
    std::uint64_t covered = 0;  // `revocations` when its entries were read
    std::uint64_t entries = 0;
    TimePoint issued_at{};
    Seconds next_update{};
    // Of the last CRL that was due by time alone, and of the one before: an entry stays until one such CRL
    // was issued after its certificate's end (RFC 5280, 3.3).
    TimePoint scheduled_at{};
    TimePoint previous_scheduled_at{};
    Sha256 sha256{};  // of the whole CRL
    friend bool operator==(const Issued&, const Issued&) = default;
  };
  std::optional<Issued> issued;  // the last that was signed
  friend bool operator==(const CrlRecord&, const CrlRecord&) = default;
};

// One list of an authority's certificates that somebody ordered.
struct AuditReportRecord {
  AuthorityArn authority;
  std::string id;      // uuid
  std::string bucket;  // configured name
  ReportFormat format = ReportFormat::json;
  ReportStatus status = ReportStatus::creating;
  TimePoint created_at{};

  // Where it is inside its bucket: "audit-report/<uuid of the authority>/<id>.json".
  [[nodiscard]] std::string key() const;
};

}  // namespace ca
