#include <functional>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/lint/lint_ocsp.hpp"
#include "ca/x509/der.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/openssl_status.hpp"

namespace {

using Status = ca::OcspSingle::Status;
using ca::OcspResponse;

const ca::Seconds kFrom = test::at(2026, 11, 26);
const ca::Seconds kUntil = test::at(2026, 11, 27);

ca::Bytes cert_id(std::uint8_t serial) {
  ca::Bytes id = ca::from_hex("300906052b0e03021a0500");
  const ca::Bytes hash = ca::der::element(ca::der::tag::kOctetString, ca::Bytes(20, 0x11));
  return ca::der::element(ca::der::tag::kSequence, {id, hash, hash, ca::der::small_integer(serial)});
}

OcspResponse response() {
  return {.responder_key_id = ca::Bytes(20, 0xA5),
          .produced_at = kFrom + std::chrono::seconds{5},
          .singles = {{cert_id(1), Status::good, std::nullopt, std::nullopt, kFrom, kUntil},
                      {cert_id(2), Status::revoked, test::at(2026, 1, 2),
                       ca::RevocationReason::key_compromise, kFrom, kUntil},
                      {cert_id(3), Status::revoked, test::at(2026, 1, 2), std::nullopt, kFrom, kUntil},
                      {cert_id(4), Status::unknown, std::nullopt, std::nullopt, kFrom, kUntil}},
          .nonce = ca::Bytes(128, 0x5A)};
}

void refused(const ca::Bytes& tbs, const std::string& why, const OcspResponse& expected = response()) {
  try {
    (void)ca::lint_ocsp(tbs, expected, ca::SigningAlgorithm::ed25519);
    FAIL("accepted: " + why);
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::internal);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

// Encoded from something else than what is expected.
void refused_as_other(const std::function<void(OcspResponse&)>& change, const std::string& why) {
  OcspResponse other = response();
  change(other);
  refused(ca::encode_tbs(other), why);
}

// Encoded as expected, and still not to be signed.
void refused_as_senseless(const std::function<void(OcspResponse&)>& change, const std::string& why) {
  OcspResponse bad = response();
  change(bad);
  refused(ca::encode_tbs(bad), why, bad);
}

}  // namespace

TEST_CASE("ocsp lint: a good response passes, and its bytes are not copied", "[lint][ocsp][I4]") {
  ca::Bytes tbs = ca::encode_tbs(response());
  const ca::Bytes same = tbs;
  const std::uint8_t* where = tbs.data();
  const auto linted = ca::lint_ocsp(std::move(tbs), response(), ca::SigningAlgorithm::ed25519);
  CHECK(linted.der() == same);
  CHECK(linted.der().data() == where);
  CHECK(linted.algorithm() == ca::SigningAlgorithm::ed25519);
  OcspResponse plain = response();
  for (const std::size_t size : {1U, 32U, 127U}) {
    plain.nonce = ca::Bytes(size, 1);
    CHECK_NOTHROW((void)ca::lint_ocsp(ca::encode_tbs(plain), plain, ca::SigningAlgorithm::ed25519));
  }
  plain.nonce = std::nullopt;
  CHECK_NOTHROW((void)ca::lint_ocsp(ca::encode_tbs(plain), plain, ca::SigningAlgorithm::ed25519));
}

TEST_CASE("ocsp lint: whatever differs from what was wanted is refused", "[lint][ocsp][I4][I9]") {
  refused_as_other([](auto& r) { r.responder_key_id[0] ^= 1; }, "responder");
  refused_as_other([](auto& r) { r.produced_at += std::chrono::seconds{1}; }, "producedAt");
  refused_as_other([](auto& r) { r.singles.pop_back(); }, "read back");
  refused_as_other([](auto& r) { r.singles.push_back(r.singles[0]); }, "trailing");
  refused_as_other([](auto& r) { std::swap(r.singles[0], r.singles[3]); }, "CertID");
  refused_as_other([](auto& r) { r.singles[0].status = Status::unknown; }, "status");
  refused_as_other([](auto& r) { r.singles[1].status = Status::good; }, "status");
  refused_as_other([](auto& r) { r.singles[3].status = Status::good; }, "status");
  refused_as_other([](auto& r) { *r.singles[1].revoked_at += std::chrono::seconds{1}; },
                   "time of revocation");
  refused_as_other([](auto& r) { r.singles[1].reason = std::nullopt; }, "reason");
  refused_as_other([](auto& r) { r.singles[2].reason = ca::RevocationReason::superseded; }, "reason");
  refused_as_other([](auto& r) { r.singles[0].this_update -= std::chrono::seconds{1}; }, "thisUpdate");
  refused_as_other([](auto& r) { r.singles[0].next_update += std::chrono::seconds{1}; }, "nextUpdate");
  refused_as_other([](auto& r) { r.nonce = std::nullopt; }, "read back");
  refused_as_other([](auto& r) { r.nonce->front() ^= 1; }, "nonce");
  OcspResponse without = response();
  without.nonce = std::nullopt;
  refused(ca::encode_tbs(response()), "trailing", without);
}

TEST_CASE("ocsp lint: good never carries revocation, revoked always does", "[lint][ocsp][I9]") {
  refused_as_senseless([](auto& r) { r.singles[0].revoked_at = kFrom; }, "time of revocation");
  refused_as_senseless([](auto& r) { r.singles[3].revoked_at = kFrom; }, "time of revocation");
  refused_as_senseless([](auto& r) { r.singles[0].reason = ca::RevocationReason::superseded; },
                       "has a reason");
  OcspResponse bad = response();
  const ca::Bytes good = ca::encode_tbs(bad);
  bad.singles[1].revoked_at = std::nullopt;
  refused(good, "time of revocation", bad);
  CHECK_THROWS_AS((void)ca::encode_tbs(bad), ca::Error);
}

TEST_CASE("ocsp lint: an answer that is not current is not signed", "[lint][ocsp]") {
  refused_as_senseless([](auto& r) { r.produced_at = kFrom - std::chrono::seconds{1}; }, "not current");
  refused_as_senseless([](auto& r) { r.produced_at = kUntil; }, "not current");
  refused_as_senseless([](auto& r) { r.singles[1].next_update = r.singles[1].this_update; }, "not current");
  refused_as_senseless([](auto& r) { r.singles.clear(); }, "no answers");
  refused_as_senseless([](auto& r) { r.responder_key_id.pop_back(); }, "SHA-1");
  refused_as_senseless([](auto& r) { r.nonce = ca::Bytes{}; }, "nonce");
  refused_as_senseless([](auto& r) { r.nonce = ca::Bytes(129, 1); }, "nonce");
}

TEST_CASE("ocsp lint: every bit counts", "[lint][ocsp][I4]") {
  const ca::Bytes good = ca::encode_tbs(response());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    ca::Bytes changed = good;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    try {
      (void)ca::lint_ocsp(changed, response(), ca::SigningAlgorithm::ed25519);
      FAIL("bit " << bit);
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::internal);
    }
  }
}
