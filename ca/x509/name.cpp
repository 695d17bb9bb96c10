#include "ca/x509/name.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/character_string.hpp"
#include "ca/x509/der.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxAttributes = 64;

struct ShortName {
  const char* oid;
  std::string_view name;
};
// RFC 4514, 3: the types that every reader knows by name.
constexpr std::array kShortNames{
    ShortName{"2.5.4.3", "CN"},
    ShortName{"2.5.4.7", "L"},
    ShortName{"2.5.4.8", "ST"},
    ShortName{"2.5.4.10", "O"},
    ShortName{"2.5.4.11", "OU"},
    ShortName{"2.5.4.6", "C"},
    ShortName{"2.5.4.9", "STREET"},
    ShortName{"0.9.2342.19200300.100.1.25", "DC"},
    ShortName{"0.9.2342.19200300.100.1.1", "UID"},
};

std::string escaped(std::string_view value) {
  static constexpr std::string_view kSpecial = ",+\"\\<>;";
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool at_edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == value.size() && c == ' ');
    if (at_edge || kSpecial.find(c) != std::string_view::npos) {
      text += '\\';
    }
    text += c;
  }
  return text;
}

std::string text_of_attribute(const DistinguishedName::Attribute& attribute) {
  const auto known = std::find_if(kShortNames.begin(), kShortNames.end(),
                                  [&](const ShortName& row) { return attribute.type == row.oid; });
  if (known == kShortNames.end()) {
    return attribute.type + "=#" + to_hex(der::element(attribute.string_tag, bytes_of(attribute.value)));
  }
  return std::string{known->name} + "=" + escaped(attribute.utf8());
}

bool is_in_alphabet(std::uint8_t string_tag, ByteView contents) {
  const std::string text = text_of(contents);
  return (string_tag != der::tag::kPrintableString || is_printable_string(text)) &&
         (string_tag != der::tag::kNumericString || is_numeric_string(text));
}

// RFC 5280, appendix A: what is in these has one string type and, of countries, one form.
std::optional<std::string> type_complaint(const DistinguishedName::Attribute& attribute) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (attribute.type == "2.5.4.6" &&
      (attribute.string_tag != der::tag::kPrintableString || attribute.value.size() != 2 ||
       !is_letter(attribute.value[0]) || !is_letter(attribute.value[1]))) {
    return "the country must be a PrintableString of two letters";
  }
  const bool ia5 = attribute.type == "0.9.2342.19200300.100.1.25" || attribute.type == "1.2.840.113549.1.9.1";
  if (ia5 && attribute.string_tag != der::tag::kIa5String) {
    return "the value of " + attribute.type + " must be an IA5String";
  }
  return std::nullopt;
}

// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY } (RFC 5280, 4.1.2.4)
DistinguishedName::Attribute read_attribute(ByteView whole, std::size_t number, bool strict) {
  der::Reader outer{whole, "name attribute"};
  der::Reader fields = outer.enter(der::tag::kSequence, "name attribute");
  DistinguishedName::Attribute attribute;
  attribute.type = fields.oid("name attribute type");
  const der::Element value = fields.any();
  fields.end();
  if (!utf8_of_string(value.tag, value.contents) || (strict && !is_in_alphabet(value.tag, value.contents))) {
    fields.refuse("the value of " + attribute.type +
                  " must be a non-empty string without control characters or others that nobody sees, and "
                  "valid in its string type");
  }
  attribute.string_tag = value.tag;
  attribute.value = text_of(value.contents);
  attribute.rdn = number;
  if (const auto complaint = type_complaint(attribute); complaint && strict) {
    fields.refuse(*complaint);
  }
  return attribute;
}

}  // namespace

std::string DistinguishedName::Attribute::utf8() const {
  return utf8_of_string(string_tag, bytes_of(value)).value_or("");
}

DistinguishedName DistinguishedName::parse(ByteView der) { return read(der, Origin::request); }
DistinguishedName DistinguishedName::parse_imported(ByteView der) { return read(der, Origin::imported); }

DistinguishedName DistinguishedName::read(ByteView der, Origin origin) {
  der::Reader outer{der, "name"};
  der::Reader rdns = outer.enter(der::tag::kSequence, "name");
  outer.end();
  DistinguishedName name;
  name.der_.assign(der.begin(), der.end());
  for (std::size_t number = 0; !rdns.done(); ++number) {
    der::Reader rdn = rdns.enter(der::tag::kSet, "relative distinguished name");
    if (rdn.done()) {
      rdn.refuse("it is empty");
    }
    ByteView before;
    while (!rdn.done()) {
      const ByteView whole = rdn.take(der::tag::kSequence, "name attribute").whole;
      // X.690, 11.6: ascending by their octets.
      if (origin == Origin::request && !std::ranges::lexicographical_compare(before, whole)) {
        rdn.refuse("its attributes are not in the order of DER");
      }
      before = whole;
      Attribute attribute = read_attribute(whole, number, origin == Origin::request);
      if (origin == Origin::request && name.has(attribute.type, number)) {
        rdn.refuse("the type " + attribute.type + " is there twice");
      }
      name.attributes_.push_back(std::move(attribute));
      if (name.attributes_.size() > kMaxAttributes) {
        rdns.refuse("more than " + std::to_string(kMaxAttributes) + " attributes");
      }
    }
  }
  return name;
}

bool DistinguishedName::has(const Oid& type, std::size_t rdn) const {
  return std::any_of(attributes_.begin(), attributes_.end(), [&](const Attribute& attribute) {
    return attribute.rdn == rdn && attribute.type == type;
  });
}

std::vector<std::string> DistinguishedName::common_names() const {
  std::vector<std::string> names;
  for (const Attribute& attribute : attributes_) {
    if (attribute.type == oid::kCommonName) {
      names.push_back(attribute.utf8());
    }
  }
  return names;
}

std::string DistinguishedName::text() const {
  std::string text;
  for (auto at = attributes_.rbegin(); at != attributes_.rend();) {
    const std::size_t number = at->rdn;
    std::string rdn;
    for (; at != attributes_.rend() && at->rdn == number; ++at) {
      rdn = text_of_attribute(*at) + (rdn.empty() ? "" : "+") + rdn;
    }
    text += (text.empty() ? "" : ",") + rdn;
  }
  return text;
}

}  // namespace ca
