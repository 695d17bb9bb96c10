#pragma once
#include <string>
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/http/message.hpp"

namespace sts {

// How STS names an error (AWS STS API Reference, "Common Errors" and those of AssumeRole).
struct StsError {
  std::string_view name;
  int status = 400;
  bool shows_detail = true;
};
[[nodiscard]] StsError sts_error(ca::Code code);
// <ErrorResponse>; 503 and 500 say nothing of the cause, which goes to the log.
[[nodiscard]] http::HttpResponse error_response(ca::Code code, const std::string& detail,
                                                const std::string& request_id);

}  // namespace sts
