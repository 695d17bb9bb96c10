#include <random>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/crl.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/openssl_status.hpp"

using ca::CertificateList;
using ca::CrlBuilder;
using ca::CrlEntry;
using ca::CrlHeader;
using ca::RevocationReason;

namespace {

constexpr const char* kUri = "http://crl.example/crl/0b7c/3.crl";

std::vector<CrlEntry> some_entries() {
  return {{test::serial(1), test::at(2020, 2, 29, 86399), RevocationReason::unspecified},
          {test::serial(0x80), test::at(2049, 12, 31, 86399), RevocationReason::key_compromise},
          {test::serial(0xFFFF), test::at(2050), RevocationReason::privilege_withdrawn},
          {ca::SerialNumber::from_hex("7fbe485a21fe5f6ab1fc4ab12dc3eb03"), test::at(2026, 11, 1),
           RevocationReason::a_a_compromise},
          {ca::SerialNumber::from_hex("ffbe485a21fe5f6ab1fc4ab12dc3eb03"), test::at(2026, 11, 1),
           RevocationReason::superseded}};
}

ca::Bytes build(const CrlHeader& header, const std::vector<CrlEntry>& entries) {
  CrlBuilder builder{header};
  for (const CrlEntry& entry : entries) {
    builder.add(entry);
  }
  return std::move(builder).finish();
}

// What was built is what is read.
void check_same(const CertificateList& list, const CrlHeader& header, const std::vector<CrlEntry>& entries) {
  CHECK(list.signing_algorithm == header.signing_algorithm);
  CHECK(list.issuer == header.issuer);
  CHECK(list.this_update == header.this_update);
  CHECK(list.next_update == header.next_update);
  CHECK(list.authority_key_id == header.authority_key_id);
  CHECK(list.number == header.number);
  CHECK(list.distribution_point_uris == (header.distribution_point_uri
                                             ? std::vector<std::string>{*header.distribution_point_uri}
                                             : std::vector<std::string>{}));
  CHECK(list.extensions.size() == (header.distribution_point_uri ? 3 : 2));
  CHECK(list.entry_count == entries.size());
  auto row = list.entries();
  for (const CrlEntry& expected : entries) {
    const auto entry = row.next();
    REQUIRE(entry);
    CHECK(entry->serial_number() == expected.serial);
    CHECK(entry->revoked_at == expected.revoked_at);
    CHECK(entry->reason_code == (expected.reason == RevocationReason::unspecified
                                     ? std::nullopt
                                     : std::optional{static_cast<int>(expected.reason)}));
  }
  CHECK(!row.next());
}

}  // namespace

TEST_CASE("crl: OpenSSL reads every field and verifies the signature", "[x509][crl]") {
  for (const char* kind : {"P-256", "ED25519", "RSA:2048"}) {
    const auto key = test::make_pkey(kind);
    CrlHeader header = test::crl_header();
    header.signing_algorithm = test::algorithm_of(key.get());
    header.number = 0x8000000000000001;
    header.distribution_point_uri = kUri;
    const auto entries = some_entries();
    const ca::Bytes tbs = build(header, entries);
    const ca::Bytes der = ca::assemble_signed(tbs, header.signing_algorithm, test::sign(key.get(), tbs));

    const auto list = test::read_crl(der);
    REQUIRE(list);
    CHECK(X509_CRL_get_version(list.get()) == X509_CRL_VERSION_2);
    CHECK(X509_CRL_verify(list.get(), key.get()) == 1);
    CHECK(test::seconds(X509_CRL_get0_lastUpdate(list.get())) == header.this_update);
    CHECK(test::seconds(X509_CRL_get0_nextUpdate(list.get())) == header.next_update);
    CHECK(X509_CRL_get_ext_count(list.get()) == 3);
    int critical = -1;
    const test::Owned<ASN1_INTEGER> number{
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list.get(), NID_crl_number, &critical, nullptr))};
    REQUIRE(number);
    CHECK(critical == 0);
    std::uint64_t value = 0;
    CHECK(ASN1_INTEGER_get_uint64(&value, number.get()) == 1);
    CHECK(value == header.number);
    const test::Owned<AUTHORITY_KEYID> key_id{static_cast<AUTHORITY_KEYID*>(
        X509_CRL_get_ext_d2i(list.get(), NID_authority_key_identifier, &critical, nullptr))};
    REQUIRE(key_id);
    CHECK(critical == 0);
    CHECK(test::octets(key_id->keyid) == header.authority_key_id);
    const test::Owned<ISSUING_DIST_POINT> point{static_cast<ISSUING_DIST_POINT*>(
        X509_CRL_get_ext_d2i(list.get(), NID_issuing_distribution_point, &critical, nullptr))};
    REQUIRE(point);
    CHECK(critical == 1);
    REQUIRE(sk_GENERAL_NAME_num(point->distpoint->name.fullname) == 1);
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
    CHECK(name->type == GEN_URI);
    CHECK(ca::text_of(test::octets(name->d.uniformResourceIdentifier)) == kUri);

    STACK_OF(X509_REVOKED)* revoked = X509_CRL_get_REVOKED(list.get());
    REQUIRE(sk_X509_REVOKED_num(revoked) == static_cast<int>(entries.size()));
    for (const CrlEntry& entry : entries) {
      const ca::openssl::Number bn{BN_bin2bn(entry.serial.bytes().data(), ca::SerialNumber::kBytes, nullptr)};
      const test::Owned<ASN1_INTEGER> serial{BN_to_ASN1_INTEGER(bn.get(), nullptr)};
      X509_REVOKED* row = nullptr;
      REQUIRE(X509_CRL_get0_by_serial(list.get(), &row, serial.get()) == 1);
      CHECK(test::seconds(X509_REVOKED_get0_revocationDate(row)) == entry.revoked_at);
      CHECK(X509_REVOKED_get_ext_count(row) == (entry.reason == RevocationReason::unspecified ? 0 : 1));
      const auto* reason =
          static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(row, NID_crl_reason, nullptr, nullptr));
      CHECK((reason == nullptr ? 0 : ASN1_ENUMERATED_get(reason)) == static_cast<int>(entry.reason));
      ASN1_ENUMERATED_free(const_cast<ASN1_ENUMERATED*>(reason));
    }
    const auto read = CertificateList::parse(der);
    check_same(read, header, entries);
    CHECK(read.is_signed_by(ca::PublicKey::parse(test::spki_of(key.get()))));
    CHECK_FALSE(read.is_signed_by(ca::PublicKey::parse(test::spki_of(test::make_pkey("P-256").get()))));
  }
}

