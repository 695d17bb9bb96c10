#pragma once
#include <string>
#include <string_view>

namespace ca {

struct JsonText {
  std::string quoted;  // with its quotation marks; valid UTF-8
  bool cut = false;
};

// A JSON string in the one canonical form (RFC 8785, 3.2.2.2): two-character escapes where JSON has them,
// \u00xx for the other control characters, everything else as it is. Bytes that are not UTF-8 (RFC 3629, no
// surrogates) become U+FFFD. At most `max` bytes between the quotation marks, cut before a whole character.
[[nodiscard]] JsonText json_text(std::string_view text, std::size_t max);

}  // namespace ca
