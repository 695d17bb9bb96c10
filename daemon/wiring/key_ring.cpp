#include "daemon/wiring/key_ring.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace wiring {
namespace {

constexpr std::size_t kMaxSecretBytes = 256;

// The file's one line in locked memory; no other copy of it stays (I18).
std::shared_ptr<const ca::SecretBytes> read_secret(const std::filesystem::path& file) {
  std::array<char, kMaxSecretBytes + 2> buffer{};
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const ssize_t got = fd < 0 ? -1 : ::read(fd, buffer.data(), buffer.size());
  const int cause = errno;
  if (fd >= 0) {
    ::close(fd);
  }
  std::string_view text{buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  const bool usable =
      !text.empty() && text.size() <= kMaxSecretBytes && text.find('\n') == std::string_view::npos;
  auto secret = std::make_shared<ca::SecretBytes>(ca::bytes_of(usable ? text : std::string_view{}));
  ::explicit_bzero(buffer.data(), buffer.size());
  if (got < 0) {
    throw ca::Error{ca::Code::unavailable, "secret file " + file.string() + ": " + std::strerror(cause)};
  }
  if (!usable) {
    throw ca::Error{ca::Code::unavailable,
                    "secret file " + file.string() + " must hold one line of at most 256 characters"};
  }
  return secret;
}

}  // namespace

auth::KeyRing read_key_ring(const config::PrincipalsFile& principals) {
  auth::KeyRing ring;
  for (const config::PrincipalOptions& entry : principals.principals) {
    const std::pair<std::string, std::string> who{entry.principal.account, entry.principal.name};
    for (const config::AccessKeyFile& key : entry.access_keys) {
      ring.keys[key.id] = {key.id, read_secret(key.secret), who.second, who.first};
    }
    for (const auto& fingerprint : entry.certificates) {
      ring.certificates[ca::to_hex(fingerprint)] = who;
    }
    if (entry.device_principal) {
      ring.device_principal = who;
    }
  }
  for (const config::RoleOptions& role : principals.roles) {
    ring.roles.emplace(role.principal.account, role.principal.name);
  }
  if (principals.session_key) {
    ring.session_key = read_secret(*principals.session_key);
  }
  return ring;
}

std::vector<sts::Role> roles_of(const config::PrincipalsFile& principals) {
  std::vector<sts::Role> roles;
  for (const config::RoleOptions& role : principals.roles) {
    roles.push_back(
        {role.principal.account, role.principal.name, role.principal.arn, role.trust, role.max_session});
  }
  return roles;
}

}  // namespace wiring
