#include "ca/x509/name_syntax.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("names: DNS names are labels of letters and digits and hyphens", "[x509]") {
  for (const char* name : {"a", "a.example", "A-1.example", "xn--mnchen-3ya.example", "*.example.com",
                           "1.2.3.4.example", "localhost"}) {
    INFO(name);
    CHECK_FALSE(ca::dns_complaint(name));
  }
  CHECK_FALSE(ca::dns_complaint(std::string(63, 'a') + ".example"));
  for (const std::string& name : {std::string{},
                                  std::string{"."},
                                  std::string{"a."},
                                  std::string{".a"},
                                  std::string{"a..b"},
                                  std::string{"*"},
                                  std::string{"*."},
                                  std::string{"**.example"},
                                  std::string{"a*.example"},
                                  std::string{"a.*.example"},
                                  std::string{"*.*.example"},
                                  std::string{"-a.example"},
                                  std::string{"a-.example"},
                                  std::string{"a_b.example"},
                                  std::string{"a b.example"},
                                  std::string{"a/b"},
                                  std::string{"a:443"},
                                  std::string{"a@b"},
                                  std::string{"a%b"},
                                  std::string(64, 'a') + ".example",
                                  std::string(250, 'a'),
                                  std::string{"\xc3\xa4.example"},
                                  std::string{"a\0.example", 10}}) {
    INFO(name);
    CHECK(ca::dns_complaint(name));
  }
  std::string longest;
  while (longest.size() < 252) {
    longest += "a.";
  }
  CHECK_FALSE(ca::dns_complaint(longest + "b"));
  CHECK(ca::dns_complaint(longest + "bb"));
}

TEST_CASE("names: a label that begins with xn-- is Punycode", "[x509][I11]") {
  for (const char* name : {"xn--mnchen-3ya.example", "XN--MNCHEN-3YA.example", "a.xn--bcher-kva",
                           "xn--fiqs8s", "xn--p1ai", "*.xn--80ak6aa92e.example", "xn--a-ecp.ru",
                           "xn--ls8h.example", "xn--dn32g", "xn-a.example", "axn--b.example"}) {
    INFO(name);
    CHECK_FALSE(ca::dns_complaint(name));
  }
  // Cut off, overflow, beyond Unicode, a surrogate, a control character, nothing beyond ASCII, no digits.
  for (const char* label : {"xn--mnchen-3y", "xn--zz", "xn--99999999999", "xn--en32g", "xn--ib9b", "xn--a",
                            "xn---", "xn----a", "xn--a--b"}) {
    INFO(label);
    CHECK(ca::dns_complaint(std::string{label} + ".example"));
    CHECK(ca::email_complaint("a@" + std::string{label} + ".example"));
    CHECK(ca::uri_complaint("https://" + std::string{label} + ".example/"));
  }
}

TEST_CASE("names: a DNS name is no address", "[x509][I11]") {
  for (const char* name : {"1.2.3.example", "10.example", "1234567", "0x7f.a", "a.0xg", "a.b1", "a.1b"}) {
    INFO(name);
    CHECK_FALSE(ca::dns_complaint(name));
  }
  // The last label of a domain is never a number: readers that take the name for an address would go there.
  for (const char* name :
       {"10.0.0.1", "127.1", "1.2.3.4.5", "a.1", "0x7f.0x1", "a.0X1f", "a.0x", "*.10.0.0.1", "*.10"}) {
    INFO(name);
    CHECK(ca::dns_complaint(name));
  }
  CHECK(ca::email_complaint("a@10.0.0.1"));
  CHECK_FALSE(ca::uri_complaint("https://10.0.0.1/"));
}

TEST_CASE("names: e-mail addresses are plain mailboxes", "[x509]") {
  for (const char* name : {"a@example.com", "a.b+c@example.com", "x!y@b"}) {
    CHECK_FALSE(ca::email_complaint(name));
  }
  for (const char* name : {"", "a", "@b", "a@", "a@b@c", ".a@b", "a.@b", "a..b@c", "a b@c", "\"a\"@b",
                           "a@b_c", "a@-b", "a@[10.0.0.1]", "<a@b>", "a,b@c"}) {
    INFO(name);
    CHECK(ca::email_complaint(name));
  }
  CHECK(ca::email_complaint(std::string(65, 'a') + "@b"));
}

