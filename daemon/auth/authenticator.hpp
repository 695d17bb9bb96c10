#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ca/base/bytes.hpp"
#include "ca/base/clock.hpp"
#include "ca/base/secret_bytes.hpp"
#include "ca/policy/caller.hpp"
#include "daemon/auth/session_tokens.hpp"
#include "daemon/http/message.hpp"

namespace auth {

struct SignedRequest;

struct AccessKey {
  std::string id;
  std::shared_ptr<const ca::SecretBytes> secret;
  std::string principal;
  std::string account;
};

struct KeyRing {
  std::map<std::string, AccessKey> keys;  // by id
  // SHA-256 of the client certificate's DER, lower-case hex -> {account, principal}
  std::map<std::string, std::pair<std::string, std::string>> certificates;
  // {account, principal} for devices that come with their own certificate
  std::optional<std::pair<std::string, std::string>> device_principal;
  std::set<std::pair<std::string, std::string>> roles;  // {account, role} whose sessions are accepted
  // Makes the credentials of sessions, the same on every daemon; null: each start has its own.
  std::shared_ptr<const ca::SecretBytes> session_key;
};

struct DeviceIdentity {
  std::string account;
  std::string device_id;
};

// Which API a signature must be scoped to.
enum class Service { acm_pca, sts };

struct AuthenticatorOptions {
  std::vector<std::string> regions;  // that a credential scope may name; mTLS callers get the first
  std::string partition = "aws";
  std::chrono::seconds window{300};  // how far the request's time may be from ours, either way, inclusive
};

// Proves who sends a request: Signature Version 4 when there is an Authorization header, else the client
// certificate that TLS has verified. Never both: a bad signature does not fall back to the certificate.
// Refused as AWS refuses (codes missing_authentication, incomplete_signature, unrecognized_client,
// invalid_signature, expired_token); no text repeats anything of the Authorization header but header names
// (I18). Thread-safe.
class Authenticator {
 public:
  // `find_device` knows the certificates that were issued to devices and throws ca::Error when it cannot
  // tell. Throws Code::invalid_args for options or a key ring that cannot work.
  Authenticator(AuthenticatorOptions options, KeyRing ring, const ca::Clock& clock,
                std::function<std::optional<DeviceIdentity>(const ca::Bytes& leaf_der)> find_device = {});
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // Takes effect for every request that is authenticated after the return; a ring that cannot work changes
  // nothing.
  void replace(KeyRing ring);
  [[nodiscard]] ca::Caller authenticate(const http::HttpRequest& request,
                                        Service service = Service::acm_pca) const;
  // Whose share of queues and rates the request uses: the principal's when its signature (for acm_pca it is
  // then noted in request.proved, and authenticate() need not do it again) or a listed certificate proves it;
  // a device's by its certificate; else that of the network that it came from. A claim alone uses up nobody's
  // share. The whole request must be there. Does not throw or wait.
  [[nodiscard]] std::string share_of(http::HttpRequest& request, Service service = Service::acm_pca) const;
  // Whether the head claims to be of somebody whom the key ring knows. Proves nothing: for bounds that
  // strangers shall not use up. The body need not be there. Does not throw or wait.
  [[nodiscard]] bool names_known_caller(const http::HttpRequest& head) const;
  // Temporary credentials for a session whose right to be was decided; with the key of the current ring.
  [[nodiscard]] SessionCredentials open_session(const Session& session) const;

 private:
  struct State;  // a key ring and the signing keys derived from it
  struct Credential;
  [[nodiscard]] static std::optional<Credential> credential_of(const State& state,
                                                               const http::HttpRequest& request,
                                                               const SignedRequest& claim);
  [[nodiscard]] ca::Caller session_caller(const http::HttpRequest& request, const Session& session) const;
  [[nodiscard]] std::shared_ptr<State> current() const;
  [[nodiscard]] ca::Caller by_signature(const http::HttpRequest& request, Service service) const;
  [[nodiscard]] ca::Caller by_certificate(const http::HttpRequest& request) const;
  [[nodiscard]] ca::Caller caller_of(const http::HttpRequest& request, const std::string& account,
                                     const std::string& principal) const;

  AuthenticatorOptions options_;
  const ca::Clock& clock_;
  std::function<std::optional<DeviceIdentity>(const ca::Bytes& leaf_der)> find_device_;
  // Stands in for the secret of an unknown access key, so that both cost the same.
  std::shared_ptr<const ca::SecretBytes> no_secret_;
  std::shared_ptr<const ca::SecretBytes> own_session_key_;  // for rings that bring none
  mutable std::mutex mutex_;
  std::shared_ptr<State> state_;
};

}  // namespace auth
