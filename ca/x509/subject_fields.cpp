#include <array>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/x509/character_string.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/name.hpp"

namespace ca {
namespace {

struct Field {
  std::string_view key;  // as typed in a subject text, lower case
  const char* oid;
  std::size_t max_characters;
  std::optional<std::string> SubjectFields::*member;
};
// ASN1Subject of the API, in its member order, which is the encoding order.
constexpr std::array kFields{
    Field{"c", "2.5.4.6", 2, &SubjectFields::country},
    Field{"o", "2.5.4.10", 64, &SubjectFields::organization},
    Field{"ou", "2.5.4.11", 64, &SubjectFields::organizational_unit},
    Field{"dnqualifier", "2.5.4.46", 64, &SubjectFields::distinguished_name_qualifier},
    Field{"st", "2.5.4.8", 128, &SubjectFields::state},
    Field{"cn", "2.5.4.3", 64, &SubjectFields::common_name},
    Field{"serialnumber", "2.5.4.5", 64, &SubjectFields::serial_number},
    Field{"l", "2.5.4.7", 128, &SubjectFields::locality},
    Field{"title", "2.5.4.12", 64, &SubjectFields::title},
    Field{"sn", "2.5.4.4", 40, &SubjectFields::surname},
    Field{"gn", "2.5.4.42", 16, &SubjectFields::given_name},
    Field{"initials", "2.5.4.43", 5, &SubjectFields::initials},
    Field{"pseudonym", "2.5.4.65", 128, &SubjectFields::pseudonym},
    Field{"generationqualifier", "2.5.4.44", 3, &SubjectFields::generation_qualifier},
};
constexpr std::string_view kCountry = "2.5.4.6";
constexpr std::string_view kDomainComponent = "0.9.2342.19200300.100.1.25";
constexpr std::string_view kEmailAddress = "1.2.840.113549.1.9.1";
constexpr std::string_view kUserId = "0.9.2342.19200300.100.1.1";
constexpr std::size_t kMaxCustomCharacters = 256;
constexpr std::size_t kMaxCustomAttributes = 150;

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::invalid_args, "Subject: " + what}; }

// RFC 5280, appendix A: these types have no choice of string.
std::uint8_t string_tag_of(std::string_view type) {
  if (type == kCountry || type == "2.5.4.46" || type == "2.5.4.5") {
    return der::tag::kPrintableString;
  }
  return type == kDomainComponent || type == kEmailAddress ? der::tag::kIa5String : der::tag::kUtf8String;
}

Bytes encode_attribute(const Oid& type, const std::string& value, std::size_t max_characters) {
  const std::uint8_t tag = string_tag_of(type);
  if (!utf8_of_string(tag, bytes_of(value))) {
    refuse("the value of " + type + " must be text without control characters or others that nobody sees" +
           (tag == der::tag::kUtf8String ? "" : ", ASCII only"));
  }
  if (tag == der::tag::kPrintableString && !is_printable_string(value)) {
    refuse("the value of " + type + " may hold letters, digits, space and '()+,-./:=? only");
  }
  if (utf8_length(value) > max_characters) {
    refuse("the value of " + type + " is longer than " + std::to_string(max_characters) + " characters");
  }
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (type == kCountry && (value.size() != 2 || !is_letter(value[0]) || !is_letter(value[1]))) {
    refuse("the country must be two letters");
  }
  const Bytes pair = der::element(der::tag::kSequence, {der::oid(type), der::element(tag, bytes_of(value))});
  return der::element(der::tag::kSet, pair);
}

struct TypedAttribute {
  std::string key;
  std::string value;
};

int hex_value(char c) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  const auto at = kDigits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// The character behind a backslash at text[at]; moves `at` to its last character (RFC 4514, 3: pair).
char unescaped(std::string_view text, std::size_t& at) {
  if (at + 1 >= text.size()) {
    refuse("a backslash at the end escapes nothing");
  }
  const int high = hex_value(text[at + 1]);
  const int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
  if (high >= 0 && low >= 0) {
    at += 2;
    return static_cast<char>(high * 16 + low);
  }
  return text[++at];
}

std::vector<TypedAttribute> split_subject(std::string_view text) {
  std::vector<TypedAttribute> attributes;
  TypedAttribute current;
  bool in_value = false;
  std::size_t kept = 0;  // characters that were escaped stay when trailing spaces go
  const auto finish = [&] {
    while (current.value.size() > kept && current.value.back() == ' ') {
      current.value.pop_back();
    }
    while (!current.key.empty() && current.key.back() == ' ') {
      current.key.pop_back();
    }
    if (!in_value || current.key.empty() || current.value.empty()) {
      refuse("write it as CN=name,O=organization,C=US, no part empty; a comma inside a value is \\,");
    }
    attributes.push_back(std::move(current));
    current = {};
    in_value = false;
    kept = 0;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!in_value) {
      if (c == '=') {
        in_value = true;
      } else if (c != ' ' || !current.key.empty()) {
        current.key += c;
      }
    } else if (c == '\\') {
      current.value += unescaped(text, at);
      kept = current.value.size();
    } else if (c == ',') {
      finish();
    } else if (c == '+') {
      refuse("several attributes in one part (+) are not supported; a plus inside a value is \\+");
    } else if (c != ' ' || !current.value.empty()) {
      current.value += c;
    }
  }
  finish();
  return attributes;
}

Oid custom_type(const std::string& key) {
  if (key == "dc") {
    return Oid{kDomainComponent};
  }
  if (key == "uid") {
    return Oid{kUserId};
  }
  if (key == "emailaddress" || key == "email") {
    return Oid{kEmailAddress};
  }
  (void)der::oid(key);
  return key;
}

const Field* field_named(const std::string& key) {
  for (const Field& field : kFields) {
    if (key == field.key || (key == "s" && field.key == "st") || key == field.oid) {
      return &field;
    }
  }
  return nullptr;
}

}  // namespace

DistinguishedName encode_subject(const SubjectFields& fields) {
  if (fields.custom.size() > kMaxCustomAttributes) {
    refuse("more than " + std::to_string(kMaxCustomAttributes) + " custom attributes");
  }
  Bytes rdns;
  const auto append = [&](const Bytes& rdn) { rdns.insert(rdns.end(), rdn.begin(), rdn.end()); };
  for (const Field& field : kFields) {
    const auto& value = fields.*field.member;
    if (value && !value->empty()) {  // the API allows "", which means the same as absent
      append(encode_attribute(field.oid, *value, field.max_characters));
    }
  }
  for (const auto& custom : fields.custom) {
    append(encode_attribute(custom.type, custom.value, kMaxCustomCharacters));
  }
  try {
    return DistinguishedName::parse(der::element(der::tag::kSequence, rdns));
  } catch (const Error& error) {
    refuse(error.what());
  }
}

SubjectFields parse_subject_text(std::string_view text) {
  SubjectFields fields;
  for (TypedAttribute& typed : split_subject(text)) {
    const std::string key = ascii_lower(typed.key);
    const Field* field = field_named(key);
    if (field == nullptr) {
      // The text starts with the most specific part, the encoding ends with it (RFC 4514, 2.1).
      fields.custom.insert(fields.custom.begin(), {custom_type(key), std::move(typed.value)});
      continue;
    }
    auto& value = fields.*field->member;
    if (value) {
      refuse("'" + typed.key + "' is there twice");
    }
    value = std::move(typed.value);
  }
  return fields;
}

}  // namespace ca