TEST_CASE("crl: a list without entries has no field for them", "[x509][crl]") {
  const auto key = test::make_pkey("P-256");
  const ca::Bytes tbs = build(test::crl_header(), {});
  const ca::Bytes der =
      ca::assemble_signed(tbs, ca::SigningAlgorithm::sha256_with_ecdsa, test::sign(key.get(), tbs));
  const auto list = test::read_crl(der);
  REQUIRE(list);
  CHECK(X509_CRL_get_REVOKED(list.get()) == nullptr);
  check_same(CertificateList::parse(der), test::crl_header(), {});
}

TEST_CASE("crl: what was built is what is read, whatever it is", "[x509][crl]") {
  std::mt19937_64 random{4};
  for (int round = 0; round < 200; ++round) {
    CrlHeader header = test::crl_header(("CA " + std::to_string(random())).c_str());
    header.number = random() >> (random() % 64);
    header.this_update = test::at(2000) + std::chrono::seconds{random() % 3'000'000'000};
    header.next_update = header.this_update + std::chrono::seconds{1 + random() % 100'000'000};
    header.authority_key_id = ca::Bytes(1 + random() % 200, static_cast<std::uint8_t>(random()));
    if (random() % 2 == 0) {
      header.distribution_point_uri = "http://crl.example/" + std::string(random() % 300, 'x');
    }
    std::vector<CrlEntry> entries;
    static constexpr int kReasons[] = {0, 1, 2, 3, 4, 5, 9, 10};
    for (std::size_t count = random() % 400; count > 0; --count) {
      ca::Bytes octets(ca::SerialNumber::kBytes);
      for (std::size_t i = random() % octets.size(); i < octets.size(); ++i) {
        octets[i] = static_cast<std::uint8_t>(random());
      }
      entries.push_back({ca::SerialNumber::from_bytes(octets),
                         test::at(1950) + std::chrono::seconds{random() % 9'000'000'000},
                         static_cast<RevocationReason>(kReasons[random() % 8])});
    }
    const ca::Bytes tbs = build(header, entries);
    check_same(CertificateList::parse_to_be_signed(tbs, header.signing_algorithm), header, entries);
  }
}

TEST_CASE("crl: a million entries are built in the buffer that was reserved for them", "[x509][crl]") {
  constexpr std::uint64_t kEntries = 1'000'000;
  CrlHeader header = test::crl_header();
  header.distribution_point_uri = kUri;
  CrlBuilder builder{header, kEntries};
  CrlEntry entry{test::serial(0), test::at(2026), RevocationReason::key_compromise};
  ca::Bytes octets(ca::SerialNumber::kBytes, 0xFF);
  for (std::uint32_t i = 0; i < kEntries; ++i) {
    for (std::size_t at = 0; at < 4; ++at) {
      octets[1 + at] = static_cast<std::uint8_t>(i >> (8 * (3 - at)));
    }
    entry.serial = ca::SerialNumber::from_bytes(octets);
    builder.add(entry);
  }
  CHECK(builder.entries() == kEntries);
  const ca::Bytes tbs = std::move(builder).finish();
  // 2 + (2 + 17) + (2 + 13) + 14 octets each.
  CHECK(tbs.size() > kEntries * 50);
  CHECK(tbs.size() < kEntries * 50 + 400);
  CHECK(tbs.capacity() < kEntries * CrlBuilder::kMaxEntryBytes + 400);
  const auto list = CertificateList::parse_to_be_signed(tbs, header.signing_algorithm);
  CHECK(list.entry_count == kEntries);
  CHECK(list.distribution_point_uris == std::vector<std::string>{kUri});
}
