#include "pkcs11/connected_keys.hpp"

#include "pkcs11/object.hpp"
#include "pkcs11/slot_reading.hpp"

namespace pkcs11 {
namespace {

// What an audit can find out about the key itself, in contrast to "not now".
std::optional<Error> as_verdict(const Error& error, const Uri& uri) {
  switch (error.error_class()) {
    case ErrorClass::key_missing:
    case ErrorClass::key_refused:
      return error;
    case ErrorClass::bad_request:
      return Error{ErrorClass::key_refused, error.call(), error.rv(),
                   error.call().empty() ? error.cause() : "the audit of " + uri.text() + " failed",
                   error.hint()};
    case ErrorClass::retry_session:
    case ErrorClass::relogin:
    case ErrorClass::reconnect:
    case ErrorClass::busy:
    case ErrorClass::wrong_pin:
    case ErrorClass::fatal_config:
    case ErrorClass::unavailable:
    case ErrorClass::label_exists:
      break;
  }
  return std::nullopt;
}

}  // namespace

PrivateKey ConnectedKeys::find(const Uri& uri, const std::string& name) {
  if (const auto known = ring_.known(name, lease_.epoch())) {
    return *known;
  }
  if (!matches(uri, lease_.token())) {
    throw Error{ErrorClass::bad_request, "the key " + name + " is on another token than this one",
                "correct the key's URI"};
  }
  const auto found = find_private_key(lease_.session(), uri);
  if (!found) {
    absent(uri, name);
  }
  ring_.remember(name, lease_.epoch(), *found);
  return *found;
}

// Nothing was found, and the token said CKR_OK: is it the key that is away, the login, or the token? A
// SoftHSM whose files were moved finds nothing.
void ConnectedKeys::absent(const Uri& uri, const std::string& name) {
  const Session session = lease_.session();
  require_login(session);
  const Slot slot = read_slot(session.functions, lease_.slot());
  if (slot.label != lease_.token().label || slot.serial != lease_.token().serial) {
    throw Error{ErrorClass::reconnect, "C_GetTokenInfo", CKR_TOKEN_NOT_PRESENT,
                "another token is in the slot"};
  }
  if (ring_.seen_in(name, lease_.epoch())) {
    throw Error{ErrorClass::reconnect, "C_FindObjects", CKR_OBJECT_HANDLE_INVALID,
                "a key that was there is away"};
  }
  throw key_missing(uri);
}

std::optional<Error> ConnectedKeys::audit(const KeyRing::Enrolled& key) {
  const std::string name = key.uri.text();
  const std::uint64_t epoch = lease_.epoch();
  CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
  try {
    const PrivateKey found = find(key.uri, name);
    handle = found.handle;
    audit_key(lease_.session(), found, key.uri, key.spki);
    ring_.judge(key, epoch, handle, std::nullopt);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.rv() == CKR_KEY_HANDLE_INVALID || error.rv() == CKR_OBJECT_HANDLE_INVALID) {
      ring_.forget(name);
    }
    const auto verdict = as_verdict(error, key.uri);
    if (!verdict) {
      ring_.give_up(key, epoch);
      throw;
    }
    ring_.judge(key, epoch, handle, verdict);
    return verdict;
  }
}

void ConnectedKeys::audit_unjudged(const std::string& name) {
  for (const auto& key : ring_.claim_unjudged(name, lease_.epoch())) {
    static_cast<void>(audit(key));  // the ring tells who may sign
  }
}

}  // namespace pkcs11
