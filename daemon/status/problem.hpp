#pragma once
#include <string>
#include <string_view>

#include "daemon/http/message.hpp"

namespace status {

// RFC 9457, kept by no cache. None of the words come from a request, so nothing is escaped.
[[nodiscard]] http::HttpResponse problem(int status, std::string_view name, std::string_view title,
                                         std::string_view detail);
// 404; what is absent may be published at any moment.
[[nodiscard]] http::HttpResponse not_found(std::string_view detail);
// 503 with Retry-After; the cause is for the log.
[[nodiscard]] http::HttpResponse unavailable(const std::string& cause);

}  // namespace status
