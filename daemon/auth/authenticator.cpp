#include "daemon/auth/authenticator.hpp"

#include <algorithm>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/random.hpp"
#include "ca/base/sigv4.hpp"
#include "ca/policy/policy_document.hpp"
#include "daemon/auth/signed_request.hpp"

namespace auth {
namespace {

using ca::Code;
using ca::Error;

constexpr std::string_view kTokenHeader = "x-amz-security-token";
// Each derived key holds one locked page: 256 KiB of the process's limit.
constexpr std::size_t kMaxDerivedKeys = 64;

constexpr std::size_t kMinSessionKeyBytes = 32;

constexpr const char* kExpiredToken = "The security token included in the request is expired";
constexpr const char* kUnknownClient = "The security token included in the request is invalid";
constexpr const char* kMismatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access "
    "Key and signing method. Consult the service documentation for details.";

std::string_view name_of(Service service) { return service == Service::sts ? "sts" : "acm-pca"; }

KeyRing checked(KeyRing ring) {
  for (const auto& [id, key] : ring.keys) {
    if (id.empty() || key.principal.empty() || key.account.empty()) {
      throw Error{Code::invalid_args, "access key '" + id + "' has no id, principal or account"};
    }
    if (!key.secret || key.secret->empty()) {
      throw Error{Code::invalid_args, "access key '" + id + "' has no secret"};
    }
  }
  if (ring.session_key && ring.session_key->view().size() < kMinSessionKeyBytes) {
    throw Error{Code::invalid_args, "the session key must have at least 32 characters"};
  }
  return ring;
}

std::string window_text(std::chrono::seconds window) {
  const auto seconds = window.count();
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + " min." : std::to_string(seconds) + " sec.";
}

void check_time(const SignedRequest& claim, ca::Seconds now, std::chrono::seconds window) {
  if (claim.time < now - window) {
    throw Error{Code::invalid_signature, "Signature expired: " + claim.time_text + " is now earlier than " +
                                             basic_iso8601(now - window) + " (" + basic_iso8601(now) + " - " +
                                             window_text(window) + ")"};
  }
  if (claim.time > now + window) {
    throw Error{Code::invalid_signature, "Signature not yet current: " + claim.time_text +
                                             " is still later than " + basic_iso8601(now + window) + " (" +
                                             basic_iso8601(now) + " + " + window_text(window) + ")"};
  }
}

void check_scope(const SignedRequest& claim, const std::vector<std::string>& regions, Service service) {
  if (claim.scope.date != std::string_view{claim.time_text}.substr(0, 8)) {
    throw Error{Code::invalid_signature,
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"};
  }
  if (std::find(regions.begin(), regions.end(), claim.scope.region) == regions.end()) {
    throw Error{Code::invalid_signature, "Credential should be scoped to a valid region."};
  }
  if (claim.scope.service != name_of(service)) {
    throw Error{Code::invalid_signature,
                "Credential should be scoped to correct service: '" + std::string{name_of(service)} + "'."};
  }
}

// The signature covers the normal form of the path, but the router sees the path as sent: where they differ,
// one signature would serve for several paths.
void check_path(const http::HttpRequest& request) {
  if (ca::sigv4::canonical_path(request.path) != ca::sigv4::escaped(request.path, "/")) {
    throw Error{Code::malformed_request, "the path must be absolute, without empty, '.' or '..' segments"};
  }
}

// Whoever states a payload hash must state the hash of this body; "UNSIGNED-PAYLOAD" never is.
void check_stated_payload(const http::HttpRequest& request, const std::string& payload_hash) {
  const auto stated = only_header(request, "x-amz-content-sha256");
  if (stated && ca::sigv4::canonical_header_value(*stated) != payload_hash) {
    throw Error{
        Code::invalid_signature,
        "The 'X-Amz-Content-Sha256' header does not match the SHA-256 of the body; unsigned payloads are "
        "not accepted."};
  }
}

bool signature_matches(const http::HttpRequest& request, const SignedRequest& claim,
                       const std::string& payload_hash, const ca::SecretBytes& key) {
  const std::string canonical = ca::sigv4::canonical_request(
      {request.method, request.path, request.query, request.headers, claim.signed_headers, payload_hash});
  const std::string to_sign = ca::sigv4::string_to_sign(claim.time_text, claim.scope, canonical);
  return ca::equal_secrets(ca::sigv4::signature(key, to_sign), claim.signature);
}

}  // namespace

struct Authenticator::State {
  State(KeyRing keys, std::shared_ptr<const ca::SecretBytes> own_session_key)
      : ring{checked(std::move(keys))},
        sessions{ring.session_key ? ring.session_key : std::move(own_session_key)} {}

