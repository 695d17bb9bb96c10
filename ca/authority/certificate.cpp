#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {

CertificatePem AuthorityService::certificate(const Caller& caller, const AuthorityArn& authority_arn,
                                             const CertificateArn& arn) {
  State& state = *state_;
  (void)state.authorize_living(caller, authority_arn, "GetCertificate");
  const auto record =
      arn.authority == authority_arn ? state.inventory.certificate(authority_arn, arn.serial) : std::nullopt;
  if (!record) {
    throw Error{Code::resource_not_found, "Could not find certificate with ARN " + arn.text()};
  }
  switch (record->state) {
    case CertificateState::pending:
      throw Error{Code::request_in_progress, "The certificate is still being issued"};
    case CertificateState::failed:
      throw Error{Code::request_failed, "The certificate could not be issued: " + record->failure_reason};
    case CertificateState::issued:
    case CertificateState::revoked:
      break;
  }
  return state.pem_of(*record);
}

}  // namespace ca
