#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/name.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace tag = ca::der::tag;
using ca::DistinguishedName;

namespace {

DistinguishedName parse(const std::vector<test::NameValue>& values) {
  return DistinguishedName::parse(test::name_der(values));
}

}  // namespace

TEST_CASE("name: the bytes are kept and the text is the one of RFC 2253", "[x509]") {
  const ca::Bytes der = test::name_der({{"2.5.4.6", "US", tag::kPrintableString},
                                        {"2.5.4.10", "Example, Inc."},
                                        {"2.5.4.3", " #1 "},
                                        {"2.5.4.5", "A1", tag::kPrintableString}});
  const auto name = DistinguishedName::parse(der);
  CHECK(name.der() == der);
  CHECK(name.text() == "2.5.4.5=#13024131,CN=\\ #1\\ ,O=Example\\, Inc.,C=US");
  CHECK(name.common_names() == std::vector<std::string>{" #1 "});
  CHECK(DistinguishedName{}.empty());
  CHECK(DistinguishedName::parse(ca::from_hex("3000")) == DistinguishedName{});
}

TEST_CASE("name: every string type is read as UTF-8", "[x509]") {
  CHECK(parse({{"2.5.4.3", std::string{"\x00\x41\x00\xe4", 4}, tag::kBmpString}}).common_names().at(0) ==
        "A\xc3\xa4");
  CHECK(
      parse({{"2.5.4.3", std::string{"\x00\x01\xf6\x00", 4}, tag::kUniversalString}}).common_names().at(0) ==
      "\xf0\x9f\x98\x80");
  CHECK(parse({{"2.5.4.3", "\xe4", tag::kTeletexString}}).common_names().at(0) == "\xc3\xa4");
  CHECK(parse({{"2.5.4.3", "\xc3\xa4"}}).common_names().at(0) == "\xc3\xa4");
}

TEST_CASE("name: NUL and control characters and broken strings are refused in every string type",
          "[x509][I11][I16]") {
  const std::vector<test::NameValue> bad{
      {"2.5.4.3", std::string{"a\0b", 3}},
      {"2.5.4.3", "a\nb"},
      {"2.5.4.3", "a\x7f"},
      {"2.5.4.3", "a\xc2\x85"},  // NEL
      {"2.5.4.3", std::string{"a\0b", 3}, tag::kPrintableString},
      {"2.5.4.3", "a\x1b[2J", tag::kIa5String},
      {"2.5.4.3", "a\xe4", tag::kPrintableString},
      {"2.5.4.3", "\x9b", tag::kTeletexString},
      {"2.5.4.3", std::string{"\x00\x00", 2}, tag::kBmpString},
      {"2.5.4.3", std::string{"\x00", 1}, tag::kBmpString},
      {"2.5.4.3", "\xd8\x00", tag::kBmpString},
      {"2.5.4.3", std::string{"\x00\x11\x00\x00", 4}, tag::kUniversalString},
      {"2.5.4.3", ""},
      {"2.5.4.3", "\xc0\x80"},
      {"2.5.4.3", "\xe0\x80\x80"},
      {"2.5.4.3", "\xed\xa0\x80"},
      {"2.5.4.3", "\xf5\x80\x80\x80"},
      {"2.5.4.3", "\xf0\x9f\x98"},
      {"2.5.4.3", "\x80"},
      {"2.5.4.3", "x", tag::kOctetString},
      {"2.5.4.3", "x", tag::kBitString},
  };
  for (const auto& value : bad) {
    INFO(ca::to_hex(ca::bytes_of(value.value)) << " tag " << int{value.tag});
    CHECK_THROWS_AS(parse({value}), ca::Error);
  }
}

