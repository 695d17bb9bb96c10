#pragma once
#include <string>
#include <string_view>

#include "ca/base/clock.hpp"
#include "ca/base/digest.hpp"
#include "ca/base/secret_bytes.hpp"
#include "daemon/http_client/transfer.hpp"

namespace s3 {

// Where a bucket is.
struct Location {
  std::string endpoint;  // "https://s3.example.test:9000": scheme, host and port, nothing else
  std::string region;
  std::string bucket;
  // https://endpoint/bucket/key; otherwise https://bucket.endpoint/key.
  bool path_style = true;
};

using SignedRequest = http_client::Request;  // its headers are all that were signed, and Authorization

struct RequestToSign {
  std::string_view method;
  std::string_view key;           // of the object, as it is named: it is escaped here
  std::string_view content_type;  // empty: none
  ca::Sha256 payload{};
};

// Signature Version 4 as S3 wants it: the path escaped once and otherwise as it is, the payload's hash among
// the headers and signed, whatever the connection. Pure. Source: Amazon S3 API Reference, "Authenticating
// Requests: Using the Authorization Header".
[[nodiscard]] SignedRequest signed_request(const Location& location, const RequestToSign& request,
                                           ca::Seconds time, std::string_view access_key_id,
                                           const ca::SecretBytes& secret);

}  // namespace s3
