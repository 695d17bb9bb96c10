#include "ca/policy/tags.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "ca/base/error.hpp"

namespace ca {

using nlohmann::json;

void check_tags(const std::vector<Tag>& tags) {
  std::set<std::string> keys;
  for (const Tag& tag : tags) {
    if (tag.key.starts_with("aws:")) {
      throw Error{Code::invalid_tag, "Tag keys that begin with aws: are reserved"};
    }
    if (!keys.insert(tag.key).second) {
      throw Error{Code::invalid_tag, "The tag key '" + tag.key + "' is given twice"};
    }
  }
}

std::vector<Tag> with_tags(std::vector<Tag> tags, const std::vector<Tag>& more) {
  check_tags(more);
  for (const Tag& tag : more) {
    const auto known =
        std::find_if(tags.begin(), tags.end(), [&](const Tag& other) { return other.key == tag.key; });
    if (known != tags.end()) {
      known->value = tag.value;
    } else {
      tags.push_back(tag);
    }
  }
  if (tags.size() > kMaxTags) {
    throw Error{Code::too_many_tags, "A certificate authority can have at most 50 tags"};
  }
  return tags;
}

std::vector<Tag> without_tags(std::vector<Tag> tags, const std::vector<TagToRemove>& less) {
  std::erase_if(tags, [&](const Tag& tag) {
    return std::any_of(less.begin(), less.end(), [&](const TagToRemove& one) {
      return one.key == tag.key && (!one.value || *one.value == tag.value);
    });
  });
  return tags;
}

TagContext tag_context(const std::vector<Tag>& tags) {
  TagContext context;
  for (const Tag& tag : tags) {
    context["aws:TagKeys"].push_back(tag.key);
    context["aws:RequestTag/" + tag.key] = {tag.value};
  }
  return context;
}

TagContext tag_context(const std::vector<TagToRemove>& tags) {
  TagContext context;
  for (const TagToRemove& tag : tags) {
    context["aws:TagKeys"].push_back(tag.key);
    if (tag.value) {
      context["aws:RequestTag/" + tag.key] = {*tag.value};
    }
  }
  return context;
}

std::string tags_json(const std::vector<Tag>& tags) {
  json list = json::array();
  for (const Tag& tag : tags) {
    list.push_back({{"Key", tag.key}, {"Value", tag.value}});
  }
  return list.dump();
}

std::vector<Tag> parse_tags(std::string_view text) {
  std::vector<Tag> tags;
  try {
    for (const json& tag : json::parse(text)) {
      tags.push_back({tag.at("Key").get<std::string>(), tag.value("Value", "")});
    }
  } catch (const json::exception&) {
    throw Error{Code::internal, "the stored tags of an authority cannot be read"};
  }
  return tags;
}

}  // namespace ca