TEST_CASE("name: characters that nobody sees are refused in every string type", "[x509][I11]") {
  const std::vector<test::NameValue> bad{
      {"2.5.4.3",
       "a\xc2\xad"
       "b"},                    // U+00AD soft hyphen
      {"2.5.4.3", "\xd8\x80"},  // U+0600 Arabic number sign
      {"2.5.4.3",
       "\xd8\x9c"
       "a"},  // U+061C Arabic letter mark
      {"2.5.4.3",
       "a\xe2\x80\x8b"
       "b"},                         // U+200B zero width space
      {"2.5.4.3", "a\xe2\x80\x8f"},  // U+200F right-to-left mark
      {"2.5.4.3",
       "a\xe2\x80\xa8"
       "b"},  // U+2028 line separator
      {"2.5.4.3",
       "a\xe2\x80\xa9"
       "b"},  // U+2029 paragraph separator
      {"2.5.4.3",
       "moc.\xe2\x80\xae"
       "x"},  // U+202E right-to-left override
      {"2.5.4.3",
       "\xe2\x81\xa6"
       "a"},  // U+2066 left-to-right isolate
      {"2.5.4.3",
       "\xef\xbb\xbf"
       "a"},                            // U+FEFF byte order mark
      {"2.5.4.3", "a\xef\xbf\xbe"},     // U+FFFE
      {"2.5.4.3", "\xef\xbf\xbf"},      // U+FFFF
      {"2.5.4.3", "\xef\xb7\x90"},      // U+FDD0
      {"2.5.4.3", "\xf4\x8f\xbf\xbf"},  // U+10FFFF
      {"2.5.4.3", "\xff\xfe", tag::kBmpString},
      {"2.5.4.3", "\xf0\x9d\x85\xb3"},   // U+1D173 musical symbol begin beam
      {"2.5.4.3", "a\xf3\xa0\x81\xa1"},  // U+E0061 tag letter a
      {"2.5.4.3",
       "a\xad"
       "b",
       tag::kTeletexString},
      {"2.5.4.3", std::string{"\x20\x2e\x00\x61", 4}, tag::kBmpString},
      {"2.5.4.3", std::string{"\x00\x0e\x00\x01", 4}, tag::kUniversalString},
  };
  for (const auto& value : bad) {
    INFO(ca::to_hex(ca::bytes_of(value.value)) << " tag " << int{value.tag});
    CHECK_THROWS_AS(parse({value}), ca::Error);
    CHECK_THROWS_AS(DistinguishedName::parse_imported(test::name_der({value})), ca::Error);
  }
  // Their neighbours are letters, marks and spaces.
  for (const char* good :
       {"\xc2\xac\xc2\xae", "\xd8\x86", "\xe2\x80\x8a\xe2\x80\x90", "\xe2\x80\xa7\xe2\x80\xaf",
        "\xe2\x81\x9f", "\xe2\x81\xb0", "\xef\xbb\xbc", "\xef\xbf\xbd", "\xef\xb7\x8f\xef\xb7\xb0"}) {
    INFO(ca::to_hex(ca::bytes_of(good)));
    CHECK_NOTHROW(parse({{"2.5.4.3", good}}));
  }
}

TEST_CASE("name: the alphabets of string types hold, but in certificates from outside", "[x509][I11]") {
  const auto good = [](const std::string& value, std::uint8_t type) {
    CHECK_NOTHROW(DistinguishedName::parse_imported(test::name_der({{"2.5.4.3", value, type}})));
    try {
      return parse({{"2.5.4.3", value, type}}).common_names().at(0) == value;
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::malformed_csr);
      CHECK_THAT(std::string{error.what()}, Contains("valid in its string type"));
      return false;
    }
  };
  CHECK(good("AZaz09 '()+,-./:=?", tag::kPrintableString));
  CHECK(good("0123 456789", tag::kNumericString));
  CHECK(good("any @*&_!\"#$%;<>[]^`{|}~ of ASCII", tag::kIa5String));
  CHECK(good("any @*&_!\"#$%;<>[]^`{|}~ of ASCII", tag::kVisibleString));
  for (const char c : std::string{"@*&_!\"#$%;<>[\\]^`{|}~"}) {
    CHECK_FALSE(good(std::string{"a"} + c, tag::kPrintableString));
  }
  for (const char c : std::string{"a-.,+'"}) {
    CHECK_FALSE(good(std::string{"1"} + c, tag::kNumericString));
  }
}

