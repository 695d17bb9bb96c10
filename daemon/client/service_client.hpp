#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "ca/base/arn.hpp"
#include "ca/base/clock.hpp"
#include "daemon/client/credentials.hpp"
#include "daemon/http_client/transfer.hpp"

namespace client {

// The daemon that is spoken to, and as whom.
struct Service {
  std::string endpoint;  // "https://ca.example:8443": scheme, host and port, nothing else
  std::string region;
  Credentials credentials;
  http_client::TransferOptions transfer;
};

// Throws Code::invalid_args for what is no https URL of that form.
void check_endpoint(const std::string& endpoint);

// A request before it is signed.
struct Call {
  std::string method;
  std::string path;
  std::string query;   // encoded
  std::string target;  // X-Amz-Target; empty: none
  std::string body;
};
// Signature Version 4 for the service acm-pca. Pure.
[[nodiscard]] http_client::Request signed_call(const Service& service, const Call& call, ca::Seconds time);

// What the daemon answered.
struct Reply {
  long status = 0;
  std::string body;
  std::string
      error;  // of a refusal: "RequestAlreadyProcessedException", "access_denied"; empty when it was served
  std::string detail;  // in the daemon's words
  int retry_after_seconds = 0;
  // The same request may be served later: the daemon, or what it needs, is away or busy.
  [[nodiscard]] bool may_pass() const;
};
// Reads the two forms of a refusal: of the AWS API and problem documents. Pure.
[[nodiscard]] Reply read_reply(const http_client::Answer& answer);

// Calls over one connection that is kept. For one thread at a time. Each call throws Code::unavailable when
// there was no answer: whether the request was served is not known then.
class ServiceClient {
 public:
  // Both must outlive it.
  ServiceClient(const Service& service, const ca::Clock& clock);

  // GET /certificates; `query` without its beginning.
  [[nodiscard]] Reply certificates(const std::string& query);
  // /authority-keys; `operation` empty, "activate" or "discard", the last two with the number of a key.
  [[nodiscard]] Reply keys(const ca::AuthorityArn& authority);
  [[nodiscard]] Reply change_keys(const ca::AuthorityArn& authority, const std::string& operation,
                                  std::uint64_t number);
  [[nodiscard]] Reply revoke(const ca::AuthorityArn& authority, const std::string& serial,
                             const std::string& reason);

 private:
  [[nodiscard]] Reply send(const Call& call, std::size_t max_body);

  const Service& service_;
  const ca::Clock& clock_;
  http_client::Connection connection_;
};

}  // namespace client
