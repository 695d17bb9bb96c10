#include <array>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/golden.hpp"
#include "tests/unit/x509/openssl_status.hpp"

namespace der = ca::der;
using ca::CertificateList;

namespace {

void refused(const ca::Bytes& bytes, const std::string& why) {
  try {
    (void)CertificateList::parse(bytes);
    FAIL("accepted: " + why);
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::malformed_crl);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

ca::Bytes joined(const std::vector<ca::Bytes>& parts) {
  ca::Bytes all;
  for (const ca::Bytes& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

ca::Bytes hex(std::string_view text) { return ca::from_hex(text); }

const ca::Bytes kReason = hex("300c300a0603551d1504030a0101");

ca::Bytes entry(const ca::Bytes& serial, const ca::Bytes& time, const ca::Bytes& extensions = {}) {
  return der::element(der::tag::kSequence, {der::element(der::tag::kInteger, serial), time, extensions});
}

// A list from its parts, each of which a test replaces.
struct Parts {
  ca::Bytes version = der::small_integer(1);
  ca::Bytes algorithm = ca::algorithm_identifier(ca::SigningAlgorithm::sha256_with_ecdsa);
  ca::Bytes issuer = test::name_der({{"2.5.4.3", "Outside CA"}});
  ca::Bytes this_update = der::time(test::at(2026, 11, 1));
  ca::Bytes next_update = der::time(test::at(2026, 12, 1));
  ca::Bytes entries = entry({1}, der::time(test::at(2026, 10, 1)), kReason);
  ca::Bytes behind_entries;
  std::vector<ca::Extension> extensions{{ca::oid::kCrlNumber, false, {2, 1, 7}}};

  [[nodiscard]] ca::Bytes der() const {
    const ca::Bytes list = der::element(der::tag::kSequence, entries);
    const ca::Bytes tail = der::element(der::tag::context_constructed(0), ca::encode_extensions(extensions));
    return ca::assemble_signed(der::element(der::tag::kSequence, {version, algorithm, issuer, this_update,
                                                                  next_update, list, behind_entries, tail}),
                               ca::SigningAlgorithm::sha256_with_ecdsa, ca::Bytes{0x30, 0x00});
  }
};

ca::Bytes with_point(const std::string& contents_hex) {
  Parts parts;
  parts.extensions.push_back(
      {ca::oid::kIssuingDistributionPoint, true, der::element(der::tag::kSequence, hex(contents_hex))});
  return parts.der();
}

}  // namespace

TEST_CASE("crl: OpenSSL's list is read with its entries and verifies", "[x509][crl]") {
  const auto key = ca::PublicKey::parse(test::golden("crl_issuer_key"));
  const ca::Bytes der = test::golden("crl_openssl");
  const auto list = CertificateList::parse(der);
  CHECK(list.issuer.text() == "CN=Outside CA,C=US");
  CHECK(list.number == 10);
  CHECK(list.authority_key_id == key.subject_key_id());
  CHECK(list.distribution_point_uris == std::vector<std::string>{"http://crl.example/openssl.crl"});
  CHECK(list.is_signed_by(key));
  REQUIRE(list.entry_count == 3);
  auto row = list.entries();
  const auto first = row.next();
  CHECK(first->serial_number() == test::serial(5));
  CHECK(first->reason_code == 1);
  CHECK(first->revoked_at == test::at(2026, 10, 1));
  const auto second = row.next();
  CHECK(second->serial_number() == test::serial(0x77));
  CHECK(second->reason_code == 6);
  const auto third = row.next();
  CHECK(third->serial_number() == ca::SerialNumber::from_hex("fe0102030405060708090a0b0c0d0e0f"));
  CHECK_FALSE(third->reason_code);
  CHECK(third->extensions_der.empty());
  CHECK_FALSE(row.next());
}

TEST_CASE("crl: lists of an outside issuer say what they cover", "[x509][crl]") {
  const ca::Bytes two = test::golden("crl_two_points");
  const auto users = CertificateList::parse(two);
  CHECK(users.distribution_point_uris ==
        std::vector<std::string>{"ldap://ldap.example/cn=crl", "http://crl.example/a.crl"});
  CHECK(users.only_user_certificates);
  auto row = users.entries();
  CHECK(row.next()->reason_code == 6);
  const auto longest = row.next();
  CHECK(longest->serial.size() == 20);
  CHECK_FALSE(longest->serial_number());
  CHECK(longest->revoked_at == test::at(2051));
  const ca::Bytes authorities_der = test::golden("crl_authorities_only");
  const auto authorities = CertificateList::parse(authorities_der);
  CHECK(authorities.only_authority_certificates);
  CHECK_FALSE(authorities.only_user_certificates);
  CHECK_FALSE(authorities.number);  // 2^100
  CHECK(authorities.entry_count == 0);
}

TEST_CASE("crl: what would have to be understood and is not, is refused", "[x509][crl]") {
  refused(test::golden("crl_delta"), "critical extension 2.5.29.27");
  refused(test::golden("crl_indirect"), "critical extension 2.5.29.29");
  refused(with_point("8401ff"), "not supported");  // indirect, though no entry says so
  refused(test::golden("crl_some_reasons"), "not supported");
  refused(test::golden("crl_attributes_only"), "not supported");
  refused(test::golden("crl_entry_issuer"), "critical extension 2.5.29.29");
}

TEST_CASE("crl: a list that is not strict DER of RFC 5280 is refused", "[x509][crl]") {
  CHECK_NOTHROW((void)CertificateList::parse(Parts{}.der()));
  const auto with = [](auto change) {
    Parts parts;
    change(parts);
    return parts.der();
  };
  refused({}, "missing");
  refused(joined({Parts{}.der(), {0}}), "trailing");
  refused(with([](Parts& p) { p.version = {}; }), "version");
  refused(with([](Parts& p) { p.version = der::small_integer(0); }), "version 2");
  refused(with([](Parts& p) { p.algorithm = ca::algorithm_identifier(ca::SigningAlgorithm::ed25519); }),
          "differs");
  refused(with([](Parts& p) { p.next_update = {}; }), "nextUpdate");
  refused(with([](Parts& p) { p.this_update = der::generalized_time(test::at(2026)); }), "ASN.1 type");
  refused(with([](Parts& p) { p.entries = {}; }), "empty");
  refused(with([](Parts& p) { p.behind_entries = der::small_integer(1); }), "unexpected type");
  refused(with([](Parts& p) { p.extensions = {}; }), "empty");
  refused(with([](Parts& p) { p.extensions.push_back(p.extensions[0]); }), "twice");
  refused(with([](Parts& p) { p.extensions[0].value = {2, 2, 0, 7}; }), "shortest");
  refused(with([](Parts& p) { p.extensions[0].value = {2, 1, 0x87}; }), "negative");

  const ca::Bytes time = der::time(test::at(2026));
  const auto with_entry = [&](const ca::Bytes& bytes) { return with([&](Parts& p) { p.entries = bytes; }); };
  CHECK_NOTHROW((void)CertificateList::parse(with_entry(entry({0xFF}, time))));  // negative, but some have it
  refused(with_entry(entry({}, time)), "empty");
  refused(with_entry(entry({0, 1}, time)), "shortest");
  refused(with_entry(entry({0xFF, 0x80}, time)), "shortest");
  refused(with_entry(entry({1}, der::generalized_time(test::at(2049)))), "ASN.1 type");
  refused(with_entry(entry({1}, time, hex("3000"))), "empty");
  refused(with_entry(entry({1}, time, hex("300c300a0603551d1504030a0107"))), "none of RFC 5280");
  refused(with_entry(entry({1}, time, hex("300c300a0603551d1504030a010b"))), "none of RFC 5280");
  refused(with_entry(entry({1}, time, hex("300d300b0603551d1504040a020001"))), "none of RFC 5280");
  refused(with_entry(entry({1}, time, hex("300c300a0603551d150403020101"))), "unexpected type");
  refused(with_entry(entry({1}, time, hex("3018300a0603551d1504030a0101300a0603551d1504030a0101"))), "twice");
  refused(with_entry(entry({1}, time, hex("300f300d0603551d1501010004030a0101"))), "TRUE");
  refused(with_entry(entry({1}, time, joined({kReason, {5, 0}}))), "trailing");
  refused(with_entry(joined({entry({1}, time), {5, 0}})), "unexpected type");
}

TEST_CASE("crl: a distribution point that would pass for none is refused", "[x509][crl]") {
  const ca::Bytes good = with_point("a007a0058603613a62");
  CHECK(CertificateList::parse(good).distribution_point_uris == std::vector<std::string>{"a:b"});
  refused(with_point("a004a0028200"), "no URI");
  refused(with_point("a002a000"), "no URI");
  refused(with_point("a002a100"), "unexpected type");  // relative to the issuer
  refused(with_point("810100"), "TRUE");
  refused(with_point("8101ff8101ff"), "not supported");
}

TEST_CASE("crl: a list above the bound is not looked at", "[x509][crl]") {
  const ca::Bytes der = Parts{}.der();
  CHECK_NOTHROW((void)CertificateList::parse(der, der.size()));
  CHECK_THROWS_AS((void)CertificateList::parse(der, der.size() - 1), ca::Error);
}

TEST_CASE("crl: every bit of it counts", "[x509][crl]") {
  const auto key = ca::PublicKey::parse(test::golden("crl_issuer_key"));
  const ca::Bytes good = test::golden("crl_openssl");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    ca::Bytes changed = good;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    try {
      const bool verified = CertificateList::parse(changed).is_signed_by(key);
      CHECK_FALSE(verified);
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::malformed_crl);
    }
  }
}
