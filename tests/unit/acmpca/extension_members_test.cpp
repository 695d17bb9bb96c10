#include "daemon/acmpca/extension_members.hpp"

#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/extension_value.hpp"
#include "daemon/acmpca/operation_shapes.hpp"
#include "daemon/acmpca/shapes.hpp"
#include "tests/support/catch.hpp"

using nlohmann::json;

namespace {

// As the dispatcher gives it: behind the shapes.
ca::ApiPassthrough read(const json& member) {
  const json input{
      {"CertificateAuthorityArn", "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/x"},
      {"Csr", "eA=="},
      {"SigningAlgorithm", "SHA256WITHECDSA"},
      {"Validity", {{"Value", 1}, {"Type", "DAYS"}}},
      {"ApiPassthrough", member}};
  return acmpca::api_passthrough(acmpca::checked(acmpca::shape::kIssueCertificate, input));
}

std::vector<ca::Extension> extensions(const json& members) {
  return read({{"Extensions", members}}).extensions;
}

std::string names(const json& list) {
  std::string text;
  for (const auto& name :
       ca::parse_general_names(extensions({{"SubjectAlternativeNames", list}}).at(0).value)) {
    text += name.text() + " ";
  }
  return text;
}

template <typename Call>
void refused(const Call& call, const std::string& why) {
  try {
    (void)call();
    FAIL("accepted: " << why);
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::invalid_args);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

}  // namespace

TEST_CASE("ApiPassthrough: every attribute of a subject is encoded in the order of the model", "[acmpca]") {
  const auto api = read({{"Subject",
                          {{"Country", "US"},
                           {"Organization", "O"},
                           {"OrganizationalUnit", "OU"},
                           {"DistinguishedNameQualifier", "q"},
                           {"State", "ST"},
                           {"CommonName", "cn"},
                           {"SerialNumber", "7"},
                           {"Locality", "L"},
                           {"Title", "T"},
                           {"Surname", "SN"},
                           {"GivenName", "GN"},
                           {"Initials", "I"},
                           {"Pseudonym", "P"},
                           {"GenerationQualifier", "III"}}}});
  std::string order;
  for (const auto& attribute : api.subject->attributes()) {
    order += attribute.type.substr(6) + "=" + attribute.utf8() + " ";
  }
  CHECK(order == "6=US 10=O 11=OU 46=q 8=ST 3=cn 5=7 7=L 12=T 4=SN 42=GN 43=I 65=P 44=III ");
  CHECK(api.extensions.empty());
}

TEST_CASE("ApiPassthrough: custom attributes stand alone and a subject without any is none", "[acmpca]") {
  const json custom = json::array({{{"ObjectIdentifier", "2.5.4.3"}, {"Value", "cn"}},
                                   {{"ObjectIdentifier", "1.3.6.1.4.1.37244.2.1"}, {"Value", "FFF1"}}});
  CHECK(read({{"Subject", {{"CustomAttributes", custom}}}}).subject->attributes().size() == 2);
  refused(
      [&] {
        return read({{"Subject", {{"CustomAttributes", custom}, {"Country", "US"}}}});
      },
      "CustomAttributes cannot be combined");
  CHECK_FALSE(read({{"Subject", json::object()}}).subject);
  CHECK_FALSE(read({{"Subject", {{"CommonName", ""}}}}).subject);
  CHECK_FALSE(read(json::object()).subject);
}

TEST_CASE("ApiPassthrough: every form of a SAN is read but those that nobody compares", "[acmpca][I11]") {
  CHECK(names(json::array({{{"DnsName", "a.example"}},
                           {{"Rfc822Name", "a@a.example"}},
                           {{"UniformResourceIdentifier", "spiffe://a.example/x"}},
                           {{"IpAddress", "10.0.0.1"}},
                           {{"IpAddress", "2001:db8::1"}},
                           {{"RegisteredId", "1.2.3"}},
                           {{"DirectoryName", {{"CommonName", "x"}}}}})) ==
        "DNS:a.example email:a@a.example URI:spiffe://a.example/x IP:10.0.0.1 IP:2001:db8::1 RID:1.2.3 "
        "DirName:CN=x ");
  // OtherName { 1.3.6.1.4.1.311.20.2.3, [0] UTF8String }
  CHECK(names(json::array({{{"OtherName", {{"TypeId", "1.3.6.1.4.1.311.20.2.3"}, {"Value", "u@x"}}}}})) ==
        "otherName:#060a2b060104018237140203a0050c03754078 ");
  const auto refused_name = [](const json& name, const std::string& why) {
    refused([&] { return names(json::array({name})); }, why);
  };
  refused_name({{"EdiPartyName", {{"PartyName", "x"}}}}, "EdiPartyName is not supported");
  refused_name(json::object(), "exactly one member");
  refused_name({{"DnsName", "a.example"}, {"IpAddress", "10.0.0.1"}}, "exactly one member");
  refused_name({{"IpAddress", "10.0.0"}}, "not an IP address");
  refused_name({{"DnsName", "a_b.example"}}, "a_b.example");
  refused_name({{"DnsName", "z\u00fcrich.example"}}, "");
  refused_name({{"DnsName", ""}}, "");
  refused_name({{"Rfc822Name", "a"}}, "");
  refused_name({{"RegisteredId", "1.2.03"}}, "object identifier");
  refused_name({{"DirectoryName",
                 {{"Country", "US"},
                  {"CustomAttributes", json::array({{{"ObjectIdentifier", "1.2.3"}, {"Value", "x"}}})}}}},
               "CustomAttributes cannot be combined");
}

TEST_CASE("ApiPassthrough: typed extensions have the criticality that we documented", "[acmpca][I11]") {
  const auto read_back = extensions(
      {{"CertificatePolicies",
        json::array(
            {{{"CertPolicyId", "1.2.3"}},
             {{"CertPolicyId", "1.2.4"},
              {"PolicyQualifiers", json::array({{{"PolicyQualifierId", "CPS"},
                                                 {"Qualifier", {{"CpsUri", "https://a.example/"}}}}})}}})},
       {"ExtendedKeyUsage", json::array({{{"ExtendedKeyUsageType", "CODE_SIGNING"}},
                                         {{"ExtendedKeyUsageObjectIdentifier", "1.2.5"}}})},
       {"KeyUsage", {{"DigitalSignature", true}, {"DecipherOnly", true}, {"KeyCertSign", false}}},
       {"CustomExtensions",
        json::array({{{"ObjectIdentifier", "1.2.6"}, {"Value", "BQA="}, {"Critical", true}},
                     {{"ObjectIdentifier", "1.2.7"}, {"Value", "BQA="}}})}});
  REQUIRE(read_back.size() == 5);
  CHECK(ca::to_hex(read_back[0].value) ==
        "302e300406022a03302606022a043020301e06082b060105050702011612"
        "68747470733a2f2f612e6578616d706c652f");
  CHECK(ca::purposes_of(read_back[1]) == std::vector<ca::Oid>{ca::oid::kCodeSigning, "1.2.5"});
  CHECK(read_back[2] == ca::Extension{ca::oid::kKeyUsage, true, ca::from_hex("0303078080")});
  CHECK(read_back[3] == ca::Extension{"1.2.6", true, {5, 0}});
  CHECK(read_back[4] == ca::Extension{"1.2.7", false, {5, 0}});
  CHECK_FALSE(read_back[0].critical);
  CHECK_FALSE(read_back[1].critical);
}

TEST_CASE("ApiPassthrough: each name of an extended key usage is its identifier", "[acmpca]") {
  const std::vector<std::pair<const char*, const char*>> rows{
      {"SERVER_AUTH", "1.3.6.1.5.5.7.3.1"},
      {"CLIENT_AUTH", "1.3.6.1.5.5.7.3.2"},
      {"CODE_SIGNING", "1.3.6.1.5.5.7.3.3"},
      {"EMAIL_PROTECTION", "1.3.6.1.5.5.7.3.4"},
      {"TIME_STAMPING", "1.3.6.1.5.5.7.3.8"},
      {"OCSP_SIGNING", "1.3.6.1.5.5.7.3.9"},
      {"SMART_CARD_LOGIN", "1.3.6.1.4.1.311.20.2.2"},
      {"DOCUMENT_SIGNING", "1.3.6.1.4.1.311.10.3.12"},
      {"CERTIFICATE_TRANSPARENCY", "1.3.6.1.4.1.11129.2.4.4"}};
  for (const auto& [name, id] : rows) {
    CHECK(ca::purposes_of(
              extensions({{"ExtendedKeyUsage", json::array({{{"ExtendedKeyUsageType", name}}})}}).at(0)) ==
          std::vector<ca::Oid>{id});
  }
}

TEST_CASE("ApiPassthrough: one of two members and no extension twice", "[acmpca][I11]") {
  const json both{{"ExtendedKeyUsageType", "CLIENT_AUTH"}, {"ExtendedKeyUsageObjectIdentifier", "1.2.3"}};
  refused([&] { return extensions({{"ExtendedKeyUsage", json::array({both})}}); }, "exactly one of");
  refused([] { return extensions({{"ExtendedKeyUsage", json::array({json::object()})}}); }, "exactly one of");
  const json any{{"ObjectIdentifier", "1.2.6"}, {"Value", "BQA="}};
  refused(
      [&] {
        return extensions({{"CustomExtensions", json::array({any, any})}});
      },
      "1.2.6 is given twice");
  const json usage{{"ObjectIdentifier", ca::oid::kKeyUsage}, {"Value", "AwIHgA=="}};
  refused(
      [&] {
        return extensions(
            {{"KeyUsage", {{"DigitalSignature", true}}}, {"CustomExtensions", json::array({usage})}});
      },
      "2.5.29.15 is given twice");
  // The same identifier in another spelling is none.
  refused(
      [] {
        return extensions({{"CustomExtensions",
                            json::array({{{"ObjectIdentifier", "2.5.29.015"}, {"Value", "AwIHgA=="}}})}});
      },
      "object identifier");
  refused(
      [] {
        return extensions({{"CertificatePolicies",
                            json::array({{{"CertPolicyId", "1.2.3"},
                                          {"PolicyQualifiers",
                                           json::array({{{"PolicyQualifierId", "CPS"},
                                                         {"Qualifier", {{"CpsUri", "no uri"}}}}})}}})}});
      },
      "CpsUri");
}

TEST_CASE("CsrExtensions: key usage and access descriptions are what the CSR asks for", "[acmpca]") {
  const auto read_csr = [](const json& member) {
    return acmpca::csr_extensions({{"CsrExtensions", member}});
  };
  const auto asked =
      read_csr({{"KeyUsage", {{"KeyCertSign", true}, {"CRLSign", true}}},
                {"SubjectInformationAccess",
                 json::array({{{"AccessMethod", {{"AccessMethodType", "CA_REPOSITORY"}}},
                               {"AccessLocation", {{"UniformResourceIdentifier", "rsync://a.example/"}}}},
                              {{"AccessMethod", {{"CustomObjectIdentifier", "1.2.3"}}},
                               {"AccessLocation", {{"DnsName", "a.example"}}}}})}});
  REQUIRE(asked.size() == 2);
  CHECK(asked[0] == ca::Extension{ca::oid::kKeyUsage, true, ca::from_hex("03020106")});
  CHECK(ca::to_hex(asked[1].value) ==
        "3031301e06082b0601050507300586127273796e633a2f2f612e6578616d706c"
        "652f300f06022a038209612e6578616d706c65");
  CHECK_FALSE(ca::extension_complaint(asked[1]));
  CHECK_FALSE(asked[1].critical);
  CHECK(read_csr(json::object()).empty());
  CHECK(acmpca::csr_extensions(json::object()).empty());
  const json location{{"DnsName", "a.example"}};
  for (const json& method :
       {json::object(), json{{"AccessMethodType", "CA_REPOSITORY"}, {"CustomObjectIdentifier", "1.2.3"}}}) {
    refused(
        [&] {
          return read_csr({{"SubjectInformationAccess",
                            json::array({{{"AccessMethod", method}, {"AccessLocation", location}}})}});
        },
        "exactly one of");
  }
}