  // Deriving takes four keyed digests and a locked page; a client signs a whole day with the same key. The
  // caller has checked date and region, so that strangers cannot fill the cache with scopes of their choice.
  std::shared_ptr<const ca::SecretBytes> signing_key(const std::string& id, const ca::SecretBytes& secret,
                                                     const ca::sigv4::Scope& scope) {
    const std::string name = id + '/' + scope.text();
    {
      const std::lock_guard lock{mutex};
      if (const auto found = derived.find(name); found != derived.end()) {
        return found->second;
      }
    }
    auto key = std::make_shared<const ca::SecretBytes>(ca::sigv4::signing_key(secret.view(), scope));
    const std::lock_guard lock{mutex};
    if (derived.size() >= kMaxDerivedKeys) {
      derived.clear();  // yesterday's keys go with it
    }
    derived.insert_or_assign(name, key);
    return key;
  }

  const KeyRing ring;
  const SessionTokens sessions;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const ca::SecretBytes>> derived;
};

Authenticator::Authenticator(
    AuthenticatorOptions options, KeyRing ring, const ca::Clock& clock,
    std::function<std::optional<DeviceIdentity>(const ca::Bytes& leaf_der)> find_device)
    : options_{std::move(options)},
      clock_{clock},
      find_device_{std::move(find_device)},
      no_secret_{std::make_shared<const ca::SecretBytes>(ca::bytes_of("no access key has this secret"))},
      own_session_key_{std::make_shared<const ca::SecretBytes>(ca::random_bytes(kMinSessionKeyBytes))},
      state_{std::make_shared<State>(std::move(ring), own_session_key_)} {
  if (options_.regions.empty() || options_.partition.empty() || options_.window <= std::chrono::seconds{0}) {
    throw Error{Code::invalid_args, "authentication needs a region, a partition and a window above zero"};
  }
}

Authenticator::~Authenticator() = default;

void Authenticator::replace(KeyRing ring) {
  // Derived keys belong to the ring: a replaced secret must not live on in them.
  auto next = std::make_shared<State>(std::move(ring), own_session_key_);
  const std::lock_guard lock{mutex_};
  state_.swap(next);
}

std::shared_ptr<Authenticator::State> Authenticator::current() const {
  const std::lock_guard lock{mutex_};
  return state_;
}

SessionCredentials Authenticator::open_session(const Session& session) const {
  return current()->sessions.open(session);
}

ca::Caller Authenticator::authenticate(const http::HttpRequest& request, Service service) const {
  // What was proved for the one API proves nothing for the other.
  if (request.proved && service == Service::acm_pca) {
    return *request.proved;
  }
  if (has_query_authentication(request.query)) {
    throw Error{Code::incomplete_signature,
                "Authentication by query string is not supported; sign with the Authorization header."};
  }
  if (only_header(request, "authorization")) {
    return by_signature(request, service);
  }
  if (request.client_certificate) {
    return by_certificate(request);
  }
  throw Error{Code::missing_authentication, "Missing Authentication Token"};
}

std::string Authenticator::share_of(http::HttpRequest& request, Service service) const {
  try {
    if (only_header(request, "authorization") && !has_query_authentication(request.query)) {
      if (names_known_caller(request)) {
        const auto caller = std::make_shared<const ca::Caller>(by_signature(request, service));
        if (service == Service::acm_pca) {
          request.proved = caller;
        }
        return caller->principal_arn;
      }
    } else if (request.client_certificate) {
      const auto state = current();
      const std::string fingerprint = ca::to_hex(ca::sha256(*request.client_certificate));
      const auto listed = state->ring.certificates.find(fingerprint);
      return listed == state->ring.certificates.end()
                 ? "certificate " + fingerprint
                 : caller_of(request, listed->second.first, listed->second.second).principal_arn;
    }
  } catch (const std::exception&) {
    // authenticate() says what was wrong, in the words of the protocol.
  }
  return "network " + request.remote_network;
}

// What a request is signed with: a principal's access key, or that of a session that the token carries.
struct Authenticator::Credential {
  std::shared_ptr<const ca::SecretBytes> secret;
  std::string account, principal;
  std::optional<Session> session;
};

std::optional<Authenticator::Credential> Authenticator::credential_of(const State& state,
                                                                      const http::HttpRequest& request,
                                                                      const SignedRequest& claim) {
  const auto token = only_header(request, kTokenHeader);
  if (!token) {
    const auto found = state.ring.keys.find(claim.access_key_id);
    return found == state.ring.keys.end()
               ? std::nullopt
               : std::optional{Credential{found->second.secret, found->second.account,
                                          found->second.principal, std::nullopt}};
  }
  auto read = state.sessions.read(*token);
  if (!read || read->access_key_id != claim.access_key_id ||
      !state.ring.roles.contains({read->session.account, read->session.role})) {
    return std::nullopt;
  }
  Credential credential{std::move(read->secret), read->session.account, read->session.role, std::nullopt};
  credential.session = std::move(read->session);
  return credential;
}

bool Authenticator::names_known_caller(const http::HttpRequest& head) const {
  const auto state = current();
  try {
    if (only_header(head, "authorization")) {
      return credential_of(*state, head, read_signed_request(head)).has_value();
    }
  } catch (const std::exception&) {
    return false;
  }
  return head.client_certificate &&
         state->ring.certificates.contains(ca::to_hex(ca::sha256(*head.client_certificate)));
}

ca::Caller Authenticator::by_signature(const http::HttpRequest& request, Service service) const {
  const SignedRequest claim = read_signed_request(request);
  const std::string payload_hash = ca::to_hex(ca::sha256(ca::bytes_of(request.body)));
  const ca::Seconds now = ca::to_seconds(clock_.now());
  const auto state = current();

  const auto credential = credential_of(*state, request, claim);
  if (!credential) {
    const ca::sigv4::Scope scope{basic_iso8601(now).substr(0, 8), options_.regions.front(),
                                 std::string{name_of(service)}};
    (void)signature_matches(request, claim, payload_hash, *state->signing_key("", *no_secret_, scope));
    throw Error{Code::unrecognized_client, kUnknownClient};
  }
  check_time(claim, now, options_.window);
  check_scope(claim, options_.regions, service);
  check_path(request);
  check_stated_payload(request, payload_hash);
  const auto signing_key = state->signing_key(claim.access_key_id, *credential->secret, claim.scope);
  if (!signature_matches(request, claim, payload_hash, *signing_key)) {
    throw Error{Code::invalid_signature, kMismatch};
  }
  // Only its holder learns that a session is over.
  if (credential->session && credential->session->expires <= now) {
    throw Error{Code::expired_token, kExpiredToken};
  }
  ca::Caller caller = credential->session ? session_caller(request, *credential->session)
                                          : caller_of(request, credential->account, credential->principal);
  caller.region = claim.scope.region;
  caller.access_key_id = claim.access_key_id;
  return caller;
}

ca::Caller Authenticator::session_caller(const http::HttpRequest& request, const Session& session) const {
  ca::Caller caller = caller_of(request, session.account, session.role);
  caller.principal_arn = "arn:" + options_.partition + ":iam::" + session.account + ":role/" + session.role;
  caller.session_arn = "arn:" + options_.partition + ":sts::" + session.account + ":assumed-role/" +
                       session.role + "/" + session.name;
  if (!session.policy.empty()) {
    caller.session_policy = std::make_shared<const ca::PolicyDocument>(
        ca::PolicyDocument::parse("of session " + session.name, session.policy));
  }
  return caller;
}

ca::Caller Authenticator::by_certificate(const http::HttpRequest& request) const {
  const auto state = current();
  const std::string fingerprint = ca::to_hex(ca::sha256(*request.client_certificate));
  if (const auto found = state->ring.certificates.find(fingerprint);
      found != state->ring.certificates.end()) {
    return caller_of(request, found->second.first, found->second.second);
  }
  const auto& principal = state->ring.device_principal;
  if (principal && find_device_) {
    const auto device = find_device_(*request.client_certificate);
    // A device of another account must not borrow this account's principal.
    if (device && device->account == principal->first && !device->device_id.empty()) {
      ca::Caller caller = caller_of(request, principal->first, principal->second);
      caller.device_id = device->device_id;
      return caller;
    }
  }
  throw Error{Code::unrecognized_client,
              "The client certificate does not belong to a principal or a known device."};
}

ca::Caller Authenticator::caller_of(const http::HttpRequest& request, const std::string& account,
                                    const std::string& principal) const {
  ca::Caller caller;
  caller.account = account;
  caller.principal = principal;
  caller.principal_arn = "arn:" + options_.partition + ":iam::" + account + ":user/" + principal;
  caller.region = options_.regions.front();
  caller.source_ip = request.remote_ip;
  caller.request_id = request.request_id;
  return caller;
}

}  // namespace auth
