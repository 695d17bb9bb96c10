#include "daemon/auth/session_tokens.hpp"

#include <nlohmann/json.hpp>

#include "ca/base/base64.hpp"
#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/random.hpp"

namespace auth {
namespace {

constexpr std::size_t kMaxTokenBytes = 8192;  // of a header; the session policy has 2,048
constexpr std::size_t kMacBytes = 32;
constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kSecretBytes = 30;  // 40 characters, as AWS's are

// Three keys of one, so that none of the three outputs says anything about another.
ca::Sha256 derived(const ca::SecretBytes& key, std::string_view purpose, ca::ByteView payload) {
  ca::Bytes input = {ca::bytes_of(purpose).begin(), ca::bytes_of(purpose).end()};
  input.push_back(0);
  input.insert(input.end(), payload.begin(), payload.end());
  return ca::hmac_sha256(key.view(), input);
}

// RFC 4648, section 6, of 80 bits.
std::string base32(ca::ByteView ten_bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  unsigned buffer = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : ten_bytes) {
    buffer = (buffer << 8U) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += kAlphabet[(buffer >> bits) & 31U];
    }
  }
  return text;
}

std::string access_key_id(const ca::SecretBytes& key, ca::ByteView payload) {
  const ca::Sha256 digest = derived(key, "access key id", payload);
  return "ASIA" + base32(ca::ByteView{digest}.first(10));
}

std::string secret_access_key(const ca::SecretBytes& key, ca::ByteView payload) {
  const ca::Sha256 digest = derived(key, "secret access key", payload);
  return ca::to_base64(ca::ByteView{digest}.first(kSecretBytes));
}

std::string payload_of(const Session& session) {
  const nlohmann::json payload{{"v", 1},
                               {"nonce", ca::to_base64(ca::random_bytes(kNonceBytes))},
                               {"account", session.account},
                               {"role", session.role},
                               {"name", session.name},
                               {"policy", session.policy},
                               {"expires", session.expires.time_since_epoch().count()}};
  return payload.dump();
}

// Under our own MAC: what does not read is another version's.
std::optional<Session> session_of(std::string_view payload) {
  const auto read = nlohmann::json::parse(payload, nullptr, false);
  if (!read.is_object() || read.value("v", 0) != 1) {
    return std::nullopt;
  }
  return Session{.account = read.value("account", ""),
                 .role = read.value("role", ""),
                 .name = read.value("name", ""),
                 .policy = read.value("policy", ""),
                 .expires = ca::Seconds{std::chrono::seconds{read.value("expires", std::int64_t{0})}}};
}

}  // namespace

SessionTokens::SessionTokens(std::shared_ptr<const ca::SecretBytes> key) : key_{std::move(key)} {}

SessionCredentials SessionTokens::open(const Session& session) const {
  const std::string payload = payload_of(session);
  const ca::Sha256 mac = derived(*key_, "session token", ca::bytes_of(payload));
  ca::Bytes token{mac.begin(), mac.end()};
  token.insert(token.end(), payload.begin(), payload.end());
  return {access_key_id(*key_, ca::bytes_of(payload)), secret_access_key(*key_, ca::bytes_of(payload)),
          ca::to_base64(token)};
}

std::optional<SessionTokens::Claim> SessionTokens::read(std::string_view token) const {
  if (token.size() > kMaxTokenBytes) {
    return std::nullopt;
  }
  ca::Bytes bytes;
  try {
    bytes = ca::from_base64(token);
  } catch (const ca::Error&) {
    return std::nullopt;
  }
  if (bytes.size() <= kMacBytes) {
    return std::nullopt;
  }
  const ca::ByteView payload = ca::ByteView{bytes}.subspan(kMacBytes);
  if (!ca::equal_secrets(derived(*key_, "session token", payload), ca::ByteView{bytes}.first(kMacBytes))) {
    return std::nullopt;
  }
  auto session = session_of({reinterpret_cast<const char*>(payload.data()), payload.size()});
  if (!session) {
    return std::nullopt;
  }
  return Claim{*std::move(session), access_key_id(*key_, payload),
               std::make_shared<const ca::SecretBytes>(ca::bytes_of(secret_access_key(*key_, payload)))};
}

}  // namespace auth
