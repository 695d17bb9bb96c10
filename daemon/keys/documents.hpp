#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "ca/authority/authority_service.hpp"
#include "daemon/http/message.hpp"

// The queries and the answers of /authority-keys. Pure.
namespace keys {

// authority (its ARN). Throws Code::constraint_violation and Code::invalid_arn.
[[nodiscard]] ca::AuthorityArn read_authority(std::string_view query);

struct Named {
  ca::AuthorityArn authority;
  std::uint64_t number = 0;
};
// authority and number. Throws the same.
[[nodiscard]] Named read_named(std::string_view query);

// {"keys": [...]} in order of their numbers.
[[nodiscard]] http::HttpResponse keys_response(const ca::AuthorityArn& authority,
                                               const std::vector<ca::AuthorityService::Key>& keys);

}  // namespace keys