TEST_CASE("name: types that have one string type have it, but in certificates from outside", "[x509][I11]") {
  const auto good = [](const std::string& type, const std::string& value, std::uint8_t string_tag) {
    CHECK_NOTHROW(DistinguishedName::parse_imported(test::name_der({{type, value, string_tag}})));
    try {
      return !parse({{type, value, string_tag}}).empty();
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::malformed_csr);
      return false;
    }
  };
  CHECK(good("2.5.4.6", "US", tag::kPrintableString));
  CHECK(good("2.5.4.6", "de", tag::kPrintableString));
  CHECK_FALSE(good("2.5.4.6", "US", tag::kUtf8String));
  CHECK_FALSE(good("2.5.4.6", "US", tag::kIa5String));
  for (const char* country : {"U", "USA", "U1", "U ", "--"}) {
    INFO(country);
    CHECK_FALSE(good("2.5.4.6", country, tag::kPrintableString));
  }
  for (const char* type : {"0.9.2342.19200300.100.1.25", "1.2.840.113549.1.9.1"}) {
    INFO(type);
    CHECK(good(type, "a", tag::kIa5String));
    for (const std::uint8_t other : {tag::kUtf8String, tag::kPrintableString, tag::kTeletexString}) {
      CHECK_FALSE(good(type, "a", other));
    }
  }
}

TEST_CASE("name: no type is twice in one RDN, but in certificates from outside", "[x509][I11]") {
  const auto name_of = [](const std::vector<std::vector<test::NameValue>>& parts) {
    ca::Bytes rdns;
    for (const auto& part : parts) {
      const ca::Bytes rdn = test::rdn_der(part);
      rdns.insert(rdns.end(), rdn.begin(), rdn.end());
    }
    return ca::der::element(tag::kSequence, rdns);
  };
  const ca::Bytes twice = name_of({{{"2.5.4.3", "x"}, {"2.5.4.3", "y"}}});
  CHECK_THROWS_WITH(DistinguishedName::parse(twice), Contains("2.5.4.3 is there twice"));
  CHECK(DistinguishedName::parse_imported(twice).attributes().size() == 2);
  CHECK_NOTHROW(DistinguishedName::parse(name_of({{{"2.5.4.3", "x"}}, {{"2.5.4.3", "y"}}})));
}

TEST_CASE("name: an RDN is a set in the order of DER, but in certificates from outside", "[x509]") {
  const std::vector<test::NameValue> sorted{{"2.5.4.3", "x"}, {"2.5.4.10", "Org"}};
  const auto name_of = [](const std::vector<test::NameValue>& values) {
    return ca::der::element(tag::kSequence, test::rdn_der(values));
  };
  CHECK(DistinguishedName::parse(name_of(sorted)).text() == "CN=x+O=Org");
  for (const auto& values : {std::vector{sorted[1], sorted[0]}, std::vector{sorted[0], sorted[0]}}) {
    CHECK_THROWS_WITH(DistinguishedName::parse(name_of(values)), Contains("order of DER"));
    const auto imported = DistinguishedName::parse_imported(name_of(values));
    CHECK(imported.der() == name_of(values));
    CHECK(imported.attributes().size() == 2);
  }
}

TEST_CASE("name: shapes that are no name are refused", "[x509][I16]") {
  for (const char* hex : {"", "30", "3001", "300000", "31003000", "30023100", "3000aa", "300430023100",
                          "300b3109300706035504030c00", "300a310830060603550403" /* no value */}) {
    INFO(hex);
    CHECK_THROWS_AS(DistinguishedName::parse(ca::from_hex(hex)), ca::Error);
  }
  CHECK_THROWS_WITH(parse(std::vector<test::NameValue>(65, {"2.5.4.11", "x"})), Contains("more than 64"));
}

