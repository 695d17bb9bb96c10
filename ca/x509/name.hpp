#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ca/base/bytes.hpp"
#include "ca/x509/extension.hpp"

namespace ca {

// A Name whose bytes are kept exactly as they were read (issuer and subject are byte copies, never
// re-encoded).
class DistinguishedName {
 public:
  struct Attribute {
    Oid type;
    std::uint8_t string_tag = 0;  // DER tag of the value, 0x0C UTF8String, 0x13 PrintableString ...
    std::string value;            // raw bytes of the value
    std::size_t rdn = 0;          // attributes of one RelativeDistinguishedName have the same number

    // The value as UTF-8, whatever its string type.
    [[nodiscard]] std::string utf8() const;
  };

  DistinguishedName() = default;  // the empty SEQUENCE
  // A name that is to be certified. Strict DER; at most 64 attributes; values are non-empty strings, valid in
  // their type and its alphabet, without control and format characters; no type twice in one RDN; a country
  // is a PrintableString of two letters, domainComponent and emailAddress are IA5Strings (RFC 5280, appendix
  // A). Throws Code::malformed_csr.
  [[nodiscard]] static DistinguishedName parse(ByteView der);
  // A name in a certificate of an outside issuer, which is compared and copied but not made here: attributes
  // in any order and number inside their RDN, of any string type, any ASCII in PrintableString and
  // NumericString. Throws
  // Code::malformed_csr; the caller maps it.
  [[nodiscard]] static DistinguishedName parse_imported(ByteView der);

  [[nodiscard]] const Bytes& der() const { return der_; }
  [[nodiscard]] const std::vector<Attribute>& attributes() const { return attributes_; }
  [[nodiscard]] bool empty() const { return attributes_.empty(); }
  [[nodiscard]] std::vector<std::string> common_names() const;  // UTF-8
  // RFC 2253 form, most specific first, unknown types as oid=#hex: for people and reports.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const DistinguishedName& a, const DistinguishedName& b) { return a.der_ == b.der_; }

 private:
  enum class Origin { request, imported };
  [[nodiscard]] static DistinguishedName read(ByteView der, Origin origin);
  [[nodiscard]] bool has(const Oid& type, std::size_t rdn) const;

  Bytes der_{0x30, 0x00};
  std::vector<Attribute> attributes_;
};

// The API's ASN1Subject (CreateCertificateAuthority). Member order is encoding order.
struct SubjectFields {
  std::optional<std::string> country, organization, organizational_unit, distinguished_name_qualifier, state,
      common_name, serial_number, locality, title, surname, given_name, initials, pseudonym,
      generation_qualifier;
  struct Custom {
    Oid type;
    std::string value;
  };
  std::vector<Custom> custom;
};

// One attribute per RDN in member order; country, dnQualifier and serialNumber PrintableString,
// domainComponent (custom) IA5String, all others UTF8String. Throws Code::invalid_args.
[[nodiscard]] DistinguishedName encode_subject(const SubjectFields& fields);
// "CN=Example Root,O=Example,C=US" (RFC 4514 order as typed; the CLI's --subject). Throws Code::invalid_args.
[[nodiscard]] SubjectFields parse_subject_text(std::string_view text);

// RFC 5280, 4.2.1.6. Values as in the certificate: dns and uri and email ASCII, ip 4 or 16 bytes.
struct GeneralName {
  enum class Kind { other, email, dns, x400, directory, edi_party, uri, ip, registered_id };
  Kind kind;
  Bytes value;  // the content bytes of the [tag]

  [[nodiscard]] std::string text() const;  // "DNS:a.example", "IP:10.0.0.1", "URI:spiffe://..."
  friend bool operator==(const GeneralName&, const GeneralName&) = default;
};

// Names from their texts. Throw Code::invalid_args.
[[nodiscard]] GeneralName ip_name(const std::string& text);  // "10.0.0.1", "2001:db8::1"
[[nodiscard]] GeneralName registered_id_name(const Oid& id);
[[nodiscard]] GeneralName other_name(const Oid& type, const std::string& utf8);  // value: UTF8String

// Reads the GeneralNames of a SAN that is to be certified: a directory name as DistinguishedName::parse does,
// and not empty. Throws Code::malformed_csr; at most kMaxGeneralNames.
inline constexpr std::size_t kMaxGeneralNames = 150;
[[nodiscard]] std::vector<GeneralName> parse_general_names(ByteView extension_value);
// Of a certificate of an outside issuer: directory names as DistinguishedName::parse_imported does.
[[nodiscard]] std::vector<GeneralName> parse_imported_general_names(ByteView extension_value);
[[nodiscard]] Bytes encode_general_names(const std::vector<GeneralName>& names);

}  // namespace ca
