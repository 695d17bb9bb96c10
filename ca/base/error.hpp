#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace ca {

// Why a request could not be served. Closed: every protocol maps each value in its one errors.cpp,
// and -Wswitch-enum refuses a map that misses one.
enum class Code {
  // what the caller sent
  malformed_request,     // not JSON, a member of the wrong JSON type, no OCSP request
  constraint_violation,  // a member breaks its shape: length, pattern, range, enum, missing
  invalid_args,
  invalid_arn,
  invalid_request,
  invalid_next_token,
  invalid_policy,
  invalid_tag,
  too_many_tags,
  malformed_csr,
  malformed_certificate,
  malformed_crl,  // a revocation list that was read back, or of an outside issuer
  certificate_mismatch,
  validity_beyond_issuer,
  path_length_exceeded,
  name_not_permitted,     // a name that policy, profile or name constraints do not grant
  purpose_not_permitted,  // an extended key usage that a certificate above does not have
  unknown_operation,
  payload_too_large,
  // who the caller is
  missing_authentication,
  incomplete_signature,
  invalid_signature,
  unrecognized_client,
  expired_token,
  access_denied,
  // the state of what was named
  resource_not_found,
  invalid_state,
  concurrent_modification,
  request_in_progress,
  request_failed,
  request_already_processed,
  limit_exceeded,
  permission_already_exists,
  lockout_prevented,  // a policy that would lock its author out
  conflict,           // same idempotency token or device, other request
  // us
  throttled,
  unavailable,   // transient: token or store is away; the same request may be sent again
  key_unusable,  // the authority's key is missing, weaker than it was made, or distrusted: a person must act
  internal,
  // Fatal: signing with that key stops until a person has looked
  signature_check_failed,
  duplicate_serial,
};

std::string_view name_of(Code code);
// Whether it must stop its authority: a signature that does not verify, a serial drawn twice.
[[nodiscard]] bool is_fatal(Code code);

// The one exception of the authority. `what()` is the detail: safe to show to the client, no secrets, no
// internals.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& detail) : std::runtime_error{detail}, code_{code} {}
  [[nodiscard]] Code code() const { return code_; }

 private:
  Code code_;
};

}  // namespace ca
