#include <functional>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/lint/lint_crl.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/openssl_status.hpp"

namespace der = ca::der;

namespace {

constexpr const char* kUri = "http://crl.example/crl/0b7c/3.crl";
const ca::Seconds kIssuedAt = test::at(2026, 11, 26, 3600);

ca::CrlHeader header() {
  ca::CrlHeader header = test::crl_header();
  header.distribution_point_uri = kUri;
  return header;
}

const std::vector<ca::CrlEntry>& entries() {
  static const std::vector<ca::CrlEntry> some{
      {test::serial(1), test::at(2026, 1, 1), ca::RevocationReason::unspecified},
      {test::serial(0x80), kIssuedAt, ca::RevocationReason::key_compromise},
      {ca::SerialNumber::from_hex("ffbe485a21fe5f6ab1fc4ab12dc3eb03"), test::at(2026, 2, 1),
       ca::RevocationReason::a_a_compromise}};
  return some;
}

ca::Bytes build(const ca::CrlHeader& from, const std::vector<ca::CrlEntry>& rows = entries()) {
  ca::CrlBuilder builder{from};
  for (const ca::CrlEntry& row : rows) {
    builder.add(row);
  }
  return std::move(builder).finish();
}

void refused(const ca::Bytes& tbs, const std::string& why, const ca::CrlHeader& expected = header(),
             std::uint64_t count = 3, ca::Seconds issued_at = kIssuedAt) {
  try {
    (void)ca::lint_crl(tbs, expected, count, issued_at);
    FAIL("accepted: " + why);
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::internal);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

// A list that was built from something else than what is expected.
void refused_header(const std::function<void(ca::CrlHeader&)>& change, const std::string& why) {
  ca::CrlHeader other = header();
  change(other);
  refused(build(other), why);
}

// The list with these bytes in place of others of the same length.
ca::Bytes replaced(const char* from_hex, const char* to_hex) {
  ca::Bytes tbs = build(header());
  const ca::Bytes from = ca::from_hex(from_hex);
  const ca::Bytes to = ca::from_hex(to_hex);
  REQUIRE(from.size() == to.size());
  const auto found = std::search(tbs.begin(), tbs.end(), from.begin(), from.end());
  REQUIRE(found != tbs.end());
  std::copy(to.begin(), to.end(), found);
  return tbs;
}

}  // namespace

TEST_CASE("crl lint: a good list passes, and its bytes are not copied", "[lint][crl][I4]") {
  ca::Bytes tbs = build(header());
  const ca::Bytes same = tbs;
  const std::uint8_t* where = tbs.data();
  const auto linted = ca::lint_crl(std::move(tbs), header(), 3, kIssuedAt);
  CHECK(linted.der() == same);
  CHECK(linted.der().data() == where);
  CHECK(linted.algorithm() == header().signing_algorithm);
  CHECK_NOTHROW((void)ca::lint_crl(build(test::crl_header(), {}), test::crl_header(), 0, kIssuedAt));
}

TEST_CASE("crl lint: whatever differs from what was wanted is refused", "[lint][crl][I4]") {
  refused_header([](auto& h) { h.signing_algorithm = ca::SigningAlgorithm::ed25519; }, "algorithm");
  refused_header([](auto& h) { h.issuer = test::crl_header("Other CA").issuer; }, "issuer");
  refused_header([](auto& h) { h.this_update += std::chrono::seconds{1}; }, "times changed");
  refused_header([](auto& h) { h.next_update += std::chrono::seconds{1}; }, "times changed");
  refused_header([](auto& h) { h.authority_key_id[0] ^= 1; }, "2.5.29.35");
  refused_header([](auto& h) { h.number = 8; }, "CRL number");
  refused_header([](auto& h) { h.distribution_point_uri = std::nullopt; }, "other extensions");
  refused_header([](auto& h) { h.distribution_point_uri = "http://crl.example/4.crl"; },
                 "distribution point changed");
  refused(build(header()), "other extensions", test::crl_header());
  refused(build(header()), "entries are missing", header(), 4);
  refused(build(header()), "entries are missing", header(), 2);
}

TEST_CASE("crl lint: a list that makes no sense is refused though it is as it was wanted", "[lint][crl]") {
  const auto senseless = [](const std::function<void(ca::CrlHeader&)>& change, const std::string& why,
                            ca::Seconds issued_at = kIssuedAt) {
    ca::CrlHeader bad = header();
    change(bad);
    refused(build(bad), why, bad, 3, issued_at);
  };
  senseless([](auto& h) { h.next_update = h.this_update; }, "ends before");
  senseless([](auto&) {}, "not current", header().this_update - std::chrono::seconds{1});
  senseless([](auto&) {}, "not current", header().next_update);
  senseless([](auto& h) { h.authority_key_id.clear(); }, "no key identifier");
  senseless([](auto& h) { h.distribution_point_uri = "not a uri"; }, "not a valid URI");
  senseless([](auto& h) { h.issuer = {}; }, "issuer");
}

TEST_CASE("crl lint: each serial is there once, in order, positive", "[lint][crl][I7]") {
  const auto rows = [](const std::vector<std::uint64_t>& serials) {
    std::vector<ca::CrlEntry> list;
    for (const std::uint64_t serial : serials) {
      list.push_back({test::serial(serial), test::at(2026, 1, 1), ca::RevocationReason::superseded});
    }
    return build(header(), list);
  };
  CHECK_NOTHROW((void)ca::lint_crl(rows({0x7F, 0x80, 0x100}), header(), 3, kIssuedAt));
  refused(rows({5, 5, 6}), "twice or out of order");
  refused(rows({5, 7, 6}), "twice or out of order");
  refused(rows({0x100, 0x80, 0x101}), "twice or out of order");
  refused(rows({0x100, 0x7F, 0x101}), "twice or out of order");
  refused(rows({0, 1, 2}), "not between 1");
  refused(replaced("02020080", "02028080"), "not between 1");
}

TEST_CASE("crl lint: an entry has one of our reasons or none, and a date that has come", "[lint][crl]") {
  for (const char* reason : {"00", "06", "08"}) {
    refused(replaced("0603551d1504030a0101", (std::string{"0603551d1504030a01"} + reason).c_str()),
            "none of ours");
  }
  refused(replaced("0603551d1504030a0101", "0603551d1604030a0101"), "none of ours");  // another extension
  auto late = entries();
  late[2].revoked_at = kIssuedAt + std::chrono::seconds{1};
  refused(build(header(), late), "in the future");
}

TEST_CASE("crl lint: the distribution point is critical and its whole value is one URI", "[lint][crl]") {
  refused(replaced("0603551d1c0101ff04", "0603551d1c0101fe04"), "TRUE");
  const auto with_extension = [](const ca::Extension& point) {
    ca::CrlHeader plain = test::crl_header();
    ca::Bytes tbs = build(plain, {});
    der::Reader outer{tbs, "list"};
    der::Reader fields = outer.enter(der::tag::kSequence, "list");
    ca::Bytes contents;
    auto extensions = ca::CertificateList::parse_to_be_signed(tbs, plain.signing_algorithm).extensions;
    extensions.push_back(point);
    while (fields.peek_tag() != der::tag::context_constructed(0)) {
      const ca::ByteView whole = fields.any().whole;
      contents.insert(contents.end(), whole.begin(), whole.end());
    }
    const ca::Bytes tail = der::element(der::tag::context_constructed(0), ca::encode_extensions(extensions));
    return der::element(der::tag::kSequence, {contents, tail});
  };
  ca::CrlHeader expected = header();
  expected.distribution_point_uri = "a:b";
  const auto point = [](const char* hex, bool critical = true) {
    return ca::Extension{ca::oid::kIssuingDistributionPoint, critical, ca::from_hex(hex)};
  };
  CHECK_NOTHROW((void)ca::lint_crl(with_extension(point("3009a007a0058603613a62")), expected, 0, kIssuedAt));
  refused(with_extension(point("3009a007a0058603613a62", false)), "not critical", expected, 0);
  refused(with_extension(point("300ca007a0058603613a628101ff")), "read back", expected, 0);
  refused(with_extension(point("300ea00ca00a8603613a628603613a63")), "read back", expected, 0);
  refused(with_extension(point("300ca00aa0088603613a6282015a")), "read back", expected, 0);
  refused(with_extension({"2.5.29.46", false, {5, 0}}), "not critical", expected, 0);
}

TEST_CASE("crl lint: every bit outside the entries counts", "[lint][crl][I4]") {
  const ca::Bytes good = build(header(), {});
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    ca::Bytes changed = good;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    try {
      (void)ca::lint_crl(changed, header(), 0, kIssuedAt);
      FAIL("bit " << bit);
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::internal);
    }
  }
}
