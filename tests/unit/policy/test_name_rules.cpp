#include "ca/base/error.hpp"
#include "ca/policy/name_rules.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace {

// Names without a signature: the rules look at nothing else.
ca::CertificateRequest named(const std::vector<test::NameValue>& subject,
                             const std::vector<ca::GeneralName>& names = {}) {
  static const ca::PublicKey key = ca::PublicKey::parse(test::spki_of(test::make_pkey("P-256").get()));
  return {.der = {},
          .subject = ca::DistinguishedName::parse(test::name_der(subject)),
          .public_key = key,
          .extensions = {},
          .subject_alt_names = names};
}

void check_bounds(const ca::CertificateRequest& request) {
  ca::check_name_bounds(request.subject, request.subject_alt_names, ca::Code::malformed_csr);
}

void refused(const ca::CertificateRequest& request, const std::string& why) {
  try {
    check_bounds(request);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::malformed_csr);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

void denied(const ca::CertificateRequest& request, const ca::NameGrant& grant, const std::string& name) {
  try {
    ca::check_names_granted(request, grant);
    FAIL("granted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::name_not_permitted);
    CHECK_THAT(std::string{error.what()}, Contains(name));
  }
}

const ca::NameGrant kGrant{.common_names = {"device-7"},
                           .dns_names = {"device-7.example.com", "*.devices.example.com"},
                           .uris = {"spiffe://example.org/device/7", "spiffe://example.org/device/7/*"},
                           .ip_addresses = {"10.0.0.*", "2001:db8::7"},
                           .emails = {"*@example.com"}};

}  // namespace

TEST_CASE("names: a request without any name is refused", "[policy]") {
  refused(named({}), "must have a subject or a SAN");
  CHECK_NOTHROW(check_bounds(named({}, {test::dns("a.example")})));
  CHECK_NOTHROW(check_bounds(named({{"2.5.4.3", "x"}})));
}

TEST_CASE("names: bounds of the subject hold for every attribute", "[policy][I16]") {
  CHECK_NOTHROW(check_bounds(named({{"2.5.4.3", std::string(64, 'x')}})));
  refused(named({{"2.5.4.3", std::string(65, 'x')}}), "64 characters");
  refused(named({{"2.5.4.10", "ok"}, {"2.5.4.3", "ok"}, {"2.5.4.3", std::string(65, 'x')}}), "64 characters");
  refused(named({{"2.5.4.10", std::string(257, 'x')}}), "256 characters");
  refused(named({{"2.5.4.3", "x"}},
                {{ca::GeneralName::Kind::directory, test::name_der({{"2.5.4.3", std::string(65, 'x')}})}}),
          "64 characters");
}

TEST_CASE("names: the number and the kinds of SAN names are bounded", "[policy][I16]") {
  refused(named({}, std::vector<ca::GeneralName>(151, test::dns("a.example"))), "more than 150");
  refused(named({}, {{ca::GeneralName::Kind::edi_party, {}}}), "not supported");
  refused(named({}, {{ca::GeneralName::Kind::x400, {}}}), "not supported");
}

TEST_CASE("grants: names of each kind are matched against patterns of that kind only", "[policy][I11]") {
  CHECK_NOTHROW(ca::check_names_granted(
      named({{"2.5.4.3", "device-7"}},
            {test::dns("Device-7.EXAMPLE.com"), test::dns("x.devices.example.com"),
             test::uri("spiffe://example.org/device/7"), test::uri("spiffe://example.org/device/7/tls"),
             test::ip({10, 0, 0, 99}), test::ip({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}),
             test::email("ops@EXAMPLE.com")}),
      kGrant));
  denied(named({{"2.5.4.3", "device-8"}}), kGrant, "CN=device-8");
  denied(named({{"2.5.4.3", "Device-7"}}), kGrant, "CN=Device-7");
  denied(named({{"2.5.4.3", "device-7.example.com"}}), kGrant, "CN=");  // a DNS pattern is no pattern for CN
  denied(named({}, {test::dns("device-7")}), kGrant, "DNS:device-7");
  denied(named({}, {test::uri("spiffe://example.org/device/70")}), kGrant, "device/70");
  denied(named({}, {test::uri("spiffe://EXAMPLE.org/device/7")}), kGrant, "EXAMPLE");
  denied(named({}, {test::ip({10, 0, 1, 0})}), kGrant, "IP:10.0.1.0");
  denied(named({}, {test::email("ops@example.com.evil.test")}), kGrant, "evil");
  denied(named({}, {{ca::GeneralName::Kind::directory, test::name_der({{"2.5.4.3", "device-7"}})}}), kGrant,
         "DirName");
  denied(named({}, {{ca::GeneralName::Kind::registered_id, {0x2A, 3}}}), kGrant, "RID");
  denied(named({}, {{ca::GeneralName::Kind::other, {}}}), kGrant, "otherName");
}

TEST_CASE("grants: nothing is granted by default", "[policy][I11]") {
  denied(named({{"2.5.4.3", "device-7"}}), {}, "CN=device-7");
  denied(named({}, {test::dns("a.example")}), {}, "DNS:a.example");
  denied(named({}, {test::ip({10, 0, 0, 1})}), {}, "IP:10.0.0.1");
}

TEST_CASE("grants: subject attributes other than CN are refused", "[policy][I11]") {
  denied(named({{"2.5.4.3", "device-7"}, {"2.5.4.10", "Example"}}), kGrant, "2.5.4.10");
  denied(named({{"2.5.4.5", "17", ca::der::tag::kPrintableString}, {"2.5.4.3", "device-7"}}), kGrant,
         "2.5.4.5");
}

TEST_CASE("grants: a wildcard name is never granted by a wildcard pattern", "[policy][I11]") {
  denied(named({}, {test::dns("*.devices.example.com")}), kGrant, "*.devices");
  denied(named({{"2.5.4.3", "*"}}), {.common_names = {"*"}}, "CN=*");
}

TEST_CASE("grants: a wildcard does not reach beyond its path or domain", "[policy][I11]") {
  for (const char* uri : {"spiffe://example.org/device/7/../8", "spiffe://example.org/device/7/..",
                          "spiffe://example.org/device/7/.", "spiffe://example.org/device/7/%2e%2e/8",
                          "spiffe://example.org/device/7/%2E./8", "spiffe://example.org/device/7/x?y",
                          "spiffe://example.org/device/7/x#y", "spiffe://example.org/device/7/",
                          "spiffe://example.org/device/7//x"}) {
    denied(named({}, {test::uri(uri)}), kGrant, uri);
  }
  const ca::NameGrant hosts{.uris = {"https://*.example.com/*"}, .emails = {"*@example.com"}};
  CHECK_NOTHROW(ca::check_names_granted(named({}, {test::uri("https://a.example.com/x")}), hosts));
  for (const char* uri :
       {"https://evil.test/.example.com/x", "https://evil.test?.example.com/x",
        "https://evil.test#.example.com/x", "https://user@a.example.com/x", "https://a.example.com"}) {
    denied(named({}, {test::uri(uri)}), hosts, uri);
  }
  denied(named({}, {test::uri("https://evil.test/.example.com")}), {.uris = {"https://*.example.com"}},
         "evil");
  CHECK_NOTHROW(ca::check_names_granted(named({}, {test::uri("urn:device:7")}), {.uris = {"urn:device:*"}}));
  denied(named({}, {test::email("a@evil.test@example.com")}), hosts, "evil.test");
  denied(named({}, {test::dns("x..devices.example.com")}), kGrant, "x..devices");
}

TEST_CASE("grants: one bad name is found at every place among good ones", "[policy][I11]") {
  constexpr std::size_t kNames = 20;
  for (std::size_t k = 0; k < kNames; ++k) {
    std::vector<ca::GeneralName> names(kNames, test::dns("device-7.example.com"));
    CHECK_NOTHROW(ca::check_names_granted(named({}, names), kGrant));
    names[k] = test::dns("other.example.com");
    denied(named({}, names), kGrant, "DNS:other.example.com");
    std::vector<test::NameValue> subject(kNames, {"2.5.4.3", "device-7"});
    subject[k].value = "device-8";
    denied(named(subject), kGrant, "CN=device-8");
  }
}
