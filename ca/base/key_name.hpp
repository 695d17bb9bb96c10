#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ca {

// What is named after a key of an authority: its label in the token, the file of its certificate, its
// complete CRL. The first key has the authority's id alone, "<uuid>", the second "<uuid>-2".
struct KeyName {
  std::string authority_id;
  std::uint64_t key_number = 1;

  [[nodiscard]] std::string text() const;
  // nullopt for anything that text() does not write.
  [[nodiscard]] static std::optional<KeyName> parse(std::string_view text);
};

}  // namespace ca