TEST_CASE("name: the subject of the API is encoded in member order with its string types", "[x509]") {
  ca::SubjectFields fields;
  fields.common_name = "www.example.com";
  fields.country = "US";
  fields.organization = "Example Corp";
  fields.organizational_unit = "Sales";
  fields.state = "WA";
  fields.locality = "Seattle";
  fields.serial_number = "17";
  fields.title = "";
  fields.custom = {{"0.9.2342.19200300.100.1.25", "com"}, {"1.3.6.1.4.1.37244.1.3", "FFF1"}};
  const auto name = ca::encode_subject(fields);
  std::string order;
  std::string tags;
  for (const auto& attribute : name.attributes()) {
    order += attribute.type + " ";
    tags += ca::to_hex(ca::Bytes{attribute.string_tag}) + " ";
  }
  CHECK(order ==
        "2.5.4.6 2.5.4.10 2.5.4.11 2.5.4.8 2.5.4.3 2.5.4.5 2.5.4.7 0.9.2342.19200300.100.1.25 "
        "1.3.6.1.4.1.37244.1.3 ");
  CHECK(tags == "13 0c 0c 0c 0c 13 0c 16 0c ");
}

TEST_CASE("name: subject fields beyond their bounds are refused", "[x509]") {
  const auto refused = [](auto change) {
    ca::SubjectFields fields;
    change(fields);
    CHECK_THROWS_AS(ca::encode_subject(fields), ca::Error);
  };
  refused([](auto& f) { f.country = "USA"; });
  refused([](auto& f) { f.country = "1A"; });
  refused([](auto& f) { f.common_name = std::string(65, 'x'); });
  refused([](auto& f) { f.common_name = "a\nb"; });
  refused([](auto& f) { f.serial_number = "a@b"; });
  refused([](auto& f) { f.serial_number = "a*b"; });
  refused([](auto& f) {
    f.common_name =
        "a\xe2\x80\xae"
        "b";
  });
  refused([](auto& f) { f.generation_qualifier = "IIII"; });
  refused([](auto& f) { f.custom = {{"not.an.oid", "x"}}; });
  refused([](auto& f) { f.custom = {{"1.2.3", ""}}; });
  ca::SubjectFields umlauts;
  for (int i = 0; i < 64; ++i) {
    umlauts.common_name = umlauts.common_name.value_or("") + "\xc3\xa4";
  }
  CHECK_NOTHROW(ca::encode_subject(umlauts));  // 64 characters, 128 bytes
}

TEST_CASE("name: a typed subject is read with its escapes", "[x509]") {
  const auto fields =
      ca::parse_subject_text("CN = Example\\, Root \\2B 1 , O=Example,DC=example,DC=com,C=US");
  CHECK(fields.common_name == "Example, Root + 1");
  CHECK(fields.organization == "Example");
  CHECK(fields.country == "US");
  REQUIRE(fields.custom.size() == 2);
  CHECK(fields.custom[0].value == "com");
  CHECK(fields.custom[1].value == "example");
  CHECK(ca::encode_subject(ca::parse_subject_text("2.5.4.10=Org,CN=x")).text() == "CN=x,O=Org");
  for (const char* text :
       {"", "CN", "CN=", "=x", "CN=a,", "CN=a,CN=b", "CN=a+O=b", "CN=a\\", "XX=a", "CN=a,,O=b"}) {
    INFO(text);
    CHECK_THROWS_AS(ca::parse_subject_text(text), ca::Error);
  }
}

