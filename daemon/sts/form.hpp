#pragma once
#include <map>
#include <string>
#include <string_view>

namespace sts {

// application/x-www-form-urlencoded, as the query protocol sends its parameters: at most 64 of them, each
// once,
// '+' is a space, every '%' has two hex digits, no control characters, UTF-8. Throws
// ca::Code::malformed_request.
[[nodiscard]] std::map<std::string, std::string> parse_form(std::string_view body);

}  // namespace sts
