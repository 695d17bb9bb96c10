#include "daemon/acmpca/strict_cbor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

#include "ca/base/error.hpp"
#include "daemon/acmpca/strict_json.hpp"

namespace acmpca {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& what) {
  throw ca::Error{ca::Code::malformed_request, "The request body is not acceptable CBOR: " + what};
}

enum Major : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };
constexpr std::uint8_t kIndefinite = 31;

struct Head {
  std::uint8_t major = 0;
  std::uint8_t info = 0;       // the lower five bits
  std::uint64_t argument = 0;  // 0 when the length is indefinite
  [[nodiscard]] bool is_break() const { return major == kSimple && info == kIndefinite; }
};

// Whole numbers are read as integers: a sender may write any number as it likes.
json number(double value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::trunc(value) == value && std::abs(value) <= kExact) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

double half(std::uint64_t bits) {
  const auto exponent = static_cast<int>(bits >> 10U & 0x1fU);
  const auto mantissa = static_cast<double>(bits & 0x3ffU);
  double value = std::ldexp(mantissa + 1024.0, exponent - 25);
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent == 0x1f) {
    value = mantissa == 0 ? HUGE_VAL : std::nan("");
  }
  return (bits & 0x8000U) != 0 ? -value : value;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_{bytes} {}

  json whole() {
    const Head first = head();
    if (first.major != kMap) {
      refuse("a map is expected");
    }
    json value = map(first, 0);
    if (!rest_.empty()) {
      refuse("trailing bytes");
    }
    return value;
  }

 private:
  std::uint64_t take(std::size_t count) {
    if (rest_.size() < count) {
      refuse("it ends early");
    }
    std::uint64_t value = 0;
    for (const char byte : rest_.substr(0, count)) {
      value = value << 8U | static_cast<std::uint8_t>(byte);
    }
    rest_.remove_prefix(count);
    return value;
  }

  Head head() {
    const auto initial = static_cast<std::uint8_t>(take(1));
    Head head{.major = static_cast<std::uint8_t>(initial >> 5U),
              .info = static_cast<std::uint8_t>(initial & 0x1fU)};
    if (head.info < 24) {
      head.argument = head.info;
    } else if (head.info < 28) {
      head.argument = take(std::size_t{1} << (head.info - 24U));
    } else if (head.info != kIndefinite || head.major < kBytes || head.major == kTag) {
      refuse("a head that RFC 8949 does not know");
    }
    return head;
  }

  json value(const Head& head, int depth) {
    switch (head.major) {
      case kUnsigned:
        return head.argument;
      case kNegative:
        if (head.argument > static_cast<std::uint64_t>(INT64_MAX)) {
          refuse("a number below -2^63");
        }
        return -1 - static_cast<std::int64_t>(head.argument);
      case kBytes: {
        const std::string bytes = string(head);
        return json::binary({bytes.begin(), bytes.end()});
      }
      case kText:
        return text(head);
      case kArray:
        return array(head, depth);
      case kMap:
        return map(head, depth);
      case kTag:
        refuse("a tag: no member of a request is a point in time");
      default:
        return simple(head);
    }
  }

  static json simple(const Head& head) {
    switch (head.info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
      case 23:
        return nullptr;
      case 25:
        return number(half(head.argument));
      case 26:
        return number(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
      case 27:
        return number(std::bit_cast<double>(head.argument));
      default:
        refuse("a simple value that means nothing");
    }
  }

  std::string definite(std::uint64_t size) {
    if (size > rest_.size()) {
      refuse("it ends early");
    }
    std::string taken{rest_.substr(0, size)};
    rest_.remove_prefix(size);
    return taken;
  }

  // Of bytes or text: whole, or in pieces of definite length.
  std::string string(const Head& first) {
    if (first.info != kIndefinite) {
      return definite(first.argument);
    }
    std::string all;
    for (Head piece = head(); !piece.is_break(); piece = head()) {
      if (piece.major != first.major || piece.info == kIndefinite) {
        refuse("a string with a piece that is none");
      }
      all += definite(piece.argument);
    }
    return all;
  }

  std::string text(const Head& first) {
    std::string text = string(first);
    if (text.find('\0') != std::string::npos) {
      refuse("a text holds NUL");
    }
    try {
      (void)json(text).dump();
    } catch (const json::exception&) {
      refuse("a text is not UTF-8");
    }
    return text;
  }

  // The head of the next item, nullopt at the end of its array or map. `left` counts definite ones.
  std::optional<Head> next(const Head& of, std::uint64_t& left) {
    if (of.info != kIndefinite && left-- == 0) {
      return std::nullopt;
    }
    const Head item = head();
    if (!item.is_break()) {
      return item;
    }
    if (of.info != kIndefinite) {
      refuse("a break inside a definite length");
    }
    return std::nullopt;
  }

  static void enter(int depth) {
    if (depth >= kMaxJsonDepth) {
      refuse("more than " + std::to_string(kMaxJsonDepth) + " levels");
    }
  }

  json array(const Head& first, int depth) {
    enter(depth);
    json items = json::array();
    std::uint64_t left = first.argument;
    while (const auto item = next(first, left)) {
      items.push_back(value(*item, depth + 1));
    }
    return items;
  }

  json map(const Head& first, int depth) {
    enter(depth);
    json members = json::object();
    std::uint64_t left = first.argument;
    while (const auto key = next(first, left)) {
      if (key->major != kText) {
        refuse("a member name is no text");
      }
      const std::string name = text(*key);
      if (members.contains(name)) {
        refuse("a member name occurs twice in one map");
      }
      const Head item = head();
      members[name] = value(item, depth + 1);
    }
    return members;
  }

  std::string_view rest_;
};

