#include "ca/x509/name_match.hpp"

#include <algorithm>

#include "ca/base/strings.hpp"

namespace ca {
namespace {

struct Comparable {
  Oid type;
  std::string text;
  friend auto operator<=>(const Comparable&, const Comparable&) = default;
};
using Rdn = std::vector<Comparable>;  // sorted

// No case, runs of spaces count as one, none at the ends.
std::string comparable(const std::string& value) {
  std::string text;
  for (const char c : ascii_lower(value)) {
    if (c != ' ' || (!text.empty() && text.back() != ' ')) {
      text += c;
    }
  }
  while (!text.empty() && text.back() == ' ') {
    text.pop_back();
  }
  return text;
}

std::vector<Rdn> rdns_of(const DistinguishedName& name) {
  std::vector<Rdn> rdns;
  for (const auto& attribute : name.attributes()) {
    if (rdns.size() == attribute.rdn) {
      rdns.emplace_back();
    }
    rdns.back().push_back({attribute.type, comparable(attribute.utf8())});
  }
  for (Rdn& rdn : rdns) {
    std::sort(rdn.begin(), rdn.end());
  }
  return rdns;
}

bool is_ascii(const Rdn& rdn) {
  return std::all_of(rdn.begin(), rdn.end(), [](const Comparable& attribute) {
    return std::all_of(attribute.text.begin(), attribute.text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  });
}

NameMatch match(const Rdn& a, const Rdn& b) {
  if (a == b) {
    return NameMatch::yes;
  }
  const bool same_types =
      std::equal(a.begin(), a.end(), b.begin(), b.end(),
                 [](const Comparable& x, const Comparable& y) { return x.type == y.type; });
  return !same_types || (is_ascii(a) && is_ascii(b)) ? NameMatch::no : NameMatch::undecided;
}

}  // namespace

NameMatch match_prefix(const DistinguishedName& name, const DistinguishedName& prefix) {
  const auto rdns = rdns_of(name);
  const auto wanted = rdns_of(prefix);
  if (wanted.size() > rdns.size()) {
    return NameMatch::no;
  }
  NameMatch result = NameMatch::yes;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const NameMatch next = match(rdns[i], wanted[i]);
    if (next == NameMatch::no) {
      return NameMatch::no;
    }
    result = next == NameMatch::undecided ? next : result;
  }
  return result;
}

NameMatch match_names(const DistinguishedName& a, const DistinguishedName& b) {
  const bool same_length =
      a.empty() == b.empty() && (a.empty() || a.attributes().back().rdn == b.attributes().back().rdn);
  return same_length ? match_prefix(a, b) : NameMatch::no;
}

}  // namespace ca
