#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ca {

struct Tag {
  std::string key;
  std::string value;
  friend bool operator==(const Tag&, const Tag&) = default;
};

// What UntagCertificateAuthority names: a key whatever its value, or only with that value.
struct TagToRemove {
  std::string key;
  std::optional<std::string> value;
};

inline constexpr std::size_t kMaxTags = 50;

// Keys are unique and none begins with "aws:", which is reserved. Throws Code::invalid_tag.
void check_tags(const std::vector<Tag>& tags);
// `tags` with `more`; a known key gets the new value. Throws Code::invalid_tag, Code::too_many_tags.
[[nodiscard]] std::vector<Tag> with_tags(std::vector<Tag> tags, const std::vector<Tag>& more);
[[nodiscard]] std::vector<Tag> without_tags(std::vector<Tag> tags, const std::vector<TagToRemove>& less);

// What a request says about tags, for policies: "aws:TagKeys" and, with values, "aws:RequestTag/<key>".
using TagContext = std::map<std::string, std::vector<std::string>>;
[[nodiscard]] TagContext tag_context(const std::vector<Tag>& tags);
[[nodiscard]] TagContext tag_context(const std::vector<TagToRemove>& tags);

// The stored form: a TagList in JSON. parse_tags throws Code::internal.
[[nodiscard]] std::string tags_json(const std::vector<Tag>& tags);
[[nodiscard]] std::vector<Tag> parse_tags(std::string_view json);

}  // namespace ca
