#include "ca/base/error.hpp"

namespace ca {

std::string_view name_of(Code code) {
  switch (code) {
#define CHANCERY_NAME(value) \
  case Code::value:          \
    return #value
    CHANCERY_NAME(malformed_request);
    CHANCERY_NAME(constraint_violation);
    CHANCERY_NAME(invalid_args);
    CHANCERY_NAME(invalid_arn);
    CHANCERY_NAME(invalid_request);
    CHANCERY_NAME(invalid_next_token);
    CHANCERY_NAME(invalid_policy);
    CHANCERY_NAME(invalid_tag);
    CHANCERY_NAME(too_many_tags);
    CHANCERY_NAME(malformed_csr);
    CHANCERY_NAME(malformed_certificate);
    CHANCERY_NAME(malformed_crl);
    CHANCERY_NAME(certificate_mismatch);
    CHANCERY_NAME(validity_beyond_issuer);
    CHANCERY_NAME(path_length_exceeded);
    CHANCERY_NAME(name_not_permitted);
    CHANCERY_NAME(purpose_not_permitted);
    CHANCERY_NAME(unknown_operation);
    CHANCERY_NAME(payload_too_large);
    CHANCERY_NAME(missing_authentication);
    CHANCERY_NAME(incomplete_signature);
    CHANCERY_NAME(invalid_signature);
    CHANCERY_NAME(unrecognized_client);
    CHANCERY_NAME(expired_token);
    CHANCERY_NAME(access_denied);
    CHANCERY_NAME(resource_not_found);
    CHANCERY_NAME(invalid_state);
    CHANCERY_NAME(concurrent_modification);
    CHANCERY_NAME(request_in_progress);
    CHANCERY_NAME(request_failed);
    CHANCERY_NAME(request_already_processed);
    CHANCERY_NAME(limit_exceeded);
    CHANCERY_NAME(permission_already_exists);
    CHANCERY_NAME(lockout_prevented);
    CHANCERY_NAME(conflict);
    CHANCERY_NAME(throttled);
    CHANCERY_NAME(unavailable);
    CHANCERY_NAME(key_unusable);
    CHANCERY_NAME(internal);
    CHANCERY_NAME(signature_check_failed);
    CHANCERY_NAME(duplicate_serial);
#undef CHANCERY_NAME
  }
  return "internal";
}

bool is_fatal(Code code) { return code == Code::signature_check_failed || code == Code::duplicate_serial; }

}  // namespace ca
