#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ca/base/bytes.hpp"
#include "ca/base/error.hpp"

namespace s3 {

// What a server answered. All of it comes from outside.
struct Answer {
  long status = 0;
  std::string etag;           // empty: none
  std::string request_id;     // x-amz-request-id
  std::string bucket_region;  // x-amz-bucket-region, of those who asked in a wrong one
  ca::Bytes body;
  bool body_too_large = false;  // more than was wanted: `body` is its beginning
};

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
