#include <arpa/inet.h>
#include <array>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/character_string.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/name.hpp"

namespace ca {
namespace {

using Kind = GeneralName::Kind;

struct KindRow {
  Kind kind;
  std::uint8_t tag;
  std::string_view label;
};
// Indexed by the tag number of RFC 5280, 4.2.1.6.
constexpr std::array kKinds{
    KindRow{Kind::other, der::tag::context_constructed(0), "otherName"},
    KindRow{Kind::email, der::tag::context(1), "email"},
    KindRow{Kind::dns, der::tag::context(2), "DNS"},
    KindRow{Kind::x400, der::tag::context_constructed(3), "x400Address"},
    KindRow{Kind::directory, der::tag::context_constructed(4), "DirName"},
    KindRow{Kind::edi_party, der::tag::context_constructed(5), "ediPartyName"},
    KindRow{Kind::uri, der::tag::context(6), "URI"},
    KindRow{Kind::ip, der::tag::context(7), "IP"},
    KindRow{Kind::registered_id, der::tag::context(8), "RID"},
};

const KindRow& row_of(Kind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

std::string ip_text(ByteView address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.size() == 4 ? AF_INET : AF_INET6;
  if ((address.size() != 4 && address.size() != 16) ||
      inet_ntop(family, address.data(), text.data(), text.size()) == nullptr) {
    return "#" + to_hex(address);
  }
  return text.data();
}

// OtherName ::= SEQUENCE { type-id, value [0] EXPLICIT ANY }. A string inside obeys the rules of strings.
void check_other_name(ByteView contents) {
  der::Reader fields{contents, "otherName"};
  (void)fields.oid("otherName type");
  der::Reader value = fields.enter(der::tag::context_constructed(0), "otherName value");
  fields.end();
  const der::Element inner = value.any();
  value.end();
  der::check_well_formed(inner.whole, "otherName");
  switch (inner.tag) {
    case der::tag::kUtf8String:
    case der::tag::kNumericString:
    case der::tag::kPrintableString:
    case der::tag::kTeletexString:
    case der::tag::kIa5String:
    case der::tag::kVisibleString:
    case der::tag::kUniversalString:
    case der::tag::kBmpString:
      if (!utf8_of_string(inner.tag, inner.contents)) {
        fields.refuse(
            "the value must be valid in its string type and without control characters or others that nobody "
            "sees");
      }
      return;
    default:
      return;
  }
}

// Who is named by nothing in a list of names.
void check_directory_name(const der::Reader& names, ByteView value) {
  if (DistinguishedName::parse(value).empty()) {
    names.refuse("a directory name is empty");
  }
}

void check_value(const der::Reader& names, Kind kind, ByteView value, bool strict) {
  switch (kind) {
    case Kind::email:
    case Kind::dns:
    case Kind::uri:
      if (value.empty() || !is_visible_ascii(text_of(value))) {
        names.refuse(std::string{row_of(kind).label} + " must be non-empty ASCII without control characters");
      }
      return;
    case Kind::ip:
      if (value.size() != 4 && value.size() != 16) {
        names.refuse("an IP address has 4 or 16 bytes");
      }
      return;
    case Kind::directory:
      if (strict) {
        check_directory_name(names, value);
      } else {
        (void)DistinguishedName::parse_imported(value);
      }
      return;
    case Kind::registered_id:
      (void)der::oid_of(value, "registered id");
      return;
    case Kind::other:
      check_other_name(value);
      return;
    case Kind::x400:
    case Kind::edi_party:
      der::check_well_formed(value, row_of(kind).label);
      return;
  }
}

std::vector<GeneralName> read_general_names(ByteView extension_value, bool strict) {
  der::Reader outer{extension_value, "subjectAltName"};
  der::Reader names = outer.enter(der::tag::kSequence, "subjectAltName");
  outer.end();
  if (names.done()) {
    names.refuse("it is empty");
  }
  std::vector<GeneralName> result;
  while (!names.done()) {
    const der::Element element = names.any();
    const std::size_t number = element.tag & 0x1FU;
    if (number >= kKinds.size() || kKinds[number].tag != element.tag) {
      names.refuse("a name of an unknown kind");
    }
    check_value(names, kKinds[number].kind, element.contents, strict);
    result.push_back({kKinds[number].kind, Bytes(element.contents.begin(), element.contents.end())});
    if (result.size() > kMaxGeneralNames) {
      names.refuse("more than " + std::to_string(kMaxGeneralNames) + " names");
    }
  }
  return result;
}

}  // namespace

std::string GeneralName::text() const {
  const std::string label = std::string{row_of(kind).label} + ":";
  switch (kind) {
    case Kind::email:
    case Kind::dns:
    case Kind::uri:
      return label + text_of(value);
    case Kind::ip:
      return label + ip_text(value);
    case Kind::directory:
      return label + DistinguishedName::parse_imported(value).text();
    case Kind::registered_id:
      return label + der::oid_of(value, "registered id");
    case Kind::other:
    case Kind::x400:
    case Kind::edi_party:
      break;
  }
  return label + "#" + to_hex(value);
}

GeneralName ip_name(const std::string& text) {
  std::array<std::uint8_t, 16> address{};
  for (const auto& [family, size] : {std::pair{AF_INET, 4}, std::pair{AF_INET6, 16}}) {
    if (inet_pton(family, text.c_str(), address.data()) == 1) {
      return {Kind::ip, Bytes(address.begin(), address.begin() + size)};
    }
  }
  throw Error{Code::invalid_args, "'" + text.substr(0, INET6_ADDRSTRLEN) + "' is not an IP address"};
}

GeneralName registered_id_name(const Oid& id) {
  const Bytes element = der::oid(id);
  der::Reader reader{element, "registered id"};
  const ByteView contents = reader.any().contents;
  return {Kind::registered_id, Bytes(contents.begin(), contents.end())};
}

GeneralName other_name(const Oid& type, const std::string& utf8) {
  if (!utf8_of_string(der::tag::kUtf8String, bytes_of(utf8))) {
    throw Error{Code::invalid_args,
                "The value of otherName " + type +
                    " must be text without control characters or others that nobody sees"};
  }
  Bytes contents = der::oid(type);
  const Bytes value =
      der::element(der::tag::context_constructed(0), der::element(der::tag::kUtf8String, bytes_of(utf8)));
  contents.insert(contents.end(), value.begin(), value.end());
  return {Kind::other, std::move(contents)};
}

std::vector<GeneralName> parse_general_names(ByteView extension_value) {
  return read_general_names(extension_value, true);
}

std::vector<GeneralName> parse_imported_general_names(ByteView extension_value) {
  return read_general_names(extension_value, false);
}

Bytes encode_general_names(const std::vector<GeneralName>& names) {
  Bytes contents;
  for (const GeneralName& name : names) {
    const Bytes element = der::element(row_of(name.kind).tag, name.value);
    contents.insert(contents.end(), element.begin(), element.end());
  }
  return der::element(der::tag::kSequence, contents);
}

}  // namespace ca