constexpr std::array<std::string_view, 5> kTimestamps{"CreatedAt", "LastStateChangeAt", "NotAfter",
                                                      "NotBefore", "RestorableUntil"};

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xffU);
  }
}

void put_head(std::string& out, Major major, std::uint64_t argument) {
  const auto top = static_cast<unsigned>(major) << 5U;
  if (argument < 24) {
    put(out, top | argument, 1);
    return;
  }
  const unsigned size = argument <= 0xffU ? 0 : argument <= 0xffffU ? 1 : argument <= 0xffffffffU ? 2 : 3;
  put(out, top | (24U + size), 1);
  put(out, argument, 1 << size);
}

void put_double(std::string& out, double value) {
  put(out, static_cast<unsigned>(kSimple) << 5U | 27U, 1);
  put(out, std::bit_cast<std::uint64_t>(value), 8);
}

void put_value(std::string& out, const json& value);

void put_text(std::string& out, const std::string& text) {
  put_head(out, kText, text.size());
  out += text;
}

void put_map(std::string& out, const json& members) {
  put_head(out, kMap, members.size());
  for (const auto& [name, value] : members.items()) {
    put_text(out, name);
    const bool is_time = std::find(kTimestamps.begin(), kTimestamps.end(), name) != kTimestamps.end();
    if (is_time && value.is_number()) {
      put_head(out, kTag, 1);
      put_double(out, value.get<double>());
    } else {
      put_value(out, value);
    }
  }
}

void put_value(std::string& out, const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      return put_map(out, value);
    case json::value_t::array:
      put_head(out, kArray, value.size());
      std::for_each(value.begin(), value.end(), [&out](const json& item) { put_value(out, item); });
      return;
    case json::value_t::string:
      return put_text(out, value.get_ref<const std::string&>());
    case json::value_t::boolean:
      return put_head(out, kSimple, value.get<bool>() ? 21 : 20);
    case json::value_t::number_unsigned:
      return put_head(out, kUnsigned, value.get<std::uint64_t>());
    case json::value_t::number_integer: {
      const auto number = value.get<std::int64_t>();
      return number < 0 ? put_head(out, kNegative, static_cast<std::uint64_t>(-1 - number))
                        : put_head(out, kUnsigned, static_cast<std::uint64_t>(number));
    }
    case json::value_t::number_float:
      return put_double(out, value.get<double>());
    case json::value_t::binary: {
      const auto& bytes = value.get_binary();
      put_head(out, kBytes, bytes.size());
      out.append(bytes.begin(), bytes.end());
      return;
    }
    case json::value_t::null:
    case json::value_t::discarded:
      return put_head(out, kSimple, 22);
  }
}

}  // namespace

json parse_cbor_object(std::string_view bytes) { return Reader{bytes}.whole(); }

std::string to_cbor(const json& value) {
  std::string out;
  put_value(out, value);
  return out;
}

}  // namespace acmpca
