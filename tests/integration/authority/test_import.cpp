#include "ca/base/hex.hpp"
#include "tests/integration/authority/outside.hpp"

// Every rule of ImportCertificateAuthorityCertificate, broken one at a time.

using ca::Code;
using std::chrono::hours;
using test::Outside;
using test::refused;
using test::Waiting;
using test::World;

namespace {

// Certificates of the subordinate and of the root above it, with one thing changed in either.
template <typename Change>
void broken(const Waiting& waiting, Code code, const std::string& why, Change change) {
  auto certificate = waiting.certificate();
  change(certificate);
  refused([&] { waiting.import(certificate); }, code, why);
  auto root = waiting.outside.root();
  change(root);
  refused([&] { waiting.import(waiting.certificate(), waiting.outside.pem(root)); }, code, why);
}

ca::Extension& extension(ca::TbsCertificate& tbs, const char* id) {
  for (auto& candidate : tbs.extensions) {
    if (candidate.id == id) {
      return candidate;
    }
  }
  throw std::runtime_error{"no such extension"};
}

ca::TbsCertificate self_signed_for(const Outside& self, const ca::AuthorityRecord& record) {
  return self.authority(self.name, record.spki_der);
}

// By the authority's own key.
std::string signed_by(World& world, const ca::AuthorityRecord& record, const ca::TbsCertificate& tbs) {
  const ca::Bytes body = tbs.encode();
  const ca::Bytes signature = test::sign(world.signer.private_key(record.key_uri).get(), body);
  return ca::to_pem("CERTIFICATE", ca::assemble_signed(body, tbs.signing_algorithm, signature));
}

}  // namespace

TEST_CASE("import: what is no PEM of certificates is refused", "[authority][I16]") {
  World world;
  const Waiting waiting{world};
  const std::string good = waiting.outside.pem(waiting.certificate());
  const std::string root = waiting.outside.pem(waiting.outside.root());
  const std::string request = world.service->csr(World::caller(), waiting.arn);
  const auto certificate = [&](const std::string& pem, const std::string& why) {
    refused([&] { waiting.import_pem(pem, root); }, Code::malformed_certificate, why);
  };
  certificate("not pem", "The certificate is not valid PEM");
  certificate("", "exactly one PEM block");
  certificate(good + "\n" + good, "The certificate is not valid PEM");
  certificate(request, "a PEM block of type CERTIFICATE REQUEST");
  certificate(ca::to_pem("CERTIFICATE", ca::Bytes{0x30, 0x00}), "The certificate is not valid:");
  const auto chain = [&](const std::string& pem, const std::string& why) {
    refused([&] { waiting.import_pem(good, pem); }, Code::malformed_certificate, why);
  };
  chain("not pem", "The certificate chain is not valid PEM");
  chain(root + "\n" + request, "a PEM block of type CERTIFICATE REQUEST");
  chain(ca::to_pem("CERTIFICATE", ca::Bytes{0x30, 0x00}), "The certificate is not valid:");
  std::string seventeen = root;
  for (int i = 0; i < 16; ++i) {
    seventeen += "\n" + root;
  }
  chain(seventeen, "more than 16 blocks");
  CHECK_NOTHROW(waiting.import_pem(good + "\n", root + "\n\n"));
}

TEST_CASE("import: a certificate for another key or another subject is refused", "[authority][I14]") {
  World world;
  const Waiting waiting{world};
  auto certificate = waiting.certificate();
  certificate.spki_der = test::spki_of(test::make_pkey("P-256").get());
  refused([&] { waiting.import(certificate); }, Code::certificate_mismatch, "public key is not");
  certificate = waiting.certificate();
  certificate.subject = test::named("Other");
  refused([&] { waiting.import(certificate); }, Code::certificate_mismatch, "subject is not");
}

