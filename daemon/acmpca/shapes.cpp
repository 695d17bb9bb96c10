#include "daemon/acmpca/shapes.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"

namespace acmpca {
namespace {

using nlohmann::json;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

long code_points(std::string_view text) {
  return static_cast<long>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string echoed(std::string_view text) {
  if (text.size() <= kMaxEchoedBytes) {
    return std::string{text};
  }
  std::size_t end = kMaxEchoedBytes;
  while (end > 0 && is_continuation(text[end])) {
    --end;  // never half a character: the answer must stay UTF-8
  }
  return std::string{text.substr(0, end)} + "...";
}

std::string lower_camel(std::string_view name) {
  std::string text{name};
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

std::string joined(std::span<const std::string_view> values) {
  std::string text;
  for (const auto& value : values) {
    text += (text.empty() ? "" : ", ");
    text += value;
  }
  return text;
}

class Check {
 public:
  explicit Check(Blobs blobs) : blobs_{blobs} {}

  json value(const Shape& shape, const json& input, const std::string& path) {
    switch (shape.kind) {
      case Shape::Kind::string:
        return string(shape, input, path);
      case Shape::Kind::blob:
        return blob(shape, input, path);
      case Shape::Kind::integer:
        return integer(shape, input, path);
      case Shape::Kind::boolean:
        expect(input.is_boolean(), path, "true or false");
        return input;
      case Shape::Kind::structure:
        return structure(shape, input, path);
      case Shape::Kind::list:
        return list(shape, input, path);
    }
    throw ca::Error{ca::Code::internal, "unknown kind of shape"};
  }

  void finish() const {
    if (count_ == 0) {
      return;
    }
    throw ca::Error{ca::Code::constraint_violation,
                    std::to_string(count_) + (count_ == 1 ? " validation error" : " validation errors") +
                        " detected: " + text_};
  }

 private:
  static void expect(bool holds, const std::string& path, const std::string& type) {
    if (!holds) {
      throw ca::Error{
          ca::Code::malformed_request,
          (path.empty() ? "The request" : "The member '" + echoed(path) + "'") + " must be " + type};
    }
  }

  void violation(const std::string& shown, const std::string& path, const std::string& constraint) {
    ++count_;
    if (count_ > kMaxViolations) {
      return;
    }
    text_ += text_.empty() ? "" : "; ";
    text_ += "Value " + shown + " at '" + path + "' failed to satisfy constraint: Member must " + constraint;
  }

  void length(const Shape& shape, long size, const std::string& shown, const std::string& path) {
    if (size < shape.min) {
      violation(shown, path, "have length greater than or equal to " + std::to_string(shape.min));
    }
    if (size > shape.max) {
      violation(shown, path, "have length less than or equal to " + std::to_string(shape.max));
    }
  }

  json string(const Shape& shape, const json& input, const std::string& path) {
    expect(input.is_string(), path, "a string");
    const auto& text = input.get_ref<const std::string&>();
    const std::string shown = "'" + echoed(text) + "'";
    length(shape, code_points(text), shown, path);
    if (shape.matches != nullptr && !shape.matches(text)) {
      violation(shown, path, "satisfy regular expression pattern: " + std::string{shape.pattern});
    }
    if (!shape.values.empty() &&
        std::find(shape.values.begin(), shape.values.end(), text) == shape.values.end()) {
      violation(shown, path, "satisfy enum value set: [" + joined(shape.values) + "]");
    }
    return input;
  }

  json blob(const Shape& shape, const json& input, const std::string& path) {
    if (blobs_ == Blobs::bytes) {
      expect(input.is_binary(), path, "bytes");
      const auto& bytes = input.get_binary();
      blob_length(shape, bytes.size(), path);
      return ca::to_base64(bytes);
    }
    expect(input.is_string(), path, "a string of base64");
    ca::Bytes bytes;
    try {
      bytes = ca::from_base64(input.get_ref<const std::string&>());
    } catch (const ca::Error&) {
      expect(false, path, "base64 with padding (RFC 4648, section 4)");
    }
    blob_length(shape, bytes.size(), path);
    return input;
  }

  void blob_length(const Shape& shape, std::size_t size, const std::string& path) {
    length(shape, static_cast<long>(size), "'[" + std::to_string(size) + " bytes]'", path);
  }

  json integer(const Shape& shape, const json& input, const std::string& path) {
    expect(input.is_number_integer(), path, "a whole number");
    expect(!input.is_number_unsigned() || input.get<std::uint64_t>() <= static_cast<std::uint64_t>(LONG_MAX),
           path, "a whole number of at most 64 bits");
    const long number = input.get<long>();
    const std::string shown = "'" + std::to_string(number) + "'";
    if (number < shape.min) {
      violation(shown, path, "have value greater than or equal to " + std::to_string(shape.min));
    }
    if (number > shape.max) {
      violation(shown, path, "have value less than or equal to " + std::to_string(shape.max));
    }
    return input;
  }

  json structure(const Shape& shape, const json& input, const std::string& path) {
    expect(input.is_object(), path, "an object");
    json known = json::object();
    for (const Member& member : shape.members) {
      const std::string place = (path.empty() ? "" : path + ".") + lower_camel(member.name);
      const auto found = input.find(member.name);
      if (found == input.end() || found->is_null()) {
        if (member.required) {
          violation("null", place, "not be null");
        }
        continue;
      }
      known[std::string{member.name}] = value(*member.shape, *found, place);
    }
    return known;
  }

  json list(const Shape& shape, const json& input, const std::string& path) {
    expect(input.is_array(), path, "a list");
    const long size = static_cast<long>(input.size());
    length(shape, size, "'[" + std::to_string(size) + " items]'", path);
    json known = json::array();
    if (size > shape.max) {
      return known;  // its items are as many as the sender likes
    }
    for (std::size_t index = 0; index < input.size(); ++index) {
      known.push_back(
          value(*shape.element, input[index], path + "." + std::to_string(index + 1) + ".member"));
    }
    return known;
  }

  const Blobs blobs_;
  std::size_t count_ = 0;
  std::string text_;
};

}  // namespace

json checked(const Shape& shape, const json& input, Blobs blobs) {
  Check check{blobs};
  json known = check.value(shape, input, "");
  check.finish();
  return known;
}

}  // namespace acmpca
