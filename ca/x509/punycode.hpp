#pragma once
#include <string_view>

namespace ca {

// Whether text, a label of an internationalized domain name behind its "xn--", decodes by RFC 3492 to
// characters of which one at least is neither ASCII nor a control character. Every such text has one
// encoding, but for case. What IDNA asks of the decoded characters (scripts, normalization, bidirectional
// text) is not looked at: that would need the tables of Unicode.
[[nodiscard]] bool is_punycode(std::string_view text);

}  // namespace ca
