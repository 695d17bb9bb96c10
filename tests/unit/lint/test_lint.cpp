#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/lint/fixture.hpp"

using test::LintCase;

namespace {

void refused(const LintCase& sample, ca::Code code, const std::string& why) {
  try {
    (void)sample.lint();
    FAIL("passed: " << why);
  } catch (const ca::Error& error) {
    CHECK(error.code() == code);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

template <typename Change>
void defect(const char* name, const std::string& why, Change change) {
  LintCase sample{name};
  change(sample);
  refused(sample, ca::Code::internal, why);
}

constexpr const char* kLeaf = "EndEntityCertificate";
constexpr const char* kRoot = "RootCACertificate";
constexpr const char* kSub = "SubordinateCACertificate_PathLen1";

}  // namespace

TEST_CASE("lint: a right certificate passes and its bytes are the encoded ones", "[lint][I4]") {
  for (const char* name : {kLeaf, kRoot, kSub}) {
    INFO(name);
    const LintCase sample{name};
    const ca::ToBeSigned result = sample.lint();
    CHECK(result.der() == sample.tbs.encode());
    CHECK(result.algorithm() == sample.tbs.signing_algorithm);
  }
  static_assert(!std::is_default_constructible_v<ca::ToBeSigned>);
  static_assert(!std::is_constructible_v<ca::ToBeSigned, ca::Bytes, ca::SigningAlgorithm>);
}

TEST_CASE("lint: an extension that is wrong or missing or not granted is a defect", "[lint][I11]") {
  for (const char* id : {ca::oid::kBasicConstraints, ca::oid::kAuthorityKeyIdentifier,
                         ca::oid::kSubjectKeyIdentifier, ca::oid::kKeyUsage, ca::oid::kExtendedKeyUsage}) {
    INFO(id);
    defect(kLeaf, id, [&](auto& c) { c.extension(id).critical = !c.extension(id).critical; });
    defect(kLeaf, id, [&](auto& c) { c.extension(id).id = "1.2.3"; });
  }
  const auto flipped = [](const char* id, const std::string& why) {
    defect(kLeaf, why, [&](auto& c) { c.extension(id).value.back() ^= 1U; });
  };
  flipped(ca::oid::kBasicConstraints, "cannot be read back: The certificate is not valid: basicConstraints");
  flipped(ca::oid::kAuthorityKeyIdentifier, "extension 2.5.29.35 is not what the template says");
  flipped(ca::oid::kSubjectKeyIdentifier, "extension 2.5.29.14 is not what the template says");
  flipped(ca::oid::kKeyUsage, "cannot be read back: The certificate is not valid: keyUsage");
  flipped(ca::oid::kExtendedKeyUsage, "extension 2.5.29.37 is not what the template says");
  defect(kLeaf, "extension 2.5.29.15 is not what the template says",
         [](auto& c) { c.extension(ca::oid::kKeyUsage).value = ca::from_hex("03020780"); });
  defect(kLeaf, "1.2.3", [](auto& c) { c.add("1.2.3", false, "0500"); });
  defect(kLeaf, ca::oid::kNameConstraints, [](auto& c) { c.add(ca::oid::kNameConstraints, true, "3000"); });
  defect(kLeaf, "twice", [](auto& c) { c.tbs.extensions.push_back(c.tbs.extensions[0]); });
  defect(kRoot, ca::oid::kAuthorityKeyIdentifier,
         [](auto& c) { c.add(ca::oid::kAuthorityKeyIdentifier, false, "30168014" + std::string(40, 'a')); });
  defect(kSub, ca::oid::kExtendedKeyUsage,
         [](auto& c) { c.add(ca::oid::kExtendedKeyUsage, false, "300a06082b06010505070302"); });
}

TEST_CASE("lint: extensions stand in their order", "[lint]") {
  const auto all = [] {
    LintCase sample;
    sample.tbs.extensions.push_back(
        {ca::oid::kCrlDistributionPoints, false,
         ca::from_hex("301d301ba019a0178615687474703a2f2f63726c2e746573742f312e63726c")});
    sample.pointers.crl_uri = "http://crl.test/1.crl";
    sample.add_names({test::dns("a.example")});
    return sample;
  };
  CHECK_NOTHROW(all().lint());
  const std::size_t count = all().tbs.extensions.size();
  REQUIRE(count == 7);
  for (std::size_t i = 0; i + 1 < count; ++i) {
    LintCase sample = all();
    std::swap(sample.tbs.extensions[i], sample.tbs.extensions[i + 1]);
    refused(sample, ca::Code::internal, "out of order");
  }
}

TEST_CASE("lint: the signature algorithm is one of the issuer's key", "[lint][I4]") {
  using S = ca::SigningAlgorithm;
  const std::vector<std::pair<const char*, std::vector<S>>> rows{
      {"P-384", {S::sha256_with_ecdsa, S::sha384_with_ecdsa, S::sha512_with_ecdsa}},
      {"RSA:2048", {S::sha256_with_rsa, S::sha384_with_rsa, S::sha512_with_rsa}},
      {"ED25519", {S::ed25519}}};
  for (const auto& [kind, fitting] : rows) {
    LintCase sample;
    sample.issuer.spki_der = test::spki_of(test::make_pkey(kind).get());
    for (const S algorithm : {S::sha256_with_rsa, S::sha384_with_rsa, S::sha512_with_rsa,
                              S::sha256_with_ecdsa, S::sha384_with_ecdsa, S::sha512_with_ecdsa, S::ed25519}) {
      sample.tbs.signing_algorithm = algorithm;
      if (std::find(fitting.begin(), fitting.end(), algorithm) != fitting.end()) {
        CHECK_NOTHROW(sample.lint());
      } else {
        refused(sample, ca::Code::internal, "signature algorithm does not fit");
      }
    }
  }
  defect(kRoot, "signature algorithm does not fit", [](auto& c) { c.tbs.signing_algorithm = S::ed25519; });
}

TEST_CASE("lint: key identifiers are the hashes that OpenSSL computes", "[lint]") {
  // SHA-1 over the contents of the BIT STRING, which are the last 65 bytes of a P-256 key (RFC
  // 5280, 4.2.1.2).
  const auto hash = [](const ca::Bytes& spki) {
    ca::Bytes digest(20);
    EVP_Digest(spki.data() + spki.size() - 65, 65, digest.data(), nullptr, EVP_sha1(), nullptr);
    return ca::to_hex(digest);
  };
  LintCase sample;
  sample.extension(ca::oid::kSubjectKeyIdentifier).value = ca::from_hex("0414" + hash(sample.tbs.spki_der));
  sample.issuer.subject_key_id.reset();
  refused(sample, ca::Code::internal, ca::oid::kAuthorityKeyIdentifier);
  sample.extension(ca::oid::kAuthorityKeyIdentifier).value =
      ca::from_hex("30168014" + hash(sample.issuer.spki_der));
  CHECK_NOTHROW(sample.lint());
}

TEST_CASE("lint: a leaf never gets the CA bit or the right to sign certificates", "[lint][I11]") {
  defect(kLeaf, "template says", [](auto& c) {
    c.extension(ca::oid::kBasicConstraints) = {ca::oid::kBasicConstraints, true, ca::from_hex("30030101ff")};
  });
  defect(kLeaf, "template says",
         [](auto& c) { c.extension(ca::oid::kKeyUsage).value = ca::from_hex("03020186"); });
  defect(kSub, "template says",
         [](auto& c) { c.extension(ca::oid::kBasicConstraints).value = ca::from_hex("30030101ff"); });
  defect(kSub, "template says",
         [](auto& c) { c.extension(ca::oid::kBasicConstraints).value = ca::from_hex("30060101ff020102"); });
}

TEST_CASE("lint: a subject is strict even if an issuer's name need not be", "[lint][I11]") {
  const ca::Bytes turned = ca::der::element(0x30, test::rdn_der({{"2.5.4.10", "Org"}, {"2.5.4.3", "Sub"}}));
  defect(kLeaf, "order of DER",
         [&](auto& c) { c.tbs.subject = ca::DistinguishedName::parse_imported(turned); });
  LintCase sample;
  sample.tbs.issuer = sample.issuer.subject = ca::DistinguishedName::parse_imported(turned);
  CHECK_NOTHROW(sample.lint());
}

TEST_CASE("lint: an Ed25519 key signs and does not encipher", "[lint][I11]") {
  LintCase sample;
  sample.set_key(test::spki_of(test::make_pkey("ED25519").get()));
  refused(sample, ca::Code::internal, ca::oid::kKeyUsage);
  sample.extension(ca::oid::kKeyUsage).value = ca::from_hex("03020780");
  CHECK_NOTHROW(sample.lint());
  defect(kLeaf, ca::oid::kKeyUsage,
         [](auto& c) { c.extension(ca::oid::kKeyUsage).value = ca::from_hex("03020780"); });
}

TEST_CASE("lint: issuer and subject and key must be those of the authority", "[lint][I4]") {
  const auto other = ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "Other"}}));
  defect(kLeaf, "byte for byte", [&](auto& c) { c.tbs.issuer = other; });
  // The same text in another string type is another name.
  defect(kLeaf, "byte for byte", [&](auto& c) {
    c.tbs.issuer = ca::DistinguishedName::parse(
        test::name_der({{"2.5.4.3", "Example Issuing CA", ca::der::tag::kPrintableString}}));
  });
  defect(kRoot, "byte for byte", [&](auto& c) { c.tbs.issuer = other; });
  defect(kRoot, "subject of its authority", [&](auto& c) { c.tbs.issuer = c.tbs.subject = other; });
  defect(kRoot, "key of its authority", [&](auto& c) { c.issuer.spki_der.back() ^= 1U; });
  defect(kSub, "must have a subject", [&](auto& c) { c.tbs.subject = {}; });
  defect(kLeaf, "read back", [&](auto& c) { c.tbs.spki_der.back() ^= 1U; });
  defect(kLeaf, "between 1 and 2^159",
         [&](auto& c) { c.tbs.serial = ca::SerialNumber::from_bytes(ca::Bytes(16, 0)); });
}

