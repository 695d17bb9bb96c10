#include "ca/base/key_name.hpp"

#include <charconv>

#include "ca/base/arn.hpp"

namespace ca {
namespace {

constexpr std::size_t kUuidSize = 36;

}  // namespace

std::string KeyName::text() const {
  return key_number == 1 ? authority_id : authority_id + "-" + std::to_string(key_number);
}

std::optional<KeyName> KeyName::parse(std::string_view text) {
  KeyName name{std::string{text.substr(0, kUuidSize)}, 1};
  if (!is_uuid(name.authority_id)) {
    return std::nullopt;
  }
  if (text.size() > kUuidSize + 1) {
    std::from_chars(text.data() + kUuidSize + 1, text.data() + text.size(), name.key_number);
  }
  return name.key_number != 0 && name.text() == text ? std::optional{std::move(name)} : std::nullopt;
}

}  // namespace ca
