#include "config/ceremony_keys.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "ca/x509/certificate.hpp"

namespace config {
namespace {

constexpr std::array<std::string_view, 7> kSshTypes{"ssh-ed25519",
                                                    "ecdsa-sha2-nistp256",
                                                    "ecdsa-sha2-nistp384",
                                                    "ecdsa-sha2-nistp521",
                                                    "ssh-rsa",
                                                    "sk-ssh-ed25519@openssh.com",
                                                    "sk-ecdsa-sha2-nistp256@openssh.com"};

[[noreturn]] void refuse(const std::string& what) { throw ca::Error{ca::Code::malformed_request, what}; }

std::string text_in(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  std::string text(kMaxKeyFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.empty() || text.size() > kMaxKeyFileBytes) {
    refuse("cannot be read, is empty or is longer than a public key");
  }
  return text;
}

std::string pem_key(std::string_view text) {
  const auto blocks = ca::parse_pem(text, 2);
  const bool one = blocks.size() == 1;
  if (one && blocks.front().label == "CERTIFICATE") {
    const auto spki = ca::Certificate::parse(blocks.front().der).public_key.spki_der();
    return {spki.begin(), spki.end()};
  }
  if (one && blocks.front().label == "PUBLIC KEY") {
    const auto spki = ca::PublicKey::parse(blocks.front().der).spki_der();
    return {spki.begin(), spki.end()};
  }
  refuse("expected one CERTIFICATE or PUBLIC KEY");
}

// The strings of which a key's octets are made (RFC 4251, 5): each behind its length.
std::vector<std::string_view> ssh_strings(std::string_view octets) {
  constexpr std::size_t kLengthBytes = 4;
  std::vector<std::string_view> strings;
  while (octets.size() >= kLengthBytes) {
    std::size_t length = 0;
    for (const char octet : octets.substr(0, kLengthBytes)) {
      length = length << 8U | static_cast<unsigned char>(octet);
    }
    octets.remove_prefix(kLengthBytes);
    if (length > octets.size()) {
      refuse("the SSH key is not whole");
    }
    strings.push_back(octets.substr(0, length));
    octets.remove_prefix(length);
  }
  if (!octets.empty()) {
    refuse("the SSH key is not whole");
  }
  return strings;
}

// "ssh-ed25519 AAAA... comment" (RFC 4253, 6.6): the type stands in the octets once more.
std::string ssh_key(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  const auto space = line.find(' ');
  const auto type = line.substr(0, space);
  if (space == std::string_view::npos || std::ranges::find(kSshTypes, type) == kSshTypes.end()) {
    refuse("is neither an SSH public key (ssh-ed25519 AAAA...) nor PEM");
  }
  const auto rest = line.substr(space + 1);
  const auto octets = ca::from_base64(rest.substr(0, rest.find_first_of(" \t\r")));
  std::string key{octets.begin(), octets.end()};
  const auto strings = ssh_strings(key);
  if (strings.size() < 2 || strings.front() != type) {
    refuse("the SSH key is not whole");
  }
  return key;
}

}  // namespace

std::string signer_key_of(std::string_view text) {
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
    refuse("holds a PRIVATE key: it stays with its custodian, the script names the public one");
  }
  return text.starts_with("-----BEGIN") ? pem_key(text) : ssh_key(text);
}

std::string read_signer_key(const std::filesystem::path& file) { return signer_key_of(text_in(file)); }

}  // namespace config
