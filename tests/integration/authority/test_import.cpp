#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/tbs_certificate.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

using test::World;

namespace {

using std::chrono::hours;

ca::Code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ca::Error& error) {
    UNSCOPED_INFO(error.what());
    return error.code();
  }
  FAIL("nothing was thrown");
  return ca::Code::internal;
}

ca::DistinguishedName named(const std::string& common_name) {
  return ca::encode_subject({.common_name = common_name});
}

// An issuer outside of the daemon, which makes certificates with any contents.
struct Outside {
  ca::Seconds now;
  ca::openssl::Pkey key = test::make_pkey("P-256");
  ca::DistinguishedName name = named("Outside Root");

  explicit Outside(const World& world) : now{ca::to_seconds(world.clock.now())} {}

  // As every authority's certificate must be: a test changes what it is about.
  [[nodiscard]] ca::TbsCertificate authority(const ca::DistinguishedName& subject,
                                             const ca::Bytes& spki) const {
    return {.serial = ca::SerialNumber::random(),
            .signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
            .issuer = name,
            .validity = {now - hours{1}, now + hours{24 * 365}},
            .subject = subject,
            .spki_der = spki,
            .extensions = {{ca::oid::kBasicConstraints, true, {0x30, 0x03, 0x01, 0x01, 0xFF}},
                           {ca::oid::kKeyUsage, true, {0x03, 0x02, 0x01, 0x06}}}};
  }
  [[nodiscard]] ca::TbsCertificate root() const { return authority(name, test::spki_of(key.get())); }

  [[nodiscard]] std::string pem(const ca::TbsCertificate& tbs) const {
    const ca::Bytes der = tbs.encode();
    return ca::to_pem("CERTIFICATE",
                      ca::assemble_signed(der, tbs.signing_algorithm, test::sign(key.get(), der)));
  }
};

// A SUBORDINATE that waits for its certificate from outside.
struct Waiting {
  World& world;
  ca::AuthorityArn arn;
  Outside outside{world};

  explicit Waiting(World& its_world)
      : Waiting{its_world, its_world.create(ca::AuthorityType::subordinate, "Sub")} {}
  Waiting(World& its_world, ca::AuthorityArn its_arn) : world{its_world}, arn{std::move(its_arn)} {}

  [[nodiscard]] ca::TbsCertificate certificate() const {
    const auto record = world.service->describe(World::caller(), arn);
    return outside.authority(ca::DistinguishedName::parse(record.subject_der), record.spki_der);
  }
  void import(const ca::TbsCertificate& certificate, std::optional<std::string> chain = std::nullopt) const {
    world.service->import_certificate(
        World::caller(), {arn, outside.pem(certificate), chain ? chain : outside.pem(outside.root())});
  }
};

}  // namespace

TEST_CASE("import: a certificate that ends before it begins is refused", "[authority][I10]") {
  World world;
  const Waiting waiting{world};
  auto certificate = waiting.certificate();
  certificate.validity = {waiting.outside.now + hours{2}, waiting.outside.now + hours{1}};
  CHECK(code_of([&] { waiting.import(certificate); }) == ca::Code::malformed_certificate);
  auto root = waiting.outside.root();
  root.validity = certificate.validity;
  CHECK(code_of([&] { waiting.import(waiting.certificate(), waiting.outside.pem(root)); }) ==
        ca::Code::malformed_certificate);
  CHECK_NOTHROW(waiting.import(waiting.certificate()));
}

TEST_CASE("import: an authority whose certificate starts later is accepted and issues nothing until then",
          "[authority][I10]") {
  World world;
  const Waiting waiting{world};
  auto certificate = waiting.certificate();
  auto root = waiting.outside.root();
  // Either may be the one that starts later.
  const bool above = GENERATE(false, true);
  (above ? root : certificate).validity.not_before = waiting.outside.now + hours{1};
  waiting.import(certificate, waiting.outside.pem(root));
  const auto issue = [&] {
    return world.service->issue(World::caller(), world.order(waiting.arn, test::make_csr()));
  };
  CHECK(code_of([&] { (void)issue(); }) == ca::Code::invalid_state);
  world.service->replace_profiles({world.profile(waiting.arn)});
  ca::ProvisioningOrder device;
  device.device_id = "device-7";
  device.csr_pem = test::make_csr();
  CHECK(code_of([&] { (void)world.service->provision(World::caller(), device); }) == ca::Code::invalid_state);

  world.clock.advance(hours{1});
  const auto row = world.store->certificate(waiting.arn, issue().serial).value();
  CHECK(row.validity.not_before == waiting.outside.now + hours{1});
}

TEST_CASE("import: name constraints that cannot be evaluated are refused, here and above",
          "[authority][I11]") {
  World world;
  const Waiting waiting{world};
  // Excludes a registeredID, a form that is not supported; nothing; everything of evil.test.
  for (const char* value : {"300aa108300688042a030405", "3000", "300fa10d300b82096576696c2e74657374"}) {
    INFO(value);
    const bool good = std::string{value}.find("82096576") != std::string::npos;
    for (const bool above : {false, true}) {
      auto certificate = waiting.certificate();
      auto root = waiting.outside.root();
      (above ? root : certificate)
          .extensions.push_back({ca::oid::kNameConstraints, true, ca::from_hex(value)});
      const auto import = [&] { waiting.import(certificate, waiting.outside.pem(root)); };
      if (good) {
        CHECK_NOTHROW(import());
      } else {
        CHECK(code_of(import) == ca::Code::malformed_certificate);
      }
    }
  }
}

