#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/golden.hpp"
#include "tests/unit/x509/openssl_status.hpp"

namespace der = ca::der;
using ca::OcspRequest;

namespace {

void refused(const ca::Bytes& bytes, const std::string& why) {
  try {
    (void)OcspRequest::parse(bytes);
    FAIL("accepted: " + why);
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::malformed_request);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

ca::Bytes hex(std::string_view text) { return ca::from_hex(text); }
ca::Bytes sequence(std::initializer_list<ca::ByteView> parts) {
  return der::element(der::tag::kSequence, parts);
}

ca::Bytes times(std::size_t count, const ca::Bytes& part) {
  ca::Bytes all;
  for (; count > 0; --count) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

const ca::Bytes kSha1 = hex("300906052b0e03021a0500");

// A request from its parts, each of which a test replaces.
struct Parts {
  ca::Bytes version;
  ca::Bytes requestor;
  ca::Bytes algorithm = kSha1;
  ca::Bytes serial{2, 1, 7};
  ca::Bytes single_extensions;
  std::size_t count = 1;
  std::vector<ca::Extension> extensions;
  ca::Bytes behind;

  [[nodiscard]] ca::Bytes der() const {
    const ca::Bytes hash = der::element(der::tag::kOctetString, ca::Bytes(20, 0x11));
    const ca::Bytes request = sequence({sequence({algorithm, hash, hash, serial}), single_extensions});
    ca::Bytes tail;
    if (!extensions.empty()) {
      tail = der::element(der::tag::context_constructed(2), ca::encode_extensions(extensions));
    }
    return sequence({sequence({version, requestor, sequence({times(count, request)}), tail}), behind});
  }
};

template <typename Change>
ca::Bytes with(const Change& change) {
  Parts parts;
  change(parts);
  return parts.der();
}

ca::Bytes with_nonce(const ca::Bytes& value, bool critical = false) {
  return with([&](Parts& p) { p.extensions = {{ca::oid::kOcspNonce, critical, value}}; });
}

}  // namespace

TEST_CASE("ocsp request: those of other programs are read", "[x509][ocsp]") {
  const auto serial = ca::SerialNumber::from_hex("fe0102030405060708090a0b0c0d0e0f");
  const auto key = ca::PublicKey::parse(test::golden("crl_issuer_key"));
  const auto issuer = ca::DistinguishedName::parse(
      test::name_der({{"2.5.4.6", "US", der::tag::kPrintableString}, {"2.5.4.3", "Outside CA"}}));
  const auto openssl = OcspRequest::parse(test::golden("ocsp_request_openssl"));
  REQUIRE(openssl.certificates.size() == 2);
  CHECK(ca::digest_from_oid(openssl.certificates[0].hash_algorithm) == ca::Digest::sha1);
  CHECK(ca::digest_from_oid(openssl.certificates[1].hash_algorithm) == ca::Digest::sha256);
  CHECK(openssl.certificates[0].serial_number() == serial);
  CHECK(openssl.certificates[1].serial_number() == test::serial(5));
  CHECK(openssl.certificates[0].der == ca::encode_cert_id(ca::Digest::sha1, issuer, key, serial));
  CHECK(openssl.nonce == hex("b407c86e9507bfd764cdd2713bccfdd8"));
  const auto with_signature = OcspRequest::parse(test::golden("ocsp_request_signed"));
  CHECK(with_signature.certificates.at(0).names_issuer(issuer, key));
  CHECK_FALSE(with_signature.nonce);
  const auto sha384 = OcspRequest::parse(test::golden("ocsp_request_sha384"));
  CHECK(sha384.certificates.at(0).names_issuer(issuer, key));
  CHECK(sha384.nonce == ca::Bytes(128, 1));
  CHECK_FALSE(OcspRequest::parse(test::golden("ocsp_request_acceptable")).nonce);
}

TEST_CASE("ocsp request: what the standard allows is accepted", "[x509][ocsp]") {
  const auto plain = OcspRequest::parse(Parts{}.der());
  CHECK(plain.certificates.at(0).der.size() == 2 + 11 + 22 + 22 + 3);
  CHECK_NOTHROW((void)OcspRequest::parse(with([](Parts& p) { p.version = hex("a003020100"); })));
  CHECK_NOTHROW((void)OcspRequest::parse(with([](Parts& p) { p.requestor = hex("a1058203612e62"); })));
  CHECK_NOTHROW((void)OcspRequest::parse(with([](Parts& p) { p.behind = hex("a0023000"); })));
  CHECK_NOTHROW((void)OcspRequest::parse(with([](Parts& p) { p.extensions = {{"1.2.3", false, {5, 0}}}; })));
  CHECK_NOTHROW((void)OcspRequest::parse(
      with([](Parts& p) { p.single_extensions = hex("a00c300a300806022a0304020500"); })));
  const auto most = OcspRequest::parse(with([](Parts& p) { p.count = ca::kMaxOcspCertificates; }));
  CHECK(most.certificates.size() == ca::kMaxOcspCertificates);
  // A digest that we do not know, and serials that are not ours: whoever answers says so.
  const auto odd = OcspRequest::parse(with([](Parts& p) { p.algorithm = hex("300406022a03"); }));
  CHECK_FALSE(ca::digest_from_oid(odd.certificates[0].hash_algorithm));
  for (const char* serial : {"020180", "02110102030405060708090a0b0c0d0e0f1011"}) {
    const auto foreign = OcspRequest::parse(with([&](Parts& p) { p.serial = hex(serial); }));
    CHECK_FALSE(foreign.certificates[0].serial_number());
  }
  const auto zero = OcspRequest::parse(with([](Parts& p) { p.serial = {2, 1, 0}; }));
  CHECK(zero.certificates[0].serial_number() == test::serial(0));
}

TEST_CASE("ocsp request: malformed, empty, nested and huge ones are refused", "[x509][ocsp][I16]") {
  refused({}, "missing");
  refused(hex("3000"), "missing");
  refused(hex("30023000"), "missing");
  refused(hex("300430023000"), "no certificate");
  refused(with([](Parts& p) { p.count = 0; }), "no certificate");
  refused(with([](Parts& p) { p.count = ca::kMaxOcspCertificates + 1; }), "more than 16");
  refused(ca::Bytes(ca::kMaxOcspRequestBytes + 1, 0x30), "larger than 4096");
  ca::Bytes nested;
  while (nested.size() < 4000) {
    nested = der::element(der::tag::kSequence, nested);
  }
  refused(nested, "");
  refused(with([&](Parts& p) {
            ca::Bytes deep;
            for (int i = 0; i < 100; ++i) {
              deep = der::element(der::tag::kSequence, deep);
            }
            p.algorithm = sequence({der::oid("1.2.3"), deep});
          }),
          "nested too deeply");
  const ca::Bytes good = Parts{}.der();
  for (std::size_t size = 0; size < good.size(); ++size) {
    refused({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}, "");
  }
  ca::Bytes longer = good;
  longer.push_back(0);
  refused(longer, "trailing");
  refused(with([](Parts& p) { p.version = hex("a003020101"); }), "version");
  refused(with([](Parts& p) { p.behind = hex("a1023000"); }), "trailing");
  refused(with([](Parts& p) { p.algorithm = hex("300b06052b0e03021a05000500"); }), "trailing");
  refused(with([](Parts& p) { p.serial = {2, 2, 0, 7}; }), "shortest");
  refused(with([](Parts& p) { p.serial = {2, 0}; }), "empty");
  refused(with([](Parts& p) { p.serial = {4, 1, 7}; }), "unexpected type");
}

TEST_CASE("ocsp request: a critical extension that is not known is refused", "[x509][ocsp]") {
  refused(with([](Parts& p) { p.extensions = {{"1.2.3", true, {5, 0}}}; }), "1.2.3 is not known");
  refused(with([](Parts& p) { p.single_extensions = hex("a00f300d300b06022a030101ff04020500"); }),
          "1.2.3 is not known");
  refused(with([](Parts& p) {
            p.extensions = {{"1.2.3", false, {5, 0}}, {"1.2.3", false, {5, 0}}};
          }),
          "twice");
}

TEST_CASE("ocsp request: a nonce has 1 to 128 octets", "[x509][ocsp]") {
  for (const std::size_t size : {1U, 16U, 32U, 127U, 128U}) {
    const ca::Bytes nonce(size, 0x33);
    CHECK(OcspRequest::parse(with_nonce(der::element(der::tag::kOctetString, nonce), size == 32)).nonce ==
          nonce);
  }
  refused(with_nonce(hex("0400")), "1 to 128");
  refused(with_nonce(der::element(der::tag::kOctetString, ca::Bytes(129, 1))), "1 to 128");
  refused(with_nonce({}), "nonce");
  refused(with_nonce(ca::Bytes(16, 0x33)), "nonce");
  refused(with_nonce(hex("04010100")), "trailing");
}
