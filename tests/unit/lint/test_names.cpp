#include "ca/base/error.hpp"
#include "ca/lint/name_constraints.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/lint/fixture.hpp"

using test::LintCase;

namespace {

using Names = std::vector<ca::GeneralName>;

ca::Bytes subtrees(unsigned number, const Names& bases) {
  ca::Bytes contents;
  for (const auto& base : bases) {
    // The element of a base is that of a GeneralName: encode one name and drop the SEQUENCE around it.
    const ca::Bytes row = ca::encode_general_names({base});
    const ca::Bytes subtree = ca::der::element(0x30, ca::ByteView{row}.subspan(row.size() > 129 ? 3 : 2));
    contents.insert(contents.end(), subtree.begin(), subtree.end());
  }
  return bases.empty() ? ca::Bytes{} : ca::der::element(ca::der::tag::context_constructed(number), contents);
}

ca::Extension constraints(const Names& permitted, const Names& excluded) {
  return {ca::oid::kNameConstraints, true,
          ca::der::element(0x30, {subtrees(0, permitted), subtrees(1, excluded)})};
}

ca::GeneralName directory(const std::vector<test::NameValue>& values) {
  return {ca::GeneralName::Kind::directory, test::name_der(values)};
}

// A device certificate below an issuer with constraints. The subject is out of the way unless a test is about
// it.
std::string complaint(const std::vector<ca::Extension>& issuer, const Names& names,
                      const std::vector<test::NameValue>& subject = {}) {
  LintCase sample;
  sample.issuer.extensions = issuer;
  sample.tbs.subject = ca::DistinguishedName::parse(test::name_der(subject));
  sample.add_names(names);
  sample.extension(ca::oid::kSubjectAltName).critical = subject.empty();
  try {
    (void)sample.lint();
    return {};
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::name_not_permitted);
    return error.what();
  }
}

bool allowed(const ca::Extension& issuer, const ca::GeneralName& name) {
  return complaint({issuer}, {name}).empty();
}

}  // namespace

TEST_CASE("names: one bad name is found at every place among good ones", "[lint][I11]") {
  constexpr std::size_t kNames = 12;
  for (std::size_t k = 0; k < kNames; ++k) {
    Names names(kNames, test::dns("a.example"));
    CHECK(complaint({}, names).empty());
    names[k] = test::dns("a_b.example");
    CHECK_THAT(complaint({}, names), Contains("DNS:a_b.example"));
    names[k] = test::uri("https://user@a.example/");
    CHECK_THAT(complaint({}, names), Contains("user information"));
    names[k] = test::email("a b@c");
    CHECK_THAT(complaint({}, names), Contains("local part"));
    names[k] = {ca::GeneralName::Kind::edi_party, ca::from_hex("a1040c026161")};
    CHECK_THAT(complaint({}, names), Contains("not supported"));
  }
}

TEST_CASE("name constraints: DNS names must lie in a permitted domain", "[lint][I11]") {
  const auto permitted = constraints({test::dns("example.com"), test::dns(".only-below.test")}, {});
  CHECK(allowed(permitted, test::dns("example.com")));
  CHECK(allowed(permitted, test::dns("A.b.EXAMPLE.com")));
  CHECK(allowed(permitted, test::dns("*.example.com")));
  CHECK(allowed(permitted, test::dns("x.only-below.test")));
  CHECK_FALSE(allowed(permitted, test::dns("only-below.test")));
  CHECK_FALSE(allowed(permitted, test::dns("badexample.com")));
  CHECK_FALSE(allowed(permitted, test::dns("example.com.evil.test")));
  CHECK_FALSE(allowed(permitted, test::dns("*.com")));
  // A constraint speaks about its own form only.
  CHECK(allowed(permitted, test::ip({10, 0, 0, 1})));
  CHECK(allowed(constraints({test::dns("")}, {}), test::dns("anything.test")));
}

TEST_CASE("name constraints: excluded wins over permitted and a wildcard does not slip through",
          "[lint][I11]") {
  const auto both = constraints({test::dns("example.com")}, {test::dns("secret.example.com")});
  CHECK(allowed(both, test::dns("open.example.com")));
  CHECK_FALSE(allowed(both, test::dns("secret.example.com")));
  CHECK_FALSE(allowed(both, test::dns("a.SECRET.example.com")));
  CHECK_FALSE(allowed(both, test::dns("*.secret.example.com")));
  CHECK_FALSE(allowed(both, test::dns("*.example.com")));  // would stand for secret.example.com
  CHECK(allowed(both, test::dns("*.open.example.com")));
}

