#include "ca/x509/name_match.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace tag = ca::der::tag;
using ca::NameMatch;

namespace {

ca::DistinguishedName named(const std::vector<test::NameValue>& values) {
  return ca::DistinguishedName::parse_imported(test::name_der(values));
}

// All values in one RDN, in the given order.
ca::DistinguishedName joined(const std::vector<test::NameValue>& values) {
  return ca::DistinguishedName::parse_imported(ca::der::element(tag::kSequence, test::rdn_der(values)));
}

const test::NameValue kCountry{"2.5.4.6", "US", tag::kPrintableString};

}  // namespace

TEST_CASE("name match: neither case nor string type nor spaces of ASCII text make a difference", "[x509]") {
  const auto name = named({kCountry, {"2.5.4.10", "Example  Corp"}, {"2.5.4.3", "Root"}});
  CHECK(ca::match_names(name, name) == NameMatch::yes);
  CHECK(ca::match_names(name, named({{"2.5.4.6", "us"},
                                     {"2.5.4.10", " example corp ", tag::kPrintableString},
                                     {"2.5.4.3", std::string{"\0R\0O\0O\0T", 8}, tag::kBmpString}})) ==
        NameMatch::yes);
  CHECK(ca::match_names({}, {}) == NameMatch::yes);
  for (const auto& other :
       {named({kCountry, {"2.5.4.10", "Example Corp"}, {"2.5.4.3", "Root2"}}),
        named({kCountry, {"2.5.4.10", "ExampleCorp"}, {"2.5.4.3", "Root"}}),
        named({kCountry, {"2.5.4.10", "Example Corp"}}),
        named({{"2.5.4.10", "Example Corp"}, kCountry, {"2.5.4.3", "Root"}}),
        named({kCountry, {"2.5.4.11", "Example Corp"}, {"2.5.4.3", "Root"}}), ca::DistinguishedName{}}) {
    INFO(other.text());
    CHECK(ca::match_names(name, other) == NameMatch::no);
    CHECK(ca::match_names(other, name) == NameMatch::no);
  }
}

TEST_CASE("name match: an RDN of two attributes is not two RDNs, and has no order", "[x509]") {
  const std::vector<test::NameValue> both{{"2.5.4.10", "Org"}, {"2.5.4.3", "x"}};
  const std::vector<test::NameValue> turned{both[1], both[0]};
  CHECK(ca::match_names(joined(both), joined(turned)) == NameMatch::yes);
  CHECK(ca::match_names(joined(both), named(both)) == NameMatch::no);
  CHECK(ca::match_names(named(both), named(turned)) == NameMatch::no);
}

TEST_CASE("name match: a prefix is made of whole RDNs", "[x509][I11]") {
  const auto name = named({kCountry, {"2.5.4.10", "Example"}, {"2.5.4.3", "x"}});
  CHECK(ca::match_prefix(name, {}) == NameMatch::yes);
  CHECK(ca::match_prefix(name, named({kCountry})) == NameMatch::yes);
  CHECK(ca::match_prefix(name, named({kCountry, {"2.5.4.10", "EXAMPLE"}})) == NameMatch::yes);
  CHECK(ca::match_prefix(name, name) == NameMatch::yes);
  CHECK(ca::match_prefix(named({kCountry}), name) == NameMatch::no);
  CHECK(ca::match_prefix(name, named({{"2.5.4.10", "Example"}})) == NameMatch::no);
  CHECK(ca::match_prefix(joined({kCountry, {"2.5.4.10", "Example"}}), named({kCountry})) == NameMatch::no);
}

TEST_CASE("name match: text beyond ASCII is the same, or nobody knows", "[x509][I11]") {
  const auto org = [](const std::string& text) { return named({kCountry, {"2.5.4.10", text}}); };
  const std::string umlaut = "M\xc3\xbcller";
  CHECK(ca::match_names(org(umlaut), org(umlaut)) == NameMatch::yes);
  CHECK(ca::match_names(org(umlaut), org("m\xc3\xbcLLER")) == NameMatch::yes);
  CHECK(ca::match_names(org(umlaut), org("M\xc3\x9cLLER")) == NameMatch::undecided);   // capital U umlaut
  CHECK(ca::match_names(org(umlaut), org("Mu\xcc\x88ller")) == NameMatch::undecided);  // combining diaeresis
  CHECK(ca::match_names(org("kelvin"), org("\xe2\x84\xaa"
                                           "elvin")) == NameMatch::undecided);  // Kelvin sign
  CHECK(ca::match_names(org(umlaut), named({kCountry, {"2.5.4.3", umlaut}})) == NameMatch::no);
  CHECK(ca::match_names(org(umlaut), named({{"2.5.4.6", "DE"}, {"2.5.4.10", "x"}})) == NameMatch::no);
  CHECK(ca::match_prefix(named({kCountry, {"2.5.4.10", umlaut}}), named({kCountry})) == NameMatch::yes);
}