TEST_CASE("import: a certificate that is no authority's is refused, here and above", "[authority][I11]") {
  World world;
  const Waiting waiting{world};
  const auto malformed = Code::malformed_certificate;
  SECTION("basicConstraints are missing") {
    broken(waiting, malformed, "must have the basicConstraints extension",
           [](auto& tbs) { tbs.extensions.erase(tbs.extensions.begin()); });
  }
  SECTION("basicConstraints are not critical") {
    broken(waiting, malformed, "must have the basicConstraints extension",
           [](auto& tbs) { extension(tbs, ca::oid::kBasicConstraints).critical = false; });
  }
  SECTION("basicConstraints do not say CA") {
    broken(waiting, malformed, "must have the basicConstraints extension", [](auto& tbs) {
      extension(tbs, ca::oid::kBasicConstraints).value = {0x30, 0x00};
    });
  }
  SECTION("keyUsage has no keyCertSign") {
    broken(waiting, malformed, "keyUsage without keyCertSign", [](auto& tbs) {
      extension(tbs, ca::oid::kKeyUsage).value = {0x03, 0x02, 0x01, 0x82};
    });
  }
  SECTION("no keyUsage at all is allowed") {
    auto certificate = waiting.certificate();
    certificate.extensions.pop_back();
    CHECK_NOTHROW(waiting.import(certificate));
  }
  SECTION("it ends before it begins") {
    broken(waiting, malformed, "ends before it begins", [&](auto& tbs) {
      tbs.validity = {waiting.outside.now + hours{2}, waiting.outside.now + hours{1}};
    });
  }
  SECTION("it has expired") {
    broken(waiting, malformed, "has expired at 2026-11-24T11:59:59Z",
           [&](auto& tbs) { tbs.validity.not_after = waiting.outside.now - std::chrono::seconds{1}; });
  }
  SECTION("it ends this second") {
    auto certificate = waiting.certificate();
    certificate.validity.not_after = waiting.outside.now;
    CHECK_NOTHROW(waiting.import(certificate));
  }
}

TEST_CASE("import: extensions may be critical by a list of names", "[authority][I11]") {
  World world;
  const Waiting waiting{world};
  const auto with_critical = [&](const char* id, const char* value) {
    auto certificate = waiting.certificate();
    certificate.extensions.push_back({id, true, ca::from_hex(value)});
    return certificate;
  };
  // CRL distribution points, freshestCRL, policyConstraints, authorityInfoAccess, one that nobody knows.
  for (const char* id : {"2.5.29.31", "2.5.29.46", "2.5.29.36", "1.3.6.1.5.5.7.1.1", "1.2.3.4"}) {
    refused([&] { waiting.import(with_critical(id, "3000")); }, Code::malformed_certificate,
            std::string{"marks extension "} + id + " as critical");
    auto certificate = with_critical(id, "3000");
    certificate.extensions.back().critical = false;
    CHECK_NOTHROW(waiting.import(certificate));
  }
  for (const auto& [id, value] :
       {std::pair{"2.5.29.37", "300a06082b06010505070309"}, std::pair{"2.5.29.32", "3000"},
        std::pair{"2.5.29.54", "020100"}, std::pair{"2.5.29.17", "3003820161"},
        std::pair{"2.5.29.30", "300fa10d300b82096576696c2e74657374"}}) {
    INFO(id);
    CHECK_NOTHROW(waiting.import(with_critical(id, value)));
  }
}

TEST_CASE("import: name constraints that cannot be evaluated are refused, here and above",
          "[authority][I11]") {
  World world;
  const Waiting waiting{world};
  // Excludes a registeredID, a form that is not supported; says nothing.
  for (const char* value : {"300aa108300688042a030405", "3000"}) {
    broken(waiting, Code::malformed_certificate, "name constraints cannot be evaluated", [&](auto& tbs) {
      tbs.extensions.push_back({ca::oid::kNameConstraints, true, ca::from_hex(value)});
    });
  }
}

TEST_CASE("import: the chain goes from the issuer up to the root and ends there", "[authority][I11]") {
  World world;
  const Waiting waiting{world};
  const Outside middle{world, "Outside Middle"};
  const std::string root = waiting.outside.pem(waiting.outside.root());
  const std::string above = waiting.outside.pem(waiting.outside.authority(middle));
  const std::string own = middle.pem(waiting.certificate(middle));
  const auto chain = [&](const std::string& pem, Code code, const std::string& why) {
    refused([&] { waiting.import_pem(own, pem); }, code, why);
  };
  const auto mismatch = Code::certificate_mismatch;
  SECTION("in the wrong order") { chain(root + "\n" + above, mismatch, "did not issue 'CN=Sub'"); }
  SECTION("without the issuer") { chain(root, mismatch, "'CN=Outside Root' did not issue 'CN=Sub'"); }
  SECTION("without the root") { chain(above, mismatch, "must end with the self-signed root"); }
  SECTION("of another issuer by the same name") {
    const Outside other{world, "Outside Middle"};
    chain(waiting.outside.pem(waiting.outside.authority(other)) + "\n" + root, mismatch,
          "did not issue 'CN=Sub'");
  }
  SECTION("of another root by the same name") {
    const Outside other{world};
    chain(above + "\n" + other.pem(other.root()), mismatch, "did not issue 'CN=Outside Middle'");
  }
  SECTION("of another name with the same key") {
    auto renamed = waiting.outside.root();
    renamed.subject = renamed.issuer = test::named("Renamed");
    chain(above + "\n" + waiting.outside.pem(renamed), mismatch, "did not issue 'CN=Outside Middle'");
  }
  SECTION("a root that claims to be its own issuer and is not") {
    auto claim = waiting.outside.root();
    claim.spki_der = test::spki_of(middle.key.get());
    refused([&] { waiting.import_pem(own, middle.pem(waiting.outside.root()) + "\n" + root); }, mismatch,
            "did not issue");
    refused([&] { waiting.import(waiting.certificate(), waiting.outside.pem(claim)); }, mismatch,
            "did not issue 'CN=Sub'");
  }
  SECTION("with the authority's own certificate") {
    chain(own + "\n" + above + "\n" + root, Code::malformed_certificate, "must not contain");
  }
  SECTION("with more behind the root") {
    const std::string again = waiting.outside.pem(waiting.outside.root());
    for (const std::string& more : {root, again, above}) {
      chain(above + "\n" + root + "\n" + more, mismatch, "goes on behind its self-signed root");
    }
  }
  SECTION("right") { CHECK_NOTHROW(waiting.import_pem(own, above + "\n" + root)); }
}

