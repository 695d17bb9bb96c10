#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ca/base/bytes.hpp"
#include "ca/base/digest.hpp"
#include "ca/base/secret_bytes.hpp"

// AWS Signature Version 4 over the Authorization header, for both ends: the daemon verifies with it, clients
// of S3 sign with it. Pure: no clock, no store, no policy. Source: AWS IAM User Guide, "Create a signed AWS
// API request".
namespace ca::sigv4 {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kTerminator = "aws4_request";

// For what a signing key is good: one day, one region, one service.
struct Scope {
  std::string date;  // "20261124"
  std::string region;
  std::string service;

  // "20261124/us-east-1/acm-pca/aws4_request"
  [[nodiscard]] std::string text() const;
};

// S3 signs the path as it is sent; every other service a normalized form of it: see canonical_path().
enum class PathRule { normalized, as_it_is };

// What is signed of an HTTP request.
struct Request {
  std::string_view method;
  std::string_view path;   // as on the wire, still percent-encoded
  std::string_view query;  // as on the wire, without '?'
  // As on the wire, in order. Names in any case; only those in signed_headers count.
  const std::vector<std::pair<std::string, std::string>>& headers;
  const std::vector<std::string>& signed_headers;  // lower case, ascending
  std::string_view payload_hash;                   // 64 lower-case hex digits
  PathRule path_rule = PathRule::normalized;
};

// Dot segments and empty segments removed, then every byte but A-Z a-z 0-9 - . _ ~ / percent-encoded (so that
// '%' of the wire form becomes "%25"). S3 alone signs the path as it is: see escaped().
[[nodiscard]] std::string canonical_path(std::string_view path);
// Parameters percent-decoded, encoded again with upper-case digits and sorted by encoded name, then value.
// '+' stands for itself; a '%' without two hex digits is an ordinary byte.
[[nodiscard]] std::string canonical_query(std::string_view query);
// Outer white space removed, inner runs become one space.
[[nodiscard]] std::string canonical_header_value(std::string_view value);
// Percent-encodes every byte but A-Z a-z 0-9 - . _ ~ and those in `also_safe`.
[[nodiscard]] std::string escaped(std::string_view text, std::string_view also_safe = {});

// A header that is named but absent counts as empty; whether that is acceptable is for the caller to say.
[[nodiscard]] std::string canonical_request(const Request& request);
// `time` is "20261124T120000Z".
[[nodiscard]] std::string string_to_sign(std::string_view time, const Scope& scope,
                                         std::string_view canonical_request);
// Every intermediate key is wiped. Throws Code::internal when locked memory has run out.
[[nodiscard]] SecretBytes signing_key(ByteView secret, const Scope& scope);
[[nodiscard]] Sha256 signature(const SecretBytes& signing_key, std::string_view string_to_sign);

// The value of the Authorization header for a request that is being sent.
[[nodiscard]] std::string authorization(std::string_view access_key_id, const Scope& scope,
                                        const std::vector<std::string>& signed_headers,
                                        const Sha256& signature);

}  // namespace ca::sigv4
