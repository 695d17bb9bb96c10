#pragma once
#include "ca/x509/der.hpp"
#include "ca/x509/ocsp.hpp"
#include "tests/integration/authority/crls.hpp"

namespace test {

// An authority below a root, with CRLs and OCSP.
struct Renewing {
  World& world;
  ca::AuthorityArn root, arn;

  explicit Renewing(World& its_world, ca::CrlType type = ca::CrlType::complete)
      : Renewing{its_world, its_world.active_root(), "Issuing", type} {}
  Renewing(World& its_world, const ca::AuthorityArn& its_root, const std::string& name,
           ca::CrlType type = ca::CrlType::complete)
      : world{its_world}, root{its_root}, arn{world.active_subordinate(root, name, 0)} {
    auto wanted = with_crl(type);
    wanted.ocsp.enabled = true;
    configure(world, arn, wanted);
  }
  [[nodiscard]] ca::AuthorityService& service() const { return *world.service; }
  [[nodiscard]] ca::AuthorityRecord record() const { return world.store->authority(arn).value(); }
  [[nodiscard]] ca::AuthorityService::Key prepare() const {
    return service().prepare_key(World::caller(), arn);
  }
  // The root's certificate for a key.
  [[nodiscard]] ca::CertificatePem certified(const ca::AuthorityService::Key& key) const {
    auto order = world.order(root, ca::to_pem("CERTIFICATE REQUEST", key.generation.csr_der),
                             "SubordinateCACertificate_PathLen0");
    order.validity.value = 1000;
    const auto certificate = service().issue(World::caller(), order);
    return service().certificate(World::caller(), root, certificate);
  }
  void import(const ca::AuthorityService::Key& key) const {
    const auto pem = certified(key);
    service().import_certificate(World::caller(), {arn, pem.certificate, pem.chain});
  }
  std::uint64_t publish_next() const {
    const auto key = prepare();
    import(key);
    return key.generation.key_number;
  }
  void activate(std::uint64_t number) const { (void)service().activate_key(World::caller(), arn, number); }
  [[nodiscard]] std::vector<std::pair<std::uint64_t, ca::AuthorityService::Key::State>> keys() const {
    std::vector<std::pair<std::uint64_t, ca::AuthorityService::Key::State>> states;
    for (const ca::AuthorityService::Key& key : service().keys(World::caller(), arn)) {
      states.emplace_back(key.generation.key_number, key.state);
    }
    return states;
  }
  [[nodiscard]] ca::Certificate authority_certificate(std::uint64_t number) const {
    return ca::Certificate::parse(service().public_certificate({arn.id, number}).value());
  }
  [[nodiscard]] ca::Certificate certificate(const ca::CertificateArn& leaf) const {
    return ca::Certificate::parse(world.store->certificate(arn, leaf.serial).value().der);
  }
  [[nodiscard]] bool is_signed_by(const ca::CertificateArn& leaf, std::uint64_t number) const {
    return certificate(leaf).is_signed_by(authority_certificate(number).public_key);
  }
  [[nodiscard]] ca::OcspResponder::Reply reply(const ca::SerialNumber& serial, std::uint64_t number) const {
    const auto issuer = authority_certificate(number);
    const ca::Bytes id = ca::encode_cert_id(ca::Digest::sha256, issuer.subject, issuer.public_key, serial);
    const auto sequence = [](const ca::Bytes& der) { return ca::der::element(ca::der::tag::kSequence, der); };
    return service().answer_ocsp(sequence(sequence(sequence(sequence(id)))), "192.0.2.1");
  }
  [[nodiscard]] bool eventually(const ca::SerialNumber& serial, std::uint64_t number,
                                ca::OcspResult result) const {
    return World::eventually([&] { return reply(serial, number).answer->result == result; });
  }
  void check_chain(const Leaf& leaf, std::uint64_t number) const {
    const auto pem = service().certificate(World::caller(), arn, leaf.arn);
    const auto chain = ca::parse_pem(pem.chain.value(), 3);
    CHECK(chain.size() == 2);
    CHECK(chain.at(0).der == authority_certificate(number).der);
    CHECK(is_signed_by(leaf.arn, number));
    CHECK(certificate(leaf.arn).authority_key_id() == authority_certificate(number).subject_key_id());
  }
};

}  // namespace test
