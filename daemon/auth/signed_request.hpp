#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/base/bytes.hpp"
#include "ca/base/clock.hpp"
#include "ca/base/sigv4.hpp"
#include "daemon/http/message.hpp"

namespace auth {

// What a request claims by its Authorization header and its date; nothing of it is proved.
struct SignedRequest {
  std::string access_key_id;
  ca::sigv4::Scope scope;
  std::vector<std::string> signed_headers;  // lower case, ascending, each present in the request
  ca::Bytes signature;                      // 32 bytes
  std::string time_text;                    // "20261124T120000Z"
  ca::Seconds time;
};

// The value of a header that may occur once. Throws Code::incomplete_signature, naming the header, when it is
// repeated.
[[nodiscard]] std::optional<std::string_view> only_header(const http::HttpRequest& request,
                                                          std::string_view name);

// Reads the form of the signature strictly. The request has an Authorization header. Throws
// Code::incomplete_signature for a header of another form and Code::invalid_signature when a header that must
// be signed is not.
[[nodiscard]] SignedRequest read_signed_request(const http::HttpRequest& request);

// Whether the query string carries a signature ("presigned URL").
[[nodiscard]] bool has_query_authentication(std::string_view query);

// "20261124T120000Z"
[[nodiscard]] std::string basic_iso8601(ca::Seconds time);

}  // namespace auth