TEST_CASE("names: URIs have no user and no zone and no empty label", "[x509]") {
  for (const char* uri : {"spiffe://example.org/ns/prod/sa/web", "spiffe://trust_domain/x",
                          "https://a.example:8443/x?y=z#f", "https://10.0.0.1/", "https://[2001:db8::1]:443/",
                          "urn:uuid:01234567-89ab-cdef-0123-456789abcdef", "https://a.example/%41", "a:b"}) {
    INFO(uri);
    CHECK_FALSE(ca::uri_complaint(uri));
  }
  for (const char* uri : {"",
                          "x",
                          ":x",
                          "1a:b",
                          "https:",
                          "https://",
                          "https:///x",
                          "spiffe:///x",
                          "https://user@a.example/",
                          "https://user:pw@a.example/",
                          "https://a..example/",
                          "https://.example/",
                          "https://a.example./",
                          "https://[fe80::1%25eth0]/",
                          "https://[fe80::1%eth0]/",
                          "https://[::1",
                          "https://[x]/",
                          "https://[::1]x/",
                          "https://a%2eexample/",
                          "https://a.example:x/",
                          "https://a.example:1234567/",
                          "https://a b/",
                          "https://a.example/ x",
                          "https://a.example/%4",
                          "https://a.example/\\",
                          "https://a.example/<x>",
                          "https://-a/",
                          "https://a\\b/",
                          "https://*.example/"}) {
    INFO(uri);
    CHECK(ca::uri_complaint(uri));
  }
  CHECK(ca::uri_complaint("urn:" + std::string(2048, 'a')));
  CHECK(ca::uri_host("https://a.example:8443/x") == "a.example");
  CHECK(ca::uri_host("https://[2001:db8::1]:443/") == "2001:db8::1");
  CHECK_FALSE(ca::uri_host("urn:x"));
}

TEST_CASE("names: URIs have no dot segments, in any spelling", "[x509][I11]") {
  for (const char* uri :
       {"https://a.example/x.y/..z/.well-known/a..b/...", "https://a.example/x?y=/../z#/../", "urn:a:..",
        "https://a.example/%41/%2fx", "a:b/c"}) {
    INFO(uri);
    CHECK_FALSE(ca::uri_complaint(uri));
  }
  for (const char* uri :
       {"https://a.example/x/../y", "https://a.example/..", "https://a.example/.", "https://a.example/./x",
        "https://a.example/x/..?q", "https://a.example/x/..#f", "https://a.example/%2e%2E/x",
        "https://a.example/.%2e/x", "https://a.example/x/%2E", "https://a.example/x%2f..%2Fy",
        "https://a.example/x%5c..%5cy", "a:../b", "a:.", "a:/../b", "spiffe://example.org/device/7/../8"}) {
    INFO(uri);
    CHECK(ca::uri_complaint(uri));
  }
}

TEST_CASE("names: SPIFFE IDs obey their own grammar", "[x509][I11]") {
  for (const std::string& uri :
       {std::string{"spiffe://example.org"}, std::string{"spiffe://a-b_c.example/Ns/web-1_2.x/..."},
        "spiffe://" + std::string(63, 'a') + "/x"}) {
    INFO(uri);
    CHECK_FALSE(ca::uri_complaint(uri));
  }
  for (const char* uri : {"spiffe:example.org/x",
                          "spiffe:/example.org/x",
                          "spiffe://",
                          "spiffe:///x",
                          "spiffe://example.org/",
                          "spiffe://example.org/x/",
                          "spiffe://example.org//x",
                          "spiffe://example.org/x//y",
                          "spiffe://example.org:443/x",
                          "spiffe://user@example.org/x",
                          "spiffe://example.org/x?y",
                          "spiffe://example.org?y",
                          "spiffe://example.org/x#y",
                          "spiffe://example.org#y",
                          "spiffe://example.org/%41",
                          "spiffe://example.org/a%2fb",
                          "spiffe://Example.org/x",
                          "spiffe://[2001:db8::1]/x",
                          "spiffe://example.org/a:b",
                          "spiffe://example.org/a*",
                          "SPIFFE://example.org/x",
                          "Spiffe://example.org/x",
                          "spiffe://example.org/./x",
                          "spiffe://example.org/.."}) {
    INFO(uri);
    CHECK(ca::uri_complaint(uri));
  }
}
