#pragma once
#include <ctime>
#include <string>

namespace http {

// "Thu, 26 Nov 2026 14:05:00 GMT" (RFC 9110, 5.6.7), whatever the locale.
[[nodiscard]] std::string http_date(std::time_t time);

}  // namespace http
