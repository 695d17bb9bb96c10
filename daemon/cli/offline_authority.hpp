#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "ca/authority/authority_service.hpp"
#include "ca/x509/certificate.hpp"
#include "ca/x509/revocation_reason.hpp"
#include "daemon/cli/token_arguments.hpp"

namespace cli {

// Where the authority's list and its certificate are published; empty: certificates do not say.
struct PublishedFiles {
  std::string crl, ca_issuers;
};

// An authority without a daemon: its own ledger and its key's token, in one folder that an operator carries
// to a ceremony. The folder holds ledger.db (rows and audit log, as in the daemon) and offline.json (which
// token; never a PIN). The one caller is the operator at the keyboard, who may do everything in this folder
// and nothing elsewhere; every step goes through the same AuthorityService as in the daemon. One process at a
// time; the destructor ends the token's work.
class OfflineAuthority {
 public:
  // Makes the folder when `create` is set. `token` may be empty where offline.json knows it. Returns when the
  // token is connected and what an interruption left (a key pair, a signature) is finished.
  // Throws Failure, and what store and token throw.
  OfflineAuthority(const std::filesystem::path& folder, const TokenArguments& token, bool create,
                   const PublishedFiles& published = {});
  ~OfflineAuthority();

  [[nodiscard]] ca::AuthorityService& service();
  [[nodiscard]] const ca::Caller& operator_caller() const;
  // The folder's one authority; nullopt before init-root.
  [[nodiscard]] std::optional<ca::AuthorityRecord> authority();
  // The token still holds the root's key and no other under its name, it cannot leave, and signs for the
  // root's certificate (I14). Throws Failure.
  void check_key(const ca::AuthorityRecord& root);
  // The newest certificate that was issued under this label as its idempotency token, or as a renewal of it,
  // and has not expired, whenever that was: the window of the AWS API, five minutes, is no use to a person.
  [[nodiscard]] std::optional<ca::CertificateRecord> issued_under(const std::string& label);
  // An idempotency token that no request had, for another certificate under the label.
  [[nodiscard]] static std::string renewal_of(const std::string& label);
  // Records the revocation (nothing when it is recorded already) and signs the complete list of the folder's
  // root, with the next number; both are durable before and after the signature (I3, I8). The list's DER.
  // Throws Failure for a certificate that is not of this root.
  [[nodiscard]] ca::Bytes revoke_and_list(const std::vector<ca::Certificate>& revoked,
                                          ca::RevocationReason reason, std::chrono::days until_next);
  // Remembers the token for the next verb. Durable at return.
  void remember() const;

 private:
  struct Parts;
  void await_unfinished();
  void record_revocation(const ca::AuthorityRecord& root, const ca::Certificate& certificate,
                         ca::RevocationReason reason);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cli
