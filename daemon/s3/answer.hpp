#pragma once
#include <string>
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/http_client/transfer.hpp"

namespace s3 {

using http_client::Answer;

// The <Code> and <RequestId> of an S3 error document; empty when they are not there or not what such values
// are: at most 64 letters, digits and "-._+/=". Never throws. Source: Amazon S3 API Reference, "Error
// Responses".
struct ErrorDocument {
  std::string code;
  std::string request_id;
};
[[nodiscard]] ErrorDocument parse_error_document(std::string_view xml);

// Why the request failed, in the codes of ca::Bucket; `what` begins the text: "PUT of x to the bucket y".
// For any status but 200. What an operator can do stands in the text; nothing of the server's own but its
// code, its request id and its region, and these checked.
[[nodiscard]] ca::Error error_of(const std::string& what, const Answer& answer);
// Whether the answer says that the object, not the bucket, is absent.
[[nodiscard]] bool says_no_such_key(const Answer& answer);

}  // namespace s3