TEST_CASE("name constraints: e-mail by mailbox and host and domain", "[lint][I11]") {
  const auto c =
      constraints({test::email("root@a.test"), test::email("host.test"), test::email(".domain.test")}, {});
  CHECK(allowed(c, test::email("root@A.test")));
  CHECK_FALSE(allowed(c, test::email("Root@a.test")));
  CHECK_FALSE(allowed(c, test::email("x@a.test")));
  CHECK(allowed(c, test::email("x@host.test")));
  CHECK_FALSE(allowed(c, test::email("x@sub.host.test")));
  CHECK(allowed(c, test::email("x@sub.domain.test")));
  CHECK_FALSE(allowed(c, test::email("x@domain.test")));
  // In the subject too (RFC 5280, 4.2.1.10).
  CHECK_FALSE(complaint({c}, {test::dns("a.test")},
                        {{"1.2.840.113549.1.9.1", "x@evil.test", ca::der::tag::kIa5String}})
                  .empty());
}

TEST_CASE("name constraints: an e-mail address of the subject is one, or is refused", "[lint][I11]") {
  const auto excluded = constraints({}, {test::email("evil.test"), test::email(".evil.test")});
  const auto subject = [&](const std::string& mailbox, const std::vector<ca::Extension>& issuer) {
    return complaint(issuer, {test::dns("a.test")},
                     {{"1.2.840.113549.1.9.1", mailbox, ca::der::tag::kIa5String}});
  };
  CHECK(subject("x@good.test", {excluded}).empty());
  CHECK_THAT(subject("x@EVIL.test", {excluded}), Contains("exclude it"));
  for (const char* mailbox : {"x@evil.test.", "x@evil.test ", " x@evil.test", "evil.test", "x@",
                              "x@evil..test", "x@a@good.test", "<x@evil.test>", "x@evil.test,y@good.test"}) {
    INFO(mailbox);
    CHECK_THAT(subject(mailbox, {excluded}), Contains(mailbox));
    CHECK_FALSE(subject(mailbox, {}).empty());
  }
}

TEST_CASE("name constraints: URIs by host, never by address or without a host", "[lint][I11]") {
  const auto c = constraints({test::uri("host.test"), test::uri(".domain.test")}, {});
  CHECK(allowed(c, test::uri("https://HOST.test:8443/x")));
  CHECK_FALSE(allowed(c, test::uri("https://sub.host.test/")));
  CHECK(allowed(c, test::uri("spiffe://a.domain.test/x")));
  CHECK_FALSE(allowed(c, test::uri("spiffe://domain.test/x")));
  CHECK_FALSE(allowed(c, test::uri("urn:host.test")));
  CHECK_FALSE(allowed(c, test::uri("https://10.0.0.1/")));
  CHECK_FALSE(allowed(c, test::uri("https://[2001:db8::1]/")));
  const auto excluded = constraints({}, {test::uri("evil.test")});
  CHECK_FALSE(allowed(excluded, test::uri("https://evil.test/")));
  CHECK_FALSE(allowed(excluded, test::uri("urn:x")));
  CHECK(allowed(excluded, test::uri("https://good.test/")));
}

TEST_CASE("name constraints: addresses by net and mask", "[lint][I11]") {
  const auto c =
      constraints({test::ip({10, 0, 0, 0, 255, 0, 0, 0})}, {test::ip({10, 9, 0, 0, 255, 255, 0, 0})});
  CHECK(allowed(c, test::ip({10, 1, 2, 3})));
  CHECK_FALSE(allowed(c, test::ip({11, 1, 2, 3})));
  CHECK_FALSE(allowed(c, test::ip({10, 9, 2, 3})));
  CHECK_FALSE(allowed(c, test::ip(ca::Bytes(16, 1))));
  CHECK_FALSE(allowed(constraints({}, {test::ip(ca::Bytes(32, 0))}), test::ip(ca::Bytes(16, 1))));
  const auto odd = constraints(
      {test::ip({10, 0, 0, 0, 255, 0xFE, 0, 0}), test::ip({11, 1, 1, 1, 255, 255, 255, 255})}, {});
  CHECK(allowed(odd, test::ip({10, 1, 2, 3})));
  CHECK_FALSE(allowed(odd, test::ip({10, 2, 2, 3})));
  CHECK(allowed(odd, test::ip({11, 1, 1, 1})));
  CHECK_FALSE(allowed(odd, test::ip({11, 1, 1, 2})));
  CHECK(allowed(constraints({}, {test::ip(ca::Bytes(32, 0))}), test::ip({10, 0, 0, 1})));
}

