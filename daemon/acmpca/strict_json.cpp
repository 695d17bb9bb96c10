#include "daemon/acmpca/strict_json.hpp"

#include <set>
#include <string>
#include <vector>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"

namespace acmpca {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& what) {
  throw ca::Error{ca::Code::malformed_request, "The request body is not acceptable JSON: " + what};
}

// Sees every event of the parser: nlohmann keeps the last of two equal names, which would let two readers of
// one request disagree about what it says.
class Gate {
 public:
  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (depth >= kMaxJsonDepth) {
          refuse("more than " + std::to_string(kMaxJsonDepth) + " levels");
        }
        names_.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        names_.pop_back();
        break;
      case json::parse_event_t::key:
        check_key(parsed.get_ref<const std::string&>());
        break;
      case json::parse_event_t::value:
        check_value(parsed);
        break;
    }
    return true;
  }

 private:
  void check_key(const std::string& key) {
    if (key.find('\0') != std::string::npos) {
      refuse("a member name holds NUL");
    }
    if (!names_.back().insert(key).second) {
      refuse("a member name occurs twice in one object");
    }
  }

  static void check_value(const json& value) {
    if (value.is_string() && value.get_ref<const std::string&>().find('\0') != std::string::npos) {
      refuse("a string holds NUL");
    }
  }

  std::vector<std::set<std::string>> names_;
};

}  // namespace

json parse_object(std::string_view text) {
  // The parser takes a NUL byte for the end of the text and would not look at what follows.
  if (text.find('\0') != std::string_view::npos) {
    refuse("it holds a NUL byte");
  }
  Gate gate;
  json value;
  try {
    value = json::parse(text, [&gate](int depth, json::parse_event_t event, json& parsed) {
      return gate(depth, event, parsed);
    });
  } catch (const json::exception&) {
    refuse("syntax error");
  }
  if (!value.is_object()) {
    refuse("an object is expected");
  }
  return value;
}

bool is_media_type(std::string_view content_type, std::string_view type) {
  std::string_view media = content_type.substr(0, content_type.find(';'));
  while (!media.empty() && (media.back() == ' ' || media.back() == '\t')) {
    media.remove_suffix(1);
  }
  return ca::ascii_lower(media) == type;
}

bool is_amz_json(std::string_view content_type) {
  return is_media_type(content_type, "application/x-amz-json-1.1");
}

}  // namespace acmpca