TEST_CASE("import: path lengths above allow this authority", "[authority][I11]") {
  World world;
  const Waiting waiting{world};
  const Outside middle{world, "Outside Middle"};
  const std::string own = middle.pem(waiting.certificate(middle));
  const auto import = [&](std::optional<std::uint8_t> root_length,
                          std::optional<std::uint8_t> middle_length) {
    auto root = waiting.outside.root();
    auto above = waiting.outside.authority(middle);
    if (root_length) {
      test::set_path_length(root, *root_length);
    }
    if (middle_length) {
      test::set_path_length(above, *middle_length);
    }
    waiting.import_pem(own, waiting.outside.pem(above) + "\n" + waiting.outside.pem(root));
  };
  refused([&] { import(std::nullopt, 0); }, Code::path_length_exceeded, "'CN=Outside Middle' does not allow");
  refused([&] { import(0, std::nullopt); }, Code::path_length_exceeded, "'CN=Outside Root' does not allow");
  refused([&] { import(1, 3); }, Code::path_length_exceeded, "'CN=Outside Root' does not allow");
  CHECK_NOTHROW(import(2, 1));
  CHECK_NOTHROW(import(std::nullopt, std::nullopt));
}

TEST_CASE("import: a SUBORDINATE takes a certificate of another authority with its chain", "[authority]") {
  World world;
  const Waiting waiting{world};
  const auto record = world.service->describe(World::caller(), waiting.arn);
  const std::string own = waiting.outside.pem(waiting.certificate());
  refused([&] { waiting.import_pem(own, std::nullopt); }, Code::invalid_request, "needs the chain");
  refused([&] { waiting.import_pem(own, ""); }, Code::invalid_request, "needs the chain");
  const Outside self{world, "Sub"};
  const std::string self_signed = signed_by(world, record, self_signed_for(self, record));
  refused([&] { waiting.import_pem(self_signed, self_signed); }, Code::certificate_mismatch,
          "SUBORDINATE does not take a self-signed certificate");
}

TEST_CASE("import: a ROOT takes its own self-signed certificate without a chain", "[authority][I11]") {
  World world;
  const auto arn = world.create(ca::AuthorityType::root, "Root");
  const auto record = world.service->describe(World::caller(), arn);
  const Outside outside{world};
  Outside self{world, "Root"};
  const auto import = [&](const std::string& certificate,
                          const std::optional<std::string>& chain = std::nullopt) {
    world.service->import_certificate(World::caller(), {arn, certificate, chain});
  };
  const std::string good = signed_by(world, record, self_signed_for(self, record));
  refused([&] { import(outside.pem(outside.authority(self.name, record.spki_der))); },
          Code::certificate_mismatch, "ROOT takes a self-signed certificate only");
  // Its own name as issuer, another key's signature.
  refused([&] { import(outside.pem(self_signed_for(self, record))); }, Code::certificate_mismatch,
          "ROOT takes a self-signed certificate only");
  refused([&] { import(good, good); }, Code::invalid_request, "ROOT takes no certificate chain");
  refused([&] { import(self.pem(self.root())); }, Code::certificate_mismatch, "public key is not");
  // Byte for byte: what a root certifies about itself, it has no reason to spell in another way.
  self.name =
      ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "Root", ca::der::tag::kPrintableString}}));
  refused([&] { import(signed_by(world, record, self_signed_for(self, record))); },
          Code::certificate_mismatch, "subject is not");
  CHECK_NOTHROW(import(good));
}

