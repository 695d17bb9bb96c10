#include "ca/base/hex.hpp"
#include "tests/integration/authority/outside.hpp"

// An authority below "Outside Middle" below "Outside Root", and what a verifier would refuse in that path.

using ca::Code;
using test::Outside;
using test::refused;
using test::Waiting;
using test::World;

namespace {

constexpr std::array kPlaces{"certificate", "chain certificate 1 'CN=Outside Middle'",
                             "chain certificate 2 'CN=Outside Root'"};

struct Path {
  World world;
  Waiting waiting{world};
  Outside root{world, "Outside Root"};
  Outside middle{world, "Outside Middle"};
  ca::TbsCertificate own = waiting.certificate(middle);
  ca::TbsCertificate above = root.authority(middle);
  ca::TbsCertificate top = root.root();

  [[nodiscard]] ca::TbsCertificate& at(std::size_t place) {
    return *std::array{&own, &above, &top}.at(place);
  }
  // Of the key that is there now, in every certificate where it belongs.
  void use_keys(const std::string& of_middle, const std::string& of_root) {
    root.key = test::make_pkey(of_root);
    middle.key = test::make_pkey(of_middle);
    own.signing_algorithm = test::algorithm_of(middle.key.get());
    above.signing_algorithm = top.signing_algorithm = test::algorithm_of(root.key.get());
    above.spki_der = test::spki_of(middle.key.get());
    top.spki_der = test::spki_of(root.key.get());
  }
  void import() const { waiting.import_pem(middle.pem(own), root.pem(above) + "\n" + root.pem(top)); }
  void refuse(Code code, const std::string& why) const {
    refused([&] { import(); }, code, why);
  }
};

ca::Extension key_id(const char* id, std::uint8_t value) {
  const ca::Bytes octets(20, value);
  const bool own = std::string{id} == ca::oid::kSubjectKeyIdentifier;
  return {
      id, false,
      own ? ca::der::element(ca::der::tag::kOctetString, octets)
          : ca::der::element(ca::der::tag::kSequence, ca::der::element(ca::der::tag::context(0), octets))};
}

ca::Extension constraints(const char* hex) { return {ca::oid::kNameConstraints, true, ca::from_hex(hex)}; }
// Of what is permitted or excluded: [tag] { GeneralSubtree { directoryName } }
ca::Extension directory_constraint(std::uint8_t list, const ca::Bytes& name) {
  const ca::Bytes base = ca::der::element(ca::der::tag::context_constructed(4), name);
  const ca::Bytes subtree = ca::der::element(ca::der::tag::kSequence, base);
  const ca::Bytes subtrees = ca::der::element(ca::der::tag::context_constructed(list), subtree);
  return {ca::oid::kNameConstraints, true, ca::der::element(ca::der::tag::kSequence, subtrees)};
}

}  // namespace

TEST_CASE("import: a weak key anywhere in the chain is refused", "[authority][I11]") {
  Path path;
  SECTION("of the issuer") {
    path.use_keys("RSA:1024", "P-256");
    path.refuse(Code::malformed_certificate,
                std::string{"The key of the "} + kPlaces[1] + " is refused: RSA with 1024 bits");
  }
  SECTION("of the root") {
    path.use_keys("P-256", "RSA:1024");
    path.refuse(Code::malformed_certificate,
                std::string{"The key of the "} + kPlaces[2] + " is refused: RSA with 1024 bits");
  }
  SECTION("none") {
    path.use_keys("RSA:2048", "ED25519");
    CHECK_NOTHROW(path.import());
  }
}

TEST_CASE("import: a critical extension above that verifiers do not know is refused", "[authority][I11]") {
  for (const std::size_t place : {1U, 2U}) {
    INFO(place);
    for (const char* id : {"1.2.3.4", "2.5.29.46", "1.3.6.1.5.5.7.1.1", "2.5.29.18"}) {
      Path path;
      path.at(place).extensions.push_back({id, true, ca::from_hex("3000")});
      path.refuse(Code::malformed_certificate,
                  std::string{kPlaces.at(place)} + " marks extension " + id + " as critical");
      path.at(place).extensions.back().critical = false;
      CHECK_NOTHROW(path.import());
    }
    // policyConstraints, CRL distribution points: the own certificate must not have them critical.
    for (const auto& [id, value] :
         {std::pair{"2.5.29.36", "3003800100"}, std::pair{"2.5.29.31", "3000"},
          std::pair{"2.5.29.32", "300830060604551d2000"}, std::pair{"2.5.29.54", "020100"}}) {
      INFO(id);
      Path path;
      path.at(place).extensions.push_back({id, true, ca::from_hex(value)});
      CHECK_NOTHROW(path.import());
    }
  }
}