TEST_CASE("name constraints: subjects by leading parts of their name", "[lint][I11]") {
  const test::NameValue us{"2.5.4.6", "US", ca::der::tag::kPrintableString};
  const auto c = constraints({directory({us, {"2.5.4.10", "Example"}})}, {});
  const auto subject = [&](const std::vector<test::NameValue>& values) {
    return complaint({c}, {test::dns("a.test")}, values).empty();
  };
  CHECK(subject({us, {"2.5.4.10", " example "}, {"2.5.4.3", "x"}}));
  CHECK_FALSE(subject({us, {"2.5.4.10", "Example2"}, {"2.5.4.3", "x"}}));
  CHECK_FALSE(subject({{"2.5.4.10", "Example"}, us}));
  CHECK_FALSE(subject({us}));
  CHECK_FALSE(allowed(c, directory({{"2.5.4.3", "x"}})));
  const auto excluded = constraints({}, {directory({{"2.5.4.10", "EXAMPLE"}})});
  CHECK_FALSE(allowed(excluded, directory({{"2.5.4.10", "example"}, {"2.5.4.3", "x"}})));
}

TEST_CASE("name constraints: a common name that looks like a DNS name counts when there is no DNS SAN",
          "[lint][I11]") {
  const auto c = constraints({test::dns("example.com")}, {});
  CHECK_FALSE(complaint({c}, {test::ip({10, 0, 0, 1})}, {{"2.5.4.3", "evil.test"}}).empty());
  CHECK(complaint({c}, {test::ip({10, 0, 0, 1})}, {{"2.5.4.3", "a.example.com"}}).empty());
  CHECK(complaint({c}, {test::ip({10, 0, 0, 1})}, {{"2.5.4.3", "device-7"}}).empty());
  CHECK(complaint({c}, {test::dns("a.example.com")}, {{"2.5.4.3", "evil.test"}}).empty());
}

TEST_CASE("name constraints: a common name that some verifier takes for a host counts too", "[lint][I11]") {
  const auto dns = constraints({test::dns("example.com")}, {test::dns("secret.example.com")});
  const auto net = constraints({test::ip({10, 0, 0, 0, 255, 0, 0, 0})}, {});
  const auto named = [&](const ca::Extension& issuer, const std::string& common_name) {
    return complaint({issuer}, {test::uri("urn:x")}, {{"2.5.4.3", common_name}}).empty();
  };
  for (const char* name : {"evil_host.test", "_evil.test", "evil.test.", "evil.test..", " evil.test ",
                           "-evil.test", "evil-.test", "*.evil.test", "a.*.evil.test", "evil..test",
                           ".evil.test", "secret.example.com.", "x_y.secret.example.com", "*.example.com"}) {
    INFO(name);
    CHECK_FALSE(named(dns, name));
  }
  for (const char* name :
       {"a_b.example.com", "open.example.com.", "device 7.3", "Example Inc., Berlin", "device_7"}) {
    INFO(name);
    CHECK(named(dns, name));
  }
  CHECK_FALSE(named(net, "11.0.0.1"));
  CHECK_FALSE(named(net, "2001:db8::1"));
  CHECK_FALSE(named(dns, "10.0.0.1"));
  CHECK(named(net, "10.0.0.1"));
  CHECK(named(net, "device-7"));
}

TEST_CASE("name constraints: an otherName that may hold a mailbox or a domain is refused beside them",
          "[lint][I11]") {
  // OtherName { type-id, [0] UTF8String }
  const auto other = [](const char* type, std::string_view text) {
    const ca::Bytes value = ca::der::element(ca::der::tag::context_constructed(0),
                                             ca::der::element(ca::der::tag::kUtf8String, ca::bytes_of(text)));
    ca::Bytes name = ca::der::oid(type);
    name.insert(name.end(), value.begin(), value.end());
    return ca::GeneralName{ca::GeneralName::Kind::other, name};
  };
  const auto email = constraints({test::email("good.test")}, {});
  const auto dns = constraints({}, {test::dns("evil.test")});
  const auto net = constraints({test::ip({10, 0, 0, 0, 255, 0, 0, 0})}, {});
  for (const char* type : {"1.3.6.1.5.5.7.8.9", "1.3.6.1.4.1.311.20.2.3", "1.3.6.1.5.5.7.8.7", "1.2.3.4"}) {
    INFO(type);
    CHECK_FALSE(allowed(email, other(type, "x@evil.test")));
    CHECK_FALSE(allowed(dns, other(type, "x@evil.test")));
    CHECK(allowed(net, other(type, "x@evil.test")));
    CHECK(complaint({}, {other(type, "x@evil.test")}).empty());
  }
  // permanentIdentifier and hardwareModuleName say nothing about domains: device identities keep them.
  for (const char* type : {"1.3.6.1.5.5.7.8.3", "1.3.6.1.5.5.7.8.4"}) {
    CHECK(allowed(email, other(type, "SN-7")));
    CHECK(allowed(dns, other(type, "SN-7")));
  }
}

