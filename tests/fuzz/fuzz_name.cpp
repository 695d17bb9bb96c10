#include <set>

#include "ca/base/error.hpp"
#include "ca/lint/name_constraints.hpp"
#include "ca/x509/name_match.hpp"
#include "tests/fuzz/property.hpp"

namespace {

std::optional<ca::DistinguishedName> read(ca::DistinguishedName (*parse)(ca::ByteView), ca::ByteView input) {
  try {
    return parse(input);
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_csr, "a bad name is malformed_csr");
    return std::nullopt;
  }
}

// RFC 5280, appendix A, and X.501, 9.3.
void require_types(const ca::DistinguishedName& name) {
  std::set<std::pair<std::size_t, ca::Oid>> seen;
  for (const auto& attribute : name.attributes()) {
    require(seen.emplace(attribute.rdn, attribute.type).second, "no type is twice in an RDN");
    require(attribute.type != "2.5.4.6" || (attribute.string_tag == 0x13 && attribute.value.size() == 2),
            "a country is a PrintableString of two letters");
    require(attribute.type != "1.2.840.113549.1.9.1" || attribute.string_tag == 0x16,
            "an e-mail address is an IA5String");
  }
}

}  // namespace

// Input: DER of a Name. Strict is narrower than imported; what parses keeps its bytes, equals itself, begins
// with itself, and has a text without a line end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ca::ByteView input{data, size};
  const auto strict = read(ca::DistinguishedName::parse, input);
  const auto name = read(ca::DistinguishedName::parse_imported, input);
  require(!strict || name == strict, "a strict name is a name");
  if (strict) {
    require_types(*strict);
  }
  if (!name) {
    return 0;
  }
  require(name->der() == ca::Bytes(input.begin(), input.end()), "a name keeps its bytes");
  require(ca::match_names(*name, *name) == ca::NameMatch::yes, "a name is itself");
  require(ca::match_prefix(*name, {}) == ca::NameMatch::yes, "every name begins with nothing");
  require(name->empty() || ca::match_prefix({}, *name) == ca::NameMatch::no, "nothing begins with a name");
  for (const char c : name->text()) {
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a name has no control characters");
  }
  (void)name->common_names();
  (void)ca::constrained_names(*name, {});
  return 0;
}
