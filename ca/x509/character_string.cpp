#include "ca/x509/character_string.hpp"

#include <algorithm>
#include <array>

#include "ca/x509/der.hpp"

namespace ca {
namespace {

constexpr char32_t kLastCharacter = 0x10FFFF;

bool is_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

struct Range {
  char32_t first, last;
};
// Categories Cc, Cf, Zl and Zp of the Unicode Character Database and the noncharacters U+FDD0 to U+FDEF, in
// order. With one of them in it a name
// reads like another, or runs into the next line of a log.
constexpr std::array kUnseen{
    Range{0x0000, 0x001F},   Range{0x007F, 0x009F},   Range{0x00AD, 0x00AD},   Range{0x0600, 0x0605},
    Range{0x061C, 0x061C},   Range{0x06DD, 0x06DD},   Range{0x070F, 0x070F},   Range{0x0890, 0x0891},
    Range{0x08E2, 0x08E2},   Range{0x180E, 0x180E},   Range{0x200B, 0x200F},   Range{0x2028, 0x202E},
    Range{0x2060, 0x206F},   Range{0xFDD0, 0xFDEF},   Range{0xFEFF, 0xFEFF},   Range{0xFFF9, 0xFFFB},
    Range{0x110BD, 0x110BD}, Range{0x110CD, 0x110CD}, Range{0x13430, 0x1343F}, Range{0x1BCA0, 0x1BCA3},
    Range{0x1D173, 0x1D17A}, Range{0xE0000, 0xE007F},
};

// U+FFFE and U+FFFF, and the last two of every other plane: no text has them.
bool ends_a_plane(char32_t c) { return (c & 0xFFFEU) == 0xFFFEU; }

bool is_unseen(char32_t c) {
  const auto range = std::lower_bound(kUnseen.begin(), kUnseen.end(), c,
                                      [](const Range& row, char32_t value) { return row.last < value; });
  return ends_a_plane(c) || (range != kUnseen.end() && c >= range->first);
}

void append_utf8(std::string& out, char32_t c) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((c >> shift) & 0x3FU)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0U | c >> 6U);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | c >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | c >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

// The character that starts at `at`, and moves `at` behind it. nullopt: overlong, cut off, surrogate (RFC
// 3629).
std::optional<char32_t> next_utf8(ByteView text, std::size_t& at) {
  const std::uint8_t lead = text[at++];
  if (lead < 0x80) {
    return lead;
  }
  const unsigned more = lead >= 0xF0 ? 3U : lead >= 0xE0 ? 2U : 1U;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < more) {
    return std::nullopt;
  }
  char32_t c = lead & (0x3FU >> more);
  for (unsigned i = 0; i < more; ++i, ++at) {
    if ((text[at] & 0xC0U) != 0x80U) {
      return std::nullopt;
    }
    c = c << 6U | (text[at] & 0x3FU);
  }
  const bool overlong = (more == 2 && c < 0x800) || (more == 3 && c < 0x10000);
  return overlong || is_surrogate(c) || c > kLastCharacter ? std::nullopt : std::optional{c};
}

std::optional<std::string> from_utf8(ByteView text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto c = next_utf8(text, at);
    if (!c || is_unseen(*c)) {
      return std::nullopt;
    }
  }
  return text_of(text);
}

// Fixed-width big-endian characters: 1 (Latin), 2 (BMP) or 4 (Universal) bytes each.
std::optional<std::string> from_wide(ByteView text, std::size_t width, char32_t last) {
  if (text.size() % width != 0) {
    return std::nullopt;
  }
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += width) {
    char32_t c = 0;
    for (std::size_t i = 0; i < width; ++i) {
      c = c << 8U | text[at + i];
    }
    if (is_unseen(c) || is_surrogate(c) || c > last) {
      return std::nullopt;
    }
    append_utf8(out, c);
  }
  return out;
}

}  // namespace

std::optional<std::string> utf8_of_string(std::uint8_t tag, ByteView contents) {
  if (contents.empty()) {
    return std::nullopt;
  }
  switch (tag) {
    case der::tag::kUtf8String:
      return from_utf8(contents);
    case der::tag::kPrintableString:
    case der::tag::kNumericString:
    case der::tag::kIa5String:
    case der::tag::kVisibleString:
      return from_wide(contents, 1, 0x7E);
    case der::tag::kTeletexString:  // read as Latin-1, as everybody does
      return from_wide(contents, 1, 0xFF);
    case der::tag::kBmpString:
      return from_wide(contents, 2, 0xFFFF);
    case der::tag::kUniversalString:
      return from_wide(contents, 4, kLastCharacter);
    default:
      return std::nullopt;
  }
}

std::size_t utf8_length(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_printable_string(std::string_view text) {
  static constexpr std::string_view kMarks = " '()+,-./:=?";
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_numeric_string(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || (c >= '0' && c <= '9'); });
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace ca
