#include "daemon/acmpca/patterns.hpp"

#include <algorithm>
#include <clocale>
#include <cwctype>
#include <optional>

namespace acmpca::pattern {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
bool is_one_of(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

template <typename Predicate>
bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

bool is_url_char(char c) { return is_alnum(c) || is_one_of("-;?:@&=+$,%_.!~*()'", c); }

// The next UTF-8 character, taken off; nullopt when there is none.
std::optional<char32_t> take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead < 0x80U ? 1 : lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
  if (text.size() < size) {
    return std::nullopt;
  }
  char32_t character = size == 1 ? lead : lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    character = (character << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(size);
  return character;
}

// C.UTF-8 is part of every glibc and knows all of Unicode.
bool is_letter_digit_or_space(char32_t character) {
  static const locale_t kUnicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  const auto wide = static_cast<std::wint_t>(character);
  return kUnicode != nullptr && (::iswalnum_l(wide, kUnicode) != 0 || ::iswspace_l(wide, kUnicode) != 0);
}

bool is_arn_char(char c) { return is_alnum(c) || is_one_of("_+=/,.@-", c); }

// The next part of `rest` up to ':', taken off.
std::string_view next_part(std::string_view& rest) {
  const std::size_t colon = rest.find(':');
  const std::string_view part = rest.substr(0, colon);
  rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  return part;
}

}  // namespace

bool is_arn(std::string_view text) {
  if (std::count(text.begin(), text.end(), ':') != 5) {
    return false;
  }
  std::string_view rest = text;
  const std::string_view prefix = next_part(rest);
  const std::string_view partition = next_part(rest);
  const std::string_view service = next_part(rest);
  const std::string_view region = next_part(rest);
  const std::string_view account = next_part(rest);
  const bool slashes =
      rest.empty() || rest.front() == '/' || rest.back() == '/' || rest.find("//") != std::string_view::npos;
  return prefix == "arn" && !partition.empty() && all(partition, is_arn_char) && service == "acm-pca" &&
         all(region, is_arn_char) && all(account, is_digit) && !slashes && all(rest, is_arn_char);
}

bool is_latin1(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20U) {
      if (!is_one_of("\t\n\r", text[i])) {
        return false;
      }
    } else if (byte >= 0x80U) {
      // U+0080 to U+00FF are the two-byte sequences that C2 and C3 lead.
      if ((byte != 0xC2U && byte != 0xC3U) || i + 1 == text.size()) {
        return false;
      }
      ++i;
    }
  }
  return true;
}

bool is_printable(std::string_view text) {
  // "+-." in the model's class is a range: plus, comma, hyphen, full stop.
  return all(text, [](char c) { return is_alnum(c) || is_one_of("'()+,-.?:/= ", c); });
}

bool is_country(std::string_view text) { return text.size() == 2 && all(text, is_letter); }

bool is_oid(std::string_view text) {
  if (text.size() < 3 || text[0] < '0' || text[0] > '2' || text[1] != '.') {
    return false;
  }
  std::string_view rest = text.substr(2);
  std::size_t arcs = 0;
  while (true) {
    const std::size_t dot = rest.find('.');
    const std::string_view arc = rest.substr(0, dot);
    const bool second = arcs == 0;
    if (arc.empty() || !all(arc, is_digit) ||
        (second && (arc.size() > 2 || (arc.size() == 2 && arc[0] > '3')))) {
      return false;
    }
    ++arcs;
    if (arcs > 127) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    rest.remove_prefix(dot + 1);
  }
}

bool is_tag(std::string_view text) {
  while (!text.empty()) {
    const auto character = take_character(text);
    if (!character) {
      return false;
    }
    const bool ascii = *character < 0x80;
    const bool known = ascii && (is_alnum(static_cast<char>(*character)) ||
                                 is_one_of(" _.:/=+-@", static_cast<char>(*character)));
    if (!known && (ascii || !is_letter_digit_or_space(*character))) {
      return false;
    }
  }
  return true;
}

bool is_account_id(std::string_view text) { return !text.empty() && all(text, is_digit); }

bool is_audit_report_id(std::string_view text) {
  static constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == kForm.size() &&
         std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
           return form == '-' ? c == '-' : is_digit(c) || (c >= 'a' && c <= 'z');
         });
}

bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return false;
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return all(text.substr(0, text.size() - padding), [](char c) { return is_alnum(c) || is_one_of("+/", c); });
}

bool is_cname(std::string_view text) {
  return all(text, [](char c) { return is_url_char(c) || c == '/'; });
}

bool is_crl_path(std::string_view text) {
  return !text.empty() && text.front() != '/' && text.back() != '/' &&
         text.find("//") == std::string_view::npos && is_cname(text);
}

bool is_principal(std::string_view text) { return !text.empty() && text.find('*') == std::string_view::npos; }

bool is_bucket(std::string_view text) {
  return !text.empty() && all(text, [](char c) { return is_alnum(c) || is_one_of("-._/", c); });
}

}  // namespace acmpca::pattern
