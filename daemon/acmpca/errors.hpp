#pragma once
#include <string>
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/http/message.hpp"

namespace acmpca {

struct AwsError {
  std::string_view name;     // "InvalidArgsException"
  int status = 400;          // every modelled exception of the service
  bool shows_detail = true;  // false: the cause is ours and nobody else's business
};

// The one map of ca::Code to AWS exceptions. Pure.
[[nodiscard]] AwsError aws_error(ca::Code code);

// {"__type":"<name>","message":"..."} with x-amzn-ErrorType; Retry-After on 503. A detail that is not shown
// becomes the response's cause. Pure: the jitter of Retry-After comes out of the request id.
[[nodiscard]] http::HttpResponse error_response(ca::Code code, const std::string& detail,
                                                std::string_view request_id);

}  // namespace acmpca