TEST_CASE("lint: nobody else gets a certificate under the issuer's name or key", "[lint][I11]") {
  for (const char* name : {kLeaf, kSub}) {
    defect(name, "subject is the issuer's", [](auto& c) { c.tbs.subject = c.issuer.subject; });
    defect(name, "subject is the issuer's", [](auto& c) {
      c.tbs.subject = ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "EXAMPLE  issuing ca"}}));
    });
    defect(name, "key is the issuer's", [](auto& c) { c.issuer.spki_der = c.tbs.spki_der; });
  }
}

TEST_CASE("lint: a serial of any number of leading zeros and the highest one pass", "[lint][I2]") {
  for (const char* serial :
       {"ffffffffffffffffffffffffffffffff", "80000000000000000000000000000000", "1", "ff", "0100"}) {
    LintCase sample;
    sample.tbs.serial = ca::SerialNumber::from_hex(serial);
    CHECK_NOTHROW(sample.lint());
  }
}

TEST_CASE("lint: no certificate outlives its issuer by a second", "[lint][I10]") {
  LintCase sample;
  sample.tbs.validity.not_after = sample.issuer.validity->not_after;
  CHECK_NOTHROW(sample.lint());
  sample.tbs.validity.not_after += std::chrono::seconds{1};
  refused(sample, ca::Code::validity_beyond_issuer, "exceeds the certificate authority validity");
  sample.issuer.validity.reset();
  refused(sample, ca::Code::validity_beyond_issuer, "exceeds the certificate authority validity");
  LintCase root{kRoot};
  root.issuer.validity.reset();
  CHECK_NOTHROW(root.lint());
  defect(kLeaf, "ends before",
         [](auto& c) { c.tbs.validity.not_after = c.tbs.validity.not_before - std::chrono::seconds{1}; });
}

