#pragma once
#include <optional>
#include <string>

#include "ca/base/bytes.hpp"

namespace ca {

// The character strings of names (X.690, 8.23; RFC 5280, 4.1.2.4), as UTF-8. nullopt: not a string type, not
// valid in its type (UTF-8, BMP, printable ASCII), empty, or with a character that nobody sees: control (C0,
// DEL, C1), format (category Cf: bidirectional marks, zero width, tags) a line or paragraph separator, or a
// noncharacter (U+FFFE, U+FFFF, ...).
[[nodiscard]] std::optional<std::string> utf8_of_string(std::uint8_t tag, ByteView contents);

// Number of characters of valid UTF-8.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Whether text is of the alphabet of PrintableString, of NumericString (X.680, 41.4 and 41.2).
[[nodiscard]] bool is_printable_string(std::string_view text);
[[nodiscard]] bool is_numeric_string(std::string_view text);

// Whether every byte is ASCII and no control character; space allowed.
[[nodiscard]] bool is_visible_ascii(std::string_view text);

}  // namespace ca
