#pragma once
#include "ca/base/error.hpp"
#include "ca/x509/tbs_certificate.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace test {

inline void refused(const std::function<void()>& call, ca::Code code, const std::string& why) {
  try {
    call();
    FAIL("passed: " << why);
  } catch (const ca::Error& error) {
    CHECK(error.code() == code);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

inline ca::DistinguishedName named(const std::string& common_name) {
  return ca::encode_subject({.common_name = common_name});
}

// An issuer outside of the daemon, which makes certificates with any contents.
struct Outside {
  ca::Seconds now;
  ca::DistinguishedName name;
  ca::openssl::Pkey key = make_pkey("P-256");

  explicit Outside(const World& world, const std::string& common_name = "Outside Root")
      : now{ca::to_seconds(world.clock.now())}, name{named(common_name)} {}

  // As every authority's certificate must be: a test changes what it is about.
  [[nodiscard]] ca::TbsCertificate authority(const ca::DistinguishedName& subject,
                                             const ca::Bytes& spki) const {
    using std::chrono::hours;
    return {.serial = ca::SerialNumber::random(),
            .signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
            .issuer = name,
            .validity = {now - hours{1}, now + hours{24 * 365}},
            .subject = subject,
            .spki_der = spki,
            .extensions = {{ca::oid::kBasicConstraints, true, {0x30, 0x03, 0x01, 0x01, 0xFF}},
                           {ca::oid::kKeyUsage, true, {0x03, 0x02, 0x01, 0x06}}}};
  }
  [[nodiscard]] ca::TbsCertificate authority(const Outside& below) const {
    return authority(below.name, spki_of(below.key.get()));
  }
  [[nodiscard]] ca::TbsCertificate root() const { return authority(*this); }

  [[nodiscard]] std::string pem(const ca::TbsCertificate& tbs) const {
    const ca::Bytes der = tbs.encode();
    return ca::to_pem("CERTIFICATE", ca::assemble_signed(der, tbs.signing_algorithm, sign(key.get(), der)));
  }
};

inline void set_path_length(ca::TbsCertificate& tbs, std::uint8_t length) {
  tbs.extensions.front().value = {0x30, 0x06, 0x01, 0x01, 0xFF, 0x02, 0x01, length};
}

// A SUBORDINATE that waits for its certificate from outside.
struct Waiting {
  World& world;
  ca::AuthorityArn arn;
  Outside outside{world};

  explicit Waiting(World& its_world)
      : Waiting{its_world, its_world.create(ca::AuthorityType::subordinate, "Sub")} {}
  Waiting(World& its_world, ca::AuthorityArn its_arn) : world{its_world}, arn{std::move(its_arn)} {}

  [[nodiscard]] ca::TbsCertificate certificate() const { return certificate(outside); }
  [[nodiscard]] ca::TbsCertificate certificate(const Outside& issuer) const {
    const auto record = world.service->describe(World::caller(), arn);
    return issuer.authority(ca::DistinguishedName::parse(record.subject_der), record.spki_der);
  }
  void import_pem(const std::string& certificate, const std::optional<std::string>& chain) const {
    world.service->import_certificate(World::caller(), {arn, certificate, chain});
  }
  void import(const ca::TbsCertificate& certificate,
              const std::optional<std::string>& chain = std::nullopt) const {
    import_pem(outside.pem(certificate), chain ? chain : outside.pem(outside.root()));
  }
  [[nodiscard]] ca::CertificateArn issue(const CsrOptions& csr = {},
                                         const std::string& template_name = "EndEntityCertificate") const {
    return world.service->issue(World::caller(), world.order(arn, make_csr(csr), template_name));
  }
};

}  // namespace test