TEST_CASE("san: names come back byte for byte", "[x509]") {
  const std::vector<ca::GeneralName> names{
      test::dns("a.example"),
      test::uri("spiffe://example.org/device/7"),
      test::email("ops@example.com"),
      test::ip({10, 0, 0, 1}),
      test::ip(ca::from_hex("20010db8000000000000000000000007")),
      {ca::GeneralName::Kind::directory, test::name_der({{"2.5.4.3", "x"}})},
      {ca::GeneralName::Kind::registered_id, ca::from_hex("2a0304")}};
  const ca::Bytes der = ca::encode_general_names(names);
  const auto read = ca::parse_general_names(der);
  CHECK(read == names);
  CHECK(ca::encode_general_names(read) == der);
  CHECK(read[0].text() == "DNS:a.example");
  CHECK(read[1].text() == "URI:spiffe://example.org/device/7");
  CHECK(read[3].text() == "IP:10.0.0.1");
  CHECK(read[4].text() == "IP:2001:db8::7");
  CHECK(read[5].text() == "DirName:CN=x");
  CHECK(read[6].text() == "RID:1.2.3.4");
}

TEST_CASE("san: bad names are refused wherever they stand", "[x509][I11][I16]") {
  const std::vector<ca::GeneralName> bad{
      test::dns(std::string_view{"a\0.example", 10}),
      test::dns(""),
      test::dns("a\n"),
      test::dns("\xc3\xa4"),
      test::uri("http://a\x7f"),
      test::email("a\tb"),
      test::ip({1, 2, 3}),
      test::ip({}),
      {ca::GeneralName::Kind::directory, test::name_der({{"2.5.4.3", "a\nb"}})},
      {ca::GeneralName::Kind::directory, test::name_der({})},
      {ca::GeneralName::Kind::directory, test::name_der({{"2.5.4.6", "US"}})},
      {ca::GeneralName::Kind::directory, test::name_der({{"2.5.4.3", "a\xe2\x80\xae"}})},
      {ca::GeneralName::Kind::directory, test::name_der({{"2.5.4.3", "a@b", tag::kPrintableString}})},
      {ca::GeneralName::Kind::other, ca::from_hex("06022a03a0050c03e280ae")},
      {ca::GeneralName::Kind::registered_id, {}},
      {ca::GeneralName::Kind::other, ca::from_hex("06022a03")},
      {ca::GeneralName::Kind::other, ca::from_hex("06022a03a0040c026100")},
      {ca::GeneralName::Kind::edi_party, ca::from_hex("0c")},
  };
  for (std::size_t k = 0; k < 5; ++k) {
    for (const auto& name : bad) {
      std::vector<ca::GeneralName> names(5, test::dns("a.example"));
      names[k] = name;
      CHECK_THROWS_AS(ca::parse_general_names(ca::encode_general_names(names)), ca::Error);
    }
  }
}

TEST_CASE("san: directory names of outside issuers are read as they are", "[x509]") {
  for (const ca::Bytes& name : {test::name_der({}), test::name_der({{"2.5.4.6", "US"}}),
                                test::name_der({{"2.5.4.3", "a@b", tag::kPrintableString}})}) {
    const std::vector<ca::GeneralName> names{{ca::GeneralName::Kind::directory, name}};
    CHECK(ca::parse_imported_general_names(ca::encode_general_names(names)) == names);
    CHECK_NOTHROW(names.front().text());
  }
  CHECK_THROWS_AS(ca::parse_imported_general_names(ca::encode_general_names(
                      {{ca::GeneralName::Kind::directory, test::name_der({{"2.5.4.3", "a\nb"}})}})),
                  ca::Error);
}

TEST_CASE("san: the number of names has a bound", "[x509][I16]") {
  std::vector<ca::GeneralName> names(ca::kMaxGeneralNames, test::dns("a.example"));
  CHECK(ca::parse_general_names(ca::encode_general_names(names)).size() == ca::kMaxGeneralNames);
  names.push_back(test::dns("b.example"));
  CHECK_THROWS_WITH(ca::parse_general_names(ca::encode_general_names(names)), Contains("more than 150"));
  CHECK_THROWS_AS(ca::parse_general_names(ca::from_hex("3000")), ca::Error);
  CHECK_THROWS_AS(ca::parse_general_names(ca::from_hex("3003890101")), ca::Error);
  CHECK_THROWS_AS(ca::parse_general_names(ca::from_hex("30038200aa")), ca::Error);
}