TEST_CASE("import: the chain ends with its root", "[authority]") {
  World world;
  const Waiting waiting{world};
  const std::string root = waiting.outside.pem(waiting.outside.root());
  // The same name and key once more: each certificate would verify under the next.
  const std::string again = waiting.outside.pem(waiting.outside.root());
  for (const std::string& chain :
       {root + "\n" + root, root + "\n" + again, again + "\n" + root + "\n" + again}) {
    CHECK(code_of([&] { waiting.import(waiting.certificate(), chain); }) == ca::Code::certificate_mismatch);
  }
  CHECK_NOTHROW(waiting.import(waiting.certificate(), root));
}

TEST_CASE("import: a subject is compared by its RDNs and their text", "[authority][I11]") {
  World world;
  ca::CreateAuthorityOrder order;
  order.type = ca::AuthorityType::subordinate;
  order.subject = ca::encode_subject({.organization = "Org", .common_name = "Sub"});
  const Waiting waiting{world, world.service->create(World::caller(), order)};
  const auto import_as = [&](const ca::Bytes& subject) {
    auto certificate = waiting.certificate();
    certificate.subject = ca::DistinguishedName::parse(subject);
    waiting.import(certificate);
  };
  const auto code_as = [&](const ca::Bytes& subject) { return code_of([&] { import_as(subject); }); };
  const auto printable = ca::der::tag::kPrintableString;
  const std::string wide{"\0S\0u\0b", 6};
  CHECK_NOTHROW(import_as(test::name_der({{"2.5.4.10", "Org", printable}, {"2.5.4.3", "Sub", printable}})));
  CHECK_NOTHROW(
      import_as(test::name_der({{"2.5.4.10", "Org"}, {"2.5.4.3", wide, ca::der::tag::kBmpString}})));
  CHECK(code_as(test::name_der({{"2.5.4.10", "org"}, {"2.5.4.3", "Sub"}})) == ca::Code::certificate_mismatch);
  CHECK(code_as(test::name_der({{"2.5.4.10", "Org"}})) == ca::Code::certificate_mismatch);
  CHECK(code_as(test::name_der({{"2.5.4.3", "Sub"}, {"2.5.4.10", "Org"}})) == ca::Code::certificate_mismatch);
  CHECK(code_as(test::name_der({{"2.5.4.10", "Org"}, {"2.5.4.3", "Sub"}, {"2.5.4.3", "Sub"}})) ==
        ca::Code::certificate_mismatch);
  const ca::Bytes both = test::rdn_der({{"2.5.4.3", "Sub"}, {"2.5.4.10", "Org"}});
  CHECK(code_as(ca::der::element(ca::der::tag::kSequence, both)) == ca::Code::certificate_mismatch);
}

TEST_CASE("import: a root keeps its own subject byte for byte", "[authority][I11]") {
  World world;
  const auto arn = world.create(ca::AuthorityType::root, "Root");
  const auto record = world.service->describe(World::caller(), arn);
  Outside self{world};
  self.name =
      ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "Root", ca::der::tag::kPrintableString}}));
  const auto import = [&] {
    const auto tbs = self.authority(self.name, record.spki_der);
    const ca::Bytes body = tbs.encode();
    const ca::Bytes signature = test::sign(world.signer.private_key(record.key_uri).get(), body);
    const ca::Bytes der = ca::assemble_signed(body, tbs.signing_algorithm, signature);
    world.service->import_certificate(World::caller(), {arn, ca::to_pem("CERTIFICATE", der), std::nullopt});
  };
  CHECK(code_of(import) == ca::Code::certificate_mismatch);
  self.name = ca::DistinguishedName::parse(record.subject_der);
  CHECK_NOTHROW(import());
}

TEST_CASE("import: a key identifier that no certificate could carry is refused", "[authority]") {
  World world;
  const Waiting waiting{world};
  const auto with_id = [&](std::size_t size) {
    auto certificate = waiting.certificate();
    certificate.extensions.push_back({ca::oid::kSubjectKeyIdentifier, false,
                                      ca::der::element(ca::der::tag::kOctetString, ca::Bytes(size, 0xA5))});
    return certificate;
  };
  CHECK(code_of([&] { waiting.import(with_id(0)); }) == ca::Code::malformed_certificate);
  CHECK(code_of([&] { waiting.import(with_id(65)); }) == ca::Code::malformed_certificate);
  for (const std::size_t size : {1U, 20U, 64U}) {
    waiting.import(with_id(size));
    CHECK_NOTHROW(world.service->issue(World::caller(), world.order(waiting.arn, test::make_csr())));
  }
}

TEST_CASE("issue: a notBefore before the issuer's is refused and one that nobody asked for is not",
          "[authority][I10]") {
  World world;
  const auto root = world.active_root();
  auto order = world.order(root, test::make_csr(), "CodeSigningCertificate");
  order.not_before = ca::ValidityRequest{.value = 0, .type = ca::ValidityRequest::Type::absolute};
  CHECK(code_of([&] { (void)world.service->issue(World::caller(), order); }) ==
        ca::Code::validity_beyond_issuer);
  const auto begin = world.service->describe(World::caller(), root).validity->not_before;
  order.not_before->value = begin.time_since_epoch().count();
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
  order.not_before.reset();
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
}
