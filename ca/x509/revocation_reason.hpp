#pragma once

namespace ca {

// RFC 5280, 5.3.1: the codes of the eight values that the API knows. `unspecified` is written as no reason at
// all.
enum class RevocationReason {
  unspecified = 0,
  key_compromise = 1,
  certificate_authority_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  privilege_withdrawn = 9,
  a_a_compromise = 10,
};

}  // namespace ca
