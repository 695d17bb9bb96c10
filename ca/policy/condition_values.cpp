#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cmath>

#include "ca/policy/condition.hpp"

namespace ca {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits at that place; nullopt when one of them is none.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t count) {
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (!is_digit(c)) {
      return std::nullopt;
    }
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && std::isfinite(number);
  return whole ? std::optional{number} : std::nullopt;
}

std::optional<double> parse_date(std::string_view text) {
  using namespace std::chrono;
  static constexpr std::string_view kForm = "YYYY-MM-DDThh:mm:ssZ";
  if (const auto seconds = parse_number(text)) {
    return seconds;
  }
  const bool with_time = text.size() == kForm.size();
  if (!with_time && text.size() != 10) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t count) {
    return digits_at(text, at, count).value_or(-1);
  };
  const auto marks = [&](std::initializer_list<std::pair<std::size_t, char>> expected) {
    return std::all_of(expected.begin(), expected.end(),
                       [&](const auto& mark) { return text[mark.first] == mark.second; });
  };
  if (!marks({{4, '-'}, {7, '-'}}) || (with_time && !marks({{10, 'T'}, {13, ':'}, {16, ':'}, {19, 'Z'}}))) {
    return std::nullopt;
  }
  const int hour = with_time ? number(11, 2) : 0;
  const int minute = with_time ? number(14, 2) : 0;
  const int second = with_time ? number(17, 2) : 0;
  const int month = number(5, 2);
  const int date_of_month = number(8, 2);
  if (number(0, 4) < 0 || month < 1 || date_of_month < 1 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 59) {
    return std::nullopt;
  }
  const year_month_day date{year{number(0, 4)}, std::chrono::month{static_cast<unsigned>(month)},
                            day{static_cast<unsigned>(date_of_month)}};
  if (!date.ok()) {
    return std::nullopt;
  }
  const auto time = sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
  return static_cast<double>(time.time_since_epoch().count());
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address{text.substr(0, slash)};
  std::array<std::uint8_t, 16> bytes{};
  IpNetwork network;
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
    network.address.assign(bytes.begin(), bytes.begin() + 4);
  } else if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
    network.address.assign(bytes.begin(), bytes.end());
  } else {
    return std::nullopt;
  }
  const unsigned bits = static_cast<unsigned>(network.address.size()) * 8;
  network.prefix = bits;
  if (slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    const auto prefix = length.size() <= 3 ? digits_at(length, 0, length.size()) : std::nullopt;
    if (length.empty() || !prefix || static_cast<unsigned>(*prefix) > bits) {
      return std::nullopt;
    }
    network.prefix = static_cast<unsigned>(*prefix);
  }
  return network;
}

bool IpNetwork::contains(const IpNetwork& other) const {
  if (other.address.size() != address.size() || other.prefix < prefix) {
    return false;
  }
  for (unsigned bit = 0; bit < prefix; bit += 8) {
    const unsigned left = prefix - bit;
    const auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xFFU : 0xFFU << (8 - left));
    if (((address[bit / 8] ^ other.address[bit / 8]) & mask) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace ca
