#include "daemon/keys/documents.hpp"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/pem.hpp"
#include "daemon/rest/query.hpp"

namespace keys {
namespace {

using nlohmann::json;
using Key = ca::AuthorityService::Key;

constexpr std::array<std::string_view, 2> kNames{"authority", "number"};

[[noreturn]] void refuse(const std::string& what) { throw ca::Error{ca::Code::constraint_violation, what}; }

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1) {
    refuse("number must be the number of a key, 1 or more");
  }
  return number;
}

std::string_view name_of(Key::State state) {
  switch (state) {
    case Key::State::prepared:
      return "PREPARED";
    case Key::State::published:
      return "PUBLISHED";
    case Key::State::active:
      return "ACTIVE";
    case Key::State::retired:
      break;
  }
  return "RETIRED";
}

std::string_view name_of(ca::KeyVerdict::State state) {
  switch (state) {
    case ca::KeyVerdict::State::unknown:
      return "not checked yet";
    case ca::KeyVerdict::State::usable:
      return "usable";
    case ca::KeyVerdict::State::unusable:
      break;
  }
  return "not usable";
}

json json_of(const ca::AuthorityArn& authority, const Key& key) {
  const ca::KeyGeneration& generation = key.generation;
  json object{{"number", generation.key_number},
              {"state", name_of(key.state)},
              {"name", ca::KeyName{authority.id, generation.key_number}.text()},
              {"token", generation.key_token},
              {"key", generation.key_uri},
              {"spki_sha256", ca::to_hex(ca::sha256(generation.spki_der))},
              {"health", name_of(key.verdict.state)}};
  if (!key.verdict.detail.empty()) {
    object["health_detail"] = key.verdict.detail;
  }
  if (!generation.csr_der.empty()) {
    object["csr"] = ca::to_pem("CERTIFICATE REQUEST", generation.csr_der);
  }
  if (generation.validity) {
    object["certificate"] = generation.certificate_pem;
    object["not_before"] = ca::rfc3339(generation.validity->not_before);
    object["not_after"] = ca::rfc3339(generation.validity->not_after);
  }
  if (generation.retired_at) {
    object["retired_at"] = ca::rfc3339(ca::to_seconds(*generation.retired_at));
  }
  return object;
}

}  // namespace

ca::AuthorityArn read_authority(std::string_view query) {
  if (query.empty()) {
    refuse("authority is missing");
  }
  return ca::AuthorityArn::parse(rest::read_query(query, std::span{kNames}.first(1)).at(0).second);
}

Named read_named(std::string_view query) {
  Named named;
  for (const auto& [name, value] : rest::read_query(query, kNames)) {
    if (name == "authority") {
      named.authority = ca::AuthorityArn::parse(value);
    } else {
      named.number = number_of(value);
    }
  }
  if (named.authority.id.empty() || named.number == 0) {
    refuse("authority and number must both be there");
  }
  return named;
}

http::HttpResponse keys_response(const ca::AuthorityArn& authority, const std::vector<Key>& keys) {
  json body{{"keys", json::array()}};
  for (const Key& key : keys) {
    body["keys"].push_back(json_of(authority, key));
  }
  return {.content_type = "application/json",
          .body = body.dump(-1, ' ', false, json::error_handler_t::replace),
          .headers = {{"Cache-Control", "no-store"}}};
}

}  // namespace keys