TEST_CASE("import: a subject is compared by its RDNs and their text", "[authority][I11]") {
  World world;
  // Of an authority that has no certificate yet: one that has must keep what stands there.
  const auto import = [&](const ca::Bytes& subject) {
    ca::CreateAuthorityOrder order;
    order.type = ca::AuthorityType::subordinate;
    order.subject = ca::encode_subject({.organization = "Org", .common_name = "Sub"});
    const Waiting waiting{world, world.service->create(World::caller(), order)};
    auto certificate = waiting.certificate();
    certificate.subject = ca::DistinguishedName::parse(subject);
    waiting.import(certificate);
  };
  const auto mismatch = [&](const ca::Bytes& subject) {
    refused([&] { import(subject); }, Code::certificate_mismatch, "subject is not");
  };
  const auto printable = ca::der::tag::kPrintableString;
  const std::string wide{"\0S\0u\0b", 6};
  CHECK_NOTHROW(import(test::name_der({{"2.5.4.10", "Org", printable}, {"2.5.4.3", "Sub", printable}})));
  CHECK_NOTHROW(import(test::name_der({{"2.5.4.10", "Org"}, {"2.5.4.3", wide, ca::der::tag::kBmpString}})));
  mismatch(test::name_der({{"2.5.4.10", "org"}, {"2.5.4.3", "Sub"}}));
  mismatch(test::name_der({{"2.5.4.10", "Org"}}));
  mismatch(test::name_der({{"2.5.4.3", "Sub"}, {"2.5.4.10", "Org"}}));
  mismatch(test::name_der({{"2.5.4.10", "Org"}, {"2.5.4.3", "Sub"}, {"2.5.4.3", "Sub"}}));
  mismatch(
      ca::der::element(ca::der::tag::kSequence, test::rdn_der({{"2.5.4.3", "Sub"}, {"2.5.4.10", "Org"}})));
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
  for (const std::size_t size : {0U, 65U}) {
    refused([&] { waiting.import(with_id(size)); }, Code::malformed_certificate, "must have 1 to 64 bytes");
  }
  for (const std::size_t size : {1U, 20U, 64U}) {
    waiting.import(with_id(size));
    CHECK_NOTHROW(waiting.issue());
  }
}

TEST_CASE("import: the state of the authority allows it", "[authority]") {
  World world;
  SECTION("CREATING") {
    world.options.create_wait = std::chrono::milliseconds{20};
    world.restart();
    world.signer.set_away(true);
    const auto arn = world.create(ca::AuthorityType::subordinate, "Sub");
    refused(
        [&] {
          world.service->import_certificate(World::caller(), {arn, "x", "x"});
        },
        Code::request_in_progress, "key pair is still being made");
  }
  SECTION("DISABLED") {
    const Waiting waiting{world};
    waiting.import(waiting.certificate());
    world.service->update(World::caller(), waiting.arn, {.status = ca::AuthorityStatus::disabled});
    refused([&] { waiting.import(waiting.certificate()); }, Code::invalid_state,
            "not in a valid state to import");
  }
  SECTION("ACTIVE and EXPIRED") {
    Waiting waiting{world};
    waiting.import(waiting.certificate());
    CHECK_NOTHROW(waiting.import(waiting.certificate()));
    world.clock.advance(hours{24 * 366});
    CHECK(world.service->describe(World::caller(), waiting.arn).status == ca::AuthorityStatus::expired);
    waiting.outside.now += hours{24 * 366};
    waiting.import(waiting.certificate());
    CHECK(world.service->describe(World::caller(), waiting.arn).status == ca::AuthorityStatus::active);
  }
  SECTION("EXPIRED while DISABLED stays DISABLED") {
    Waiting waiting{world};
    waiting.import(waiting.certificate());
    world.service->update(World::caller(), waiting.arn, {.status = ca::AuthorityStatus::disabled});
    world.clock.advance(hours{24 * 366});
    waiting.outside.now += hours{24 * 366};
    waiting.import(waiting.certificate());
    CHECK(world.service->describe(World::caller(), waiting.arn).status == ca::AuthorityStatus::disabled);
  }
}

TEST_CASE("import: what was imported is given out as it was sent", "[authority]") {
  World world;
  const Waiting waiting{world};
  const std::string own = waiting.outside.pem(waiting.certificate());
  const std::string root = waiting.outside.pem(waiting.outside.root());
  waiting.import_pem(own + "\n", root + "\r\n");
  const auto back = world.service->authority_certificate(World::caller(), waiting.arn);
  CHECK(back.certificate == own);
  CHECK(back.chain == root);
}