TEST_CASE("import: a certificate that ends after its issuer is taken, and issues until its issuer ends",
          "[authority][I10]") {
  Path path;
  const auto end = path.root.now + std::chrono::hours{24 * 30};
  path.top.validity.not_after = end;
  REQUIRE(path.own.validity.not_after > end);
  path.import();
  auto order = path.world.order(path.waiting.arn, test::make_csr());
  order.validity = {.value = end.time_since_epoch().count() + 1, .type = ca::ValidityRequest::Type::absolute};
  refused([&] { (void)path.world.service->issue(World::caller(), order); }, Code::validity_beyond_issuer,
          "exceeds");
  --order.validity.value;
  CHECK_NOTHROW(path.world.service->issue(World::caller(), order));
}

TEST_CASE("import: an authorityKeyIdentifier names the issuer's key", "[authority][I11]") {
  for (const std::size_t place : {0U, 1U, 2U}) {
    INFO(place);
    Path path;
    ca::TbsCertificate& issuer = path.at(std::min<std::size_t>(place + 1, 2));
    path.at(place).extensions.push_back(key_id(ca::oid::kAuthorityKeyIdentifier, 0xA5));
    CHECK_NOTHROW(path.import());  // the issuer has none to compare with
    issuer.extensions.push_back(key_id(ca::oid::kSubjectKeyIdentifier, 0xA5));
    CHECK_NOTHROW(path.import());
    issuer.extensions.back() = key_id(ca::oid::kSubjectKeyIdentifier, 0x5A);
    path.refuse(Code::certificate_mismatch, std::string{"The authorityKeyIdentifier of the "} +
                                                kPlaces.at(place) +
                                                " is not the subjectKeyIdentifier of the " +
                                                kPlaces.at(std::min<std::size_t>(place + 1, 2)));
  }
}

TEST_CASE("import: an authorityKeyIdentifier that cannot be read is refused", "[authority][I16]") {
  for (const std::size_t place : {0U, 1U, 2U}) {
    Path path;
    path.at(place).extensions.push_back(
        {ca::oid::kAuthorityKeyIdentifier, false, ca::from_hex("3003830101")});
    path.refuse(Code::malformed_certificate, std::string{kPlaces.at(place)} + " is refused");
  }
}

TEST_CASE("import: names of the path are inside the constraints above them", "[authority][I11]") {
  const ca::Bytes own_subject = ca::encode_subject({.common_name = "Sub"}).der();
  const ca::Bytes middle_subject = ca::encode_subject({.common_name = "Outside Middle"}).der();
  const auto outside = [](Path& path, std::size_t place, std::size_t above, const std::string& name) {
    path.refuse(Code::malformed_certificate, std::string{"The "} + kPlaces.at(place) +
                                                 " is outside the name constraints of the " +
                                                 kPlaces.at(above) + ": '" + name);
  };
  for (const std::size_t above : {1U, 2U}) {
    INFO(above);
    SECTION("an excluded subject " + std::to_string(above)) {
      Path path;
      path.at(above).extensions.push_back(directory_constraint(1, own_subject));
      outside(path, 0, above, "DirName:CN=Sub");
    }
    SECTION("a subject that is not permitted " + std::to_string(above)) {
      Path path;
      path.at(above).extensions.push_back(
          directory_constraint(0, ca::encode_subject({.common_name = "Other"}).der()));
      outside(path, 0, above, "DirName:CN=Sub");
    }
    SECTION("an alternative name " + std::to_string(above)) {
      Path path;
      path.own.extensions.push_back(test::san({test::dns("ca.evil.test")}));
      path.at(above).extensions.push_back(constraints("300fa10d300b82096576696c2e74657374"));
      outside(path, 0, above, "DNS:ca.evil.test");
      path.own.extensions.back() = test::san({test::dns("ca.good.test")});
      CHECK_NOTHROW(path.import());
      path.own.extensions.back() = test::san({test::dns("not a host")});
      outside(path, 0, above, "DNS:not a host");
    }
  }
  SECTION("of a certificate in between") {
    Path path;
    path.top.extensions.push_back(directory_constraint(1, middle_subject));
    outside(path, 1, 2, "DirName:CN=Outside Middle");
  }
  SECTION("its own are about what stands below") {
    Path path;
    path.own.extensions.push_back(directory_constraint(1, own_subject));
    CHECK_NOTHROW(path.import());
  }
}

TEST_CASE("import: purposes that cannot be read are refused", "[authority][I16]") {
  for (const std::size_t place : {0U, 1U, 2U}) {
    Path path;
    path.at(place).extensions.push_back({ca::oid::kExtendedKeyUsage, false, ca::from_hex("3000")});
    path.refuse(Code::malformed_certificate, std::string{kPlaces.at(place)} + " is refused");
  }
}

TEST_CASE("import: a certificate of the chain that cannot be read is named by its number", "[authority]") {
  Path path;
  const std::string empty = ca::to_pem("CERTIFICATE", ca::Bytes{0x30, 0x00});
  refused(
      [&] { path.waiting.import_pem(path.middle.pem(path.own), path.root.pem(path.above) + "\n" + empty); },
      Code::malformed_certificate, "Chain certificate 2: The certificate is not valid");
}
