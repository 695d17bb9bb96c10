#pragma once
#include <string>
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/http/message.hpp"

namespace rest {

struct Problem {
  int status = 400;
  std::string_view title;    // the same for every occurrence of the code
  bool shows_detail = true;  // false: the cause is ours and nobody else's business
};

// The one map of ca::Code to problems. Pure.
[[nodiscard]] Problem problem_of(ca::Code code);

// RFC 9457: type, title, status, detail, code, request_id. Retry-After on 429 and 503, WWW-Authenticate on
// 401. A detail that is not shown becomes the response's cause. Pure: the jitter of Retry-After comes out of
// the request id.
[[nodiscard]] http::HttpResponse problem_response(ca::Code code, const std::string& detail,
                                                  const std::string& request_id);

}  // namespace rest