TEST_CASE("name constraints: a directory name that nobody can compare is refused on either side",
          "[lint][I11]") {
  const auto org = [](const std::string& text) { return directory({{"2.5.4.10", text}}); };
  const std::string small = "M\xc3\xbcller";
  const std::string capital = "M\xc3\x9cLLER";
  CHECK(allowed(constraints({org(small)}, {}), org("m\xc3\xbcLLER")));
  CHECK_FALSE(allowed(constraints({org(small)}, {}), org(capital)));
  CHECK_FALSE(allowed(constraints({}, {org(small)}), org(capital)));
  CHECK_FALSE(allowed(constraints({}, {org(small)}), org(small)));
  CHECK_FALSE(allowed(constraints({}, {org("kelvin")}), org("\xe2\x84\xaa"
                                                            "elvin")));
  CHECK(allowed(constraints({}, {org("kelvin")}), org("celsius")));
  CHECK(allowed(constraints({}, {directory({{"2.5.4.11", small}})}), org(capital)));
}

TEST_CASE("name constraints: those of every authority above hold together", "[lint][I11]") {
  const std::vector<ca::Extension> chain{constraints({test::dns("a.test"), test::dns("b.test")}, {}),
                                         constraints({test::dns("b.test"), test::dns("c.test")}, {})};
  CHECK(complaint(chain, {test::dns("b.test")}).empty());
  CHECK_FALSE(complaint(chain, {test::dns("a.test")}).empty());
  CHECK_FALSE(complaint(chain, {test::dns("c.test")}).empty());
}

TEST_CASE("name constraints: what is not understood permits nothing", "[lint][I11]") {
  const auto refuses = [](const ca::Bytes& value) {
    CHECK_THAT(complaint({{ca::oid::kNameConstraints, true, value}}, {test::dns("a.test")}),
               Contains("cannot be evaluated"));
  };
  refuses(constraints({{ca::GeneralName::Kind::registered_id, {0x2A, 3}}}, {}).value);
  refuses(constraints({}, {{ca::GeneralName::Kind::other, ca::from_hex("06022a03a0020500")}}).value);
  refuses(constraints({test::ip({10, 0, 0, 0})}, {}).value);
  refuses(constraints({test::dns("*.a.test")}, {}).value);
  refuses(constraints({test::uri("https://a.test/")}, {}).value);
  refuses({});
  refuses(ca::from_hex("3001"));
  refuses(ca::from_hex("30020500"));
  // RFC 5280, 4.2.1.10: neither the extension nor a list in it may be empty.
  refuses(ca::from_hex("3000"));
  refuses(ca::from_hex("3002a000"));
  refuses(ca::from_hex("3002a100"));
  for (const bool excluded : {false, true}) {
    const auto refuses_base = [&](const ca::GeneralName& base) {
      INFO(base.text());
      refuses((excluded ? constraints({}, {base}) : constraints({base}, {})).value);
    };
    for (const char* mailbox : {"@evil.test", "root@", "root@.evil.test", "@", "a@b@evil.test",
                                "a b@evil.test", ".", "evil.test.", "*.evil.test", "..evil.test"}) {
      refuses_base(test::email(mailbox));
    }
    for (const char* host : {".", "evil.test.", "..evil.test", "evil.test:443", "a@evil.test", "evil test"}) {
      refuses_base(test::dns(host));
      refuses_base(test::uri(host));
    }
    // A mask is a run of ones, then zeros.
    refuses_base(test::ip({10, 0, 0, 0, 255, 0, 255, 0}));
    refuses_base(test::ip({10, 0, 0, 0, 0, 0, 0, 255}));
    refuses_base(test::ip({10, 0, 0, 0, 253, 0, 0, 0}));
    refuses_base(test::ip(ca::from_hex("20010db8000000000000000000000000ffff00ff000000000000000000000000")));
  }
  // minimum 1
  refuses(ca::der::element(
      0x30, ca::der::element(0xA0, ca::der::element(0x30, ca::from_hex("8206612e74657374800101")))));
}