TEST_CASE("lint: no certificate begins a second before its issuer", "[lint][I10]") {
  LintCase sample;
  sample.tbs.validity.not_before = sample.issuer.validity->not_before;
  CHECK_NOTHROW(sample.lint());
  sample.tbs.validity.not_before -= std::chrono::seconds{1};
  refused(sample, ca::Code::validity_beyond_issuer, "begins before the certificate authority validity");
  LintCase root{kRoot};
  root.tbs.validity.not_before = root.issuer.validity->not_before - std::chrono::seconds{1};
  CHECK_NOTHROW(root.lint());
}

TEST_CASE("lint: the path length must fit below the issuer", "[lint][I11]") {
  LintCase sample{kSub};
  sample.issuer.path_length = 2;
  CHECK_NOTHROW(sample.lint());
  sample.issuer.path_length = 1;
  refused(sample, ca::Code::path_length_exceeded, "path length of 1");
  LintCase leaf;
  leaf.issuer.path_length = 0;
  CHECK_NOTHROW(leaf.lint());
}

TEST_CASE("lint: the SAN is critical exactly when there is no subject", "[lint]") {
  LintCase sample;
  sample.add_names({test::dns("a.example")});
  CHECK_NOTHROW(sample.lint());
  sample.tbs.subject = {};
  refused(sample, ca::Code::internal, "critical exactly");
  sample.extension(ca::oid::kSubjectAltName).critical = true;
  CHECK_NOTHROW(sample.lint());
  LintCase nameless;
  nameless.tbs.subject = {};
  refused(nameless, ca::Code::internal, "neither subject nor SAN");
}

TEST_CASE("lint: pointers are not critical and not in a root and hold good URIs", "[lint]") {
  LintCase sample;
  const auto uri = ca::der::element(ca::der::tag::context(6), ca::bytes_of("http://crl.example/x.crl"));
  const auto point = [](const ca::Bytes& name) {
    return ca::der::element(0x30,
                            ca::der::element(0x30, ca::der::element(0xA0, ca::der::element(0xA0, name))));
  };
  sample.tbs.extensions.push_back({ca::oid::kCrlDistributionPoints, false, point(uri)});
  sample.pointers.crl_uri = "http://crl.example/x.crl";
  CHECK_NOTHROW(sample.lint());
  sample.extension(ca::oid::kCrlDistributionPoints).critical = true;
  refused(sample, ca::Code::internal, "must not be critical");
  sample.extension(ca::oid::kCrlDistributionPoints) = {
      ca::oid::kCrlDistributionPoints, false,
      point(ca::der::element(ca::der::tag::context(6), ca::bytes_of("http://user@crl.example/x.crl")))};
  refused(sample, ca::Code::internal, "URI is not valid");
  defect(kRoot, "in a root", [&](auto& c) {
    c.tbs.extensions.push_back({ca::oid::kCrlDistributionPoints, false, point(uri)});
  });
}
