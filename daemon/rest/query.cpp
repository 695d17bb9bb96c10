#include "daemon/rest/query.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"

namespace rest {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw ca::Error{ca::Code::constraint_violation, what}; }

int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// RFC 3986, 2.1.
std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      refuse("the query has a '%' without two hex digits");
    }
    plain += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return plain;
}

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string{name};
  }
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_query(std::string_view query,
                                                            std::span<const std::string_view> known,
                                                            std::string_view repeatable) {
  std::vector<std::pair<std::string, std::string>> members;
  for (const std::string& pair : ca::split(query, '&')) {
    const std::size_t equals = pair.find('=');
    std::string name = decoded(std::string_view{pair}.substr(0, equals));
    if (std::ranges::find(known, name) == known.end()) {
      refuse("the query has a name that is not known: only " + joined(known) + " are");
    }
    std::string value = equals == std::string::npos ? "" : decoded(std::string_view{pair}.substr(equals + 1));
    if (value.empty() || value.find('\0') != std::string::npos) {
      refuse("the value of " + name + " is empty or holds NUL");
    }
    const bool there = std::ranges::any_of(members, [&](const auto& member) { return member.first == name; });
    if (there && name != repeatable) {
      refuse("the query has " + name + " twice");
    }
    members.emplace_back(std::move(name), std::move(value));
  }
  return members;
}

}  // namespace rest
