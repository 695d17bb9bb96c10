#include <algorithm>
#include <arpa/inet.h>
#include <array>

#include "ca/lint/name_constraints.hpp"

namespace ca {
namespace {

using Kind = GeneralName::Kind;

constexpr const char* kEmailAddress = "1.2.840.113549.1.9.1";

GeneralName general_name(Kind kind, std::string_view text) {
  const ByteView bytes = bytes_of(text);
  return {kind, Bytes(bytes.begin(), bytes.end())};
}

// A common name as the hosts that a verifier may take it for. Wider than the syntax of DNS names, because
// verifiers are: underscores, misplaced hyphens and asterisks, periods and spaces at the ends, addresses.
std::vector<GeneralName> hosts_of(std::string_view common_name) {
  static constexpr std::string_view kIgnored = ". ";
  std::vector<GeneralName> hosts;
  std::array<std::uint8_t, 16> address{};
  const std::string text{common_name};
  for (const auto& [family, size] : {std::pair{AF_INET, 4}, std::pair{AF_INET6, 16}}) {
    if (inet_pton(family, text.c_str(), address.data()) == 1) {
      hosts.push_back({Kind::ip, Bytes(address.begin(), address.begin() + size)});
    }
  }
  const bool dotted = common_name.find('.') != std::string_view::npos;
  common_name.remove_prefix(std::min(common_name.find_first_not_of(' '), common_name.size()));
  common_name = common_name.substr(0, common_name.find_last_not_of(kIgnored) + 1);
  const bool plain = std::all_of(common_name.begin(), common_name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '*';
  });
  if (dotted && plain && !common_name.empty()) {
    hosts.push_back(general_name(Kind::dns, common_name));
  }
  return hosts;
}

}  // namespace

std::vector<GeneralName> mailboxes_of(const DistinguishedName& subject) {
  std::vector<GeneralName> names;
  for (const auto& attribute : subject.attributes()) {
    if (attribute.type == kEmailAddress) {
      names.push_back(general_name(Kind::email, attribute.utf8()));
    }
  }
  return names;
}

std::vector<GeneralName> certified_names(const DistinguishedName& subject,
                                         const std::vector<GeneralName>& alt_names) {
  std::vector<GeneralName> names = alt_names;
  if (!subject.empty()) {
    names.push_back({Kind::directory, subject.der()});
  }
  for (GeneralName& mailbox : mailboxes_of(subject)) {
    names.push_back(std::move(mailbox));
  }
  return names;
}

std::vector<GeneralName> constrained_names(const DistinguishedName& subject,
                                           const std::vector<GeneralName>& alt_names) {
  std::vector<GeneralName> names = certified_names(subject, alt_names);
  const bool has_dns = std::any_of(alt_names.begin(), alt_names.end(),
                                   [](const GeneralName& name) { return name.kind == Kind::dns; });
  if (!has_dns) {
    for (const std::string& common_name : subject.common_names()) {
      const auto hosts = hosts_of(common_name);
      names.insert(names.end(), hosts.begin(), hosts.end());
    }
  }
  return names;
}

}  // namespace ca
