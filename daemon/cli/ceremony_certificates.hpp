#pragma once
#include "daemon/cli/ceremony_room.hpp"
#include "daemon/cli/offline_root.hpp"

namespace cli {

// The extensions that the script adds to what a template fixes.
[[nodiscard]] std::vector<ca::Extension> constraint_extensions(const config::CeremonyConstraints& names);
[[nodiscard]] RootPlan root_plan(const config::CeremonyRoot& root);

// What the script promised about a certificate, to be compared with the one that was made.
struct CertificatePromise {
  ca::Bytes subject_der, spki_der;  // spki empty: not compared
  int days = 0;
  std::size_t path_length = 0;
  config::CeremonyConstraints names;
  std::string crl_distribution_point, ca_issuers;  // empty: the certificate must not say anything
};
// Throws Failure at the first difference.
void check_certificate(const ca::Certificate& certificate, const ca::PublicKey& issuer,
                       const CertificatePromise& promise);

// Signs the CSR of the script's section with the folder's root and returns the certificate (PEM). `section`
// is "sign_subordinate" or "cross_sign". Throws Failure.
[[nodiscard]] std::string sign_for_ceremony(CeremonyRoom& room, OfflineAuthority& offline,
                                            const config::CeremonyCertificate& wanted);

}  // namespace cli
