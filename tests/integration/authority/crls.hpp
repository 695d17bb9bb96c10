#pragma once
#include <set>

#include "ca/x509/crl.hpp"
#include "tests/integration/authority/outside.hpp"

// What tests of CRLs do: configure, issue, revoke, and look at what relying parties get.
namespace test {
using namespace std::chrono_literals;

inline ca::RevocationConfiguration with_crl(ca::CrlType type = ca::CrlType::complete) {
  ca::RevocationConfiguration wanted;
  wanted.crl.enabled = true;
  wanted.crl.expiration_days = 7;
  wanted.crl.type = type;
  return wanted;
}

inline void configure(World& world, const ca::AuthorityArn& arn, const ca::RevocationConfiguration& wanted) {
  world.service->update(World::caller(), arn, {.status = std::nullopt, .revocation = wanted});
}

struct Leaf {
  ca::CertificateArn arn;
  std::string crl_uri;  // empty: none
};

inline Leaf issue(World& world, const ca::AuthorityArn& authority, std::int64_t days = 90) {
  auto order = world.order(authority, test::make_csr());
  order.validity.value = days;
  const auto arn = world.service->issue(World::caller(), order);
  const auto record = world.store->certificate(authority, arn.serial).value();
  const auto certificate = ca::Certificate::parse(record.der);
  std::string uri;
  if (const auto* points = certificate.find(ca::oid::kCrlDistributionPoints)) {
    const std::string text = ca::text_of(points->value);
    uri = text.substr(text.find("http"));
  }
  return {arn, uri};
}

inline void revoke(World& world, const Leaf& leaf,
                   ca::RevocationReason reason = ca::RevocationReason::key_compromise) {
  world.service->revoke(World::caller(), leaf.arn.authority, leaf.arn.serial.hex(), reason);
}

inline std::set<std::string> listed(const ca::PublishedCrl& crl) {
  std::set<std::string> serials;
  const auto list = ca::CertificateList::parse(*crl.der);
  auto entries = list.entries();
  while (const auto entry = entries.next()) {
    serials.insert(entry->serial_number().value().hex());
  }
  return serials;
}

inline std::set<std::string> serials_of(const std::vector<Leaf>& leaves) {
  std::set<std::string> serials;
  for (const Leaf& leaf : leaves) {
    serials.insert(leaf.arn.serial.hex());
  }
  return serials;
}

// The CRL of that name once it lists exactly these.
inline std::shared_ptr<const ca::PublishedCrl> when_it_lists(World& world, const std::string& name,
                                                             const std::vector<Leaf>& leaves) {
  std::shared_ptr<const ca::PublishedCrl> crl;
  REQUIRE(World::eventually([&] {
    crl = world.service->crl(name);
    return crl && listed(*crl) == serials_of(leaves);
  }));
  return crl;
}

inline std::shared_ptr<const ca::PublishedCrl> behind(World& world, const std::string& name,
                                                      std::uint64_t number) {
  std::shared_ptr<const ca::PublishedCrl> crl;
  REQUIRE(World::eventually([&] {
    crl = world.service->crl(name);
    return crl && crl->number > number;
  }));
  return crl;
}

inline void check_signed(World& world, const ca::PublishedCrl& crl) {
  const auto record = world.store->authority(crl.authority).value();
  const auto list = ca::CertificateList::parse(*crl.der);
  CHECK(list.is_signed_by(ca::PublicKey::parse(record.spki_der)));
  CHECK(list.number == crl.number);
  CHECK(ca::sha256(*crl.der) == crl.sha256);
}

}  // namespace test
