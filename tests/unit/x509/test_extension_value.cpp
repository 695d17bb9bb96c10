#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/extension_value.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace {

std::string complaint(const char* id, const std::string& hex, bool critical = false) {
  return ca::extension_complaint({id, critical, ca::from_hex(hex)}).value_or("");
}

}  // namespace

TEST_CASE("extension: any value is one element of strict DER", "[x509][I16]") {
  CHECK(complaint("1.2.3", "0500").empty());
  CHECK(complaint("1.2.3", "3003020107", true).empty());
  for (const char* bad : {"", "05", "05000500", "3080", "30030201", "0481010a", "1f8100", "3003300130"}) {
    INFO(bad);
    CHECK_THAT(complaint("1.2.3", bad), Contains("extension 1.2.3 is not valid"));
  }
}

TEST_CASE("extension: those of RFC 5280 have their structure", "[x509][I11]") {
  struct Row {
    const char* id;
    bool critical;
    std::vector<const char*> good;
    std::vector<const char*> bad;
  };
  const std::vector<Row> rows{
      {ca::oid::kKeyUsage,
       true,
       {"03020780", "0303070080", "030200ff"},
       // no bit, a bit behind the ninth, not shortest, not a BIT STRING
       {"030100", "0303060040", "03020700", "03020480", "04020780"}},
      {ca::oid::kExtendedKeyUsage,
       false,
       {"300606042a030405"},
       {"3000", "3003020101", "300c06042a03040506042a030405"}},
      {ca::oid::kCertificatePolicies,
       false,
       {"300630040602"
        "2a03",
        "30193017"
        "06022a03"
        "3011"
        "300f"
        "06082b06010505070201"
        "1603"
        "613a62"},
       // empty; the same twice; empty qualifiers; a CPS pointer that is no IA5String
       {"3000", "300c300406022a03300406022a03", "3008300606022a033000",
        "3016301406022a03300e300c06082b060105050702010500"}},
      {ca::oid::kNameConstraints, true, {"300ba009300782056578616d70"}, {"3000", "3003020101"}},
      {ca::oid::kPolicyMappings,
       false,
       {"300a300806022a0306022a04"},
       {"3000", "3006300406022a03", "300c300a06022a030604551d2000"}},
      {ca::oid::kPolicyConstraints,
       true,
       {"3003800100", "3006800101810102"},
       {"3000", "30048002000a", "3003800180", "3006810102800101"}},
      {ca::oid::kInhibitAnyPolicy, true, {"020100"}, {"0500", "020180", "02020100"}},
      {ca::oid::kIssuerAltName,
       false,
       {"3008"
        "8206"
        "612e74657374"},
       {"3000", "30038a0161"}},
      {ca::oid::kSubjectInfoAccess,
       false,
       {"301030"
        "0e"
        "06082b06010505073005"
        "860261"
        "3a"},
       {"3000", "300c300a06082b06010505073005"}},
      {ca::oid::kSubjectDirectoryAttributes,
       false,
       {"300a300806022a0331020500"},
       {"3000", "3006300406022a03"}},
  };
  for (const Row& row : rows) {
    INFO(row.id);
    for (const char* good : row.good) {
      INFO(good);
      CHECK(complaint(row.id, good, row.critical) == "");
      CHECK_THAT(complaint(row.id, std::string{good} + "0500", row.critical), Contains("trailing bytes"));
    }
    for (const char* bad : row.bad) {
      INFO(bad);
      CHECK_THAT(complaint(row.id, bad, row.critical), Contains("is not valid"));
    }
  }
}

TEST_CASE("extension: criticality is what RFC 5280 demands", "[x509][I11]") {
  CHECK_THAT(complaint(ca::oid::kNameConstraints, "300ba009300782056578616d70"),
             Contains("must be critical"));
  CHECK_THAT(complaint(ca::oid::kPolicyConstraints, "3003800100"), Contains("must be critical"));
  CHECK_THAT(complaint(ca::oid::kInhibitAnyPolicy, "020100"), Contains("must be critical"));
  CHECK_THAT(complaint(ca::oid::kSubjectInfoAccess,
                       "3010300e06082b0601050507300586026"
                       "13a",
                       true),
             Contains("must not be critical"));
  CHECK_THAT(complaint(ca::oid::kSubjectDirectoryAttributes, "300a300806022a0331020500", true),
             Contains("must not be critical"));
  CHECK(complaint(ca::oid::kKeyUsage, "03020780", false).empty());
}

TEST_CASE("extension: what is encoded has no complaint and reads back", "[x509]") {
  const ca::Extension purposes{ca::oid::kExtendedKeyUsage, false,
                               ca::encode_purposes({ca::oid::kServerAuth, "2.999.1"})};
  CHECK_FALSE(ca::extension_complaint(purposes));
  CHECK(ca::purposes_of(purposes) == std::vector<ca::Oid>{ca::oid::kServerAuth, "2.999.1"});
  CHECK(ca::usage_bits_of({ca::oid::kKeyUsage, true, ca::der::named_bits(0x101)}) == 0x101);
  const auto policies =
      ca::encode_certificate_policies({{"1.2.3", {}}, {"1.2.4", {"https://example.com/cps"}}});
  CHECK_FALSE(ca::extension_complaint({ca::oid::kCertificatePolicies, false, policies}));
  CHECK_THROWS_AS(ca::encode_certificate_policies({{"1.2.3", {"not a uri"}}}), ca::Error);
  const auto access =
      ca::encode_access_descriptions({{"1.3.6.1.5.5.7.48.5", test::uri("rsync://example.com/repository/")},
                                      {"1.2.3", test::dns("a.example")}});
  CHECK_FALSE(ca::extension_complaint({ca::oid::kSubjectInfoAccess, false, access}));
}

TEST_CASE("general names: texts become the names that they say", "[x509]") {
  CHECK(ca::ip_name("10.0.0.1").value == ca::from_hex("0a000001"));
  CHECK(ca::ip_name("2001:db8::1").text() == "IP:2001:db8::1");
  CHECK(ca::registered_id_name("1.2.3").text() == "RID:1.2.3");
  CHECK(ca::other_name("1.2.3", "pump").value == ca::from_hex("06022a03"
                                                              "a006"
                                                              "0c04"
                                                              "70756d70"));
  for (const char* bad : {"", "10.0.0", "10.0.0.1/8", "::g", "010.0.0.1x"}) {
    CHECK_THROWS_AS(ca::ip_name(bad), ca::Error);
  }
  CHECK_THROWS_AS(ca::other_name("1.2.3", "a\nb"), ca::Error);
  CHECK_THROWS_AS(ca::other_name("1.2.3", ""), ca::Error);
  CHECK_THROWS_AS(ca::registered_id_name("9.9"), ca::Error);
  CHECK(
      ca::parse_general_names(ca::encode_general_names({ca::other_name("1.2.3", "pump"), ca::ip_name("::1")}))
          .size() == 2);
}
