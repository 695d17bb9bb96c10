#include "ca/revocation/crl_issuing.hpp"
#include "ca/revocation/crl_series.hpp"
#include "ca/storage/directory_bucket.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/offline_authority_parts.hpp"

namespace cli {
namespace {

constexpr std::chrono::seconds kSignLimit{60};

}  // namespace

void OfflineAuthority::record_revocation(const ca::AuthorityRecord& root, const ca::Certificate& certificate,
                                         ca::RevocationReason reason) {
  const auto serial = ca::SerialNumber::from_integer(certificate.serial);
  const auto row = serial ? parts_->store.certificate(root.arn, *serial) : std::nullopt;
  if (!row || row->der != certificate.der) {
    throw Failure{"this root has not signed the certificate of " + certificate.subject.text(),
                  parts_->folder.string(), "revoke it with the root that signed it", "nothing was revoked"};
  }
  if (row->state != ca::CertificateState::revoked) {
    parts_->service.revoke(parts_->caller, root.arn, serial->hex(), reason);
  }
}

ca::Bytes OfflineAuthority::revoke_and_list(const std::vector<ca::Certificate>& revoked,
                                            ca::RevocationReason reason, std::chrono::days until_next) {
  const auto root = authority().value();
  for (const auto& certificate : revoked) {
    record_revocation(root, certificate, reason);
  }
  ca::CrlSeries{parts_->store, parts_->store, 1}.open_complete(root.arn, root.key_number, {});
  const auto series = parts_->store.crls(root.arn);
  const auto certificate = ca::Certificate::parse(root.certificate_der);
  ca::IssuerIdentity issuer;
  issuer.subject = certificate.subject;
  issuer.subject_key_id = certificate.subject_key_id();
  issuer.spki_der = certificate.public_key.spki_der();
  issuer.validity = certificate.validity;
  const ca::SigningKey key{root.key_uri, certificate.public_key};
  const ca::CrlPlan plan{.crl = series.at(0),
                         .issuer = issuer,
                         .key = key,
                         .signing_algorithm = root.signing_algorithm,
                         .life = until_next,
                         .due = ca::CrlDue::time};
  std::filesystem::create_directories(parts_->folder / "crl");
  ca::DirectoryBucket files{{.name = "crls", .directory = parts_->folder / "crl", .url = std::nullopt}};
  ca::CrlIssuing issuing{parts_->store, parts_->store, parts_->signer, files};
  const auto made = issuing.issue(plan, parts_->clock.now(), std::chrono::steady_clock::now() + kSignLimit);
  if (made.not_kept) {
    throw ca::Error{ca::Code::unavailable, *made.not_kept};
  }
  return *made.crl.der;
}

}  // namespace cli
