#pragma once
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "ca/base/error.hpp"
#include "ca/revocation/ocsp_responder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/software_signer.hpp"
#include "tests/unit/x509/make_request.hpp"
#include "tests/unit/x509/openssl_status.hpp"

namespace test {

// Standings that a test sets; nothing else of an inventory is asked by a responder.
class Standings final : public ca::Inventory {
 public:
  std::map<std::string, Standing> rows;  // by the serial's hex digits
  std::function<void()> after_read;      // once, when the state is read and nothing is made of it yet
  bool away = false;

  std::optional<Standing> standing(const ca::AuthorityArn&, const ca::SerialNumber& serial) override {
    if (away) {
      throw ca::Error{ca::Code::unavailable, "the store is away"};
    }
    const auto found = rows.find(serial.hex());
    const auto result = found == rows.end() ? std::nullopt : std::optional{found->second};
    if (auto run = std::exchange(after_read, nullptr)) {
      run();
    }
    return result;
  }

  std::optional<ca::AuthorityRecord> authority(const ca::AuthorityArn&) override { return {}; }
  std::vector<ca::AuthorityRecord> all_authorities() override { return {}; }
  std::optional<ca::CertificateRecord> certificate(const ca::AuthorityArn&,
                                                   const ca::SerialNumber&) override {
    return {};
  }
  std::vector<Row> pending(std::uint64_t, std::size_t) override { return {}; }
  std::vector<Row> issued(const ca::AuthorityArn&, std::uint64_t, std::size_t) override { return {}; }
  ca::CertificatePage find_certificates(const ca::CertificateSearch&) override { return {}; }
  std::optional<ca::CertificateRecord> by_device_key(const DeviceKey&) override { return {}; }
  std::optional<Claimed> claimed(const std::string&, const std::string&) override { return {}; }
  std::vector<ca::CertificateRecord> by_device(const std::string&, const std::string&, std::size_t) override {
    return {};
  }
  std::vector<ca::CertificateRecord> expiring(const std::string&, ca::Seconds, const ExpiryCursor&,
                                              std::size_t) override {
    return {};
  }
  std::optional<ca::AuditReportRecord> audit_report(const ca::AuthorityArn&, const std::string&) override {
    return {};
  }
  std::vector<ca::AuditReportRecord> unwritten_reports() override { return {}; }
  std::vector<ca::CrlRecord> crls(const ca::AuthorityArn&) override { return {}; }
  std::uint64_t revoked(const ca::CrlRecord&, ca::Seconds,
                        const std::function<void(const Revoked&)>&) override {
    return 0;
  }
  ca::InventoryCounts counts() override { return {}; }
};

// The events that were committed, in order.
class EventLedger final : public ca::Ledger {
 public:
  std::vector<ca::AuditEvent> events;
  bool away = false;

  std::future<ca::CommitResult> commit(ca::LedgerEntry entry) override {
    std::promise<ca::CommitResult> promise;
    if (away) {
      promise.set_exception(std::make_exception_ptr(ca::Error{ca::Code::unavailable, "the ledger is away"}));
    } else {
      events.insert(events.end(), entry.events.begin(), entry.events.end());
      promise.set_value({});
    }
    return promise.get_future();
  }
  [[nodiscard]] std::vector<ca::AuditEvent> of_type(const std::string& type) const {
    std::vector<ca::AuditEvent> found;
    std::copy_if(events.begin(), events.end(), std::back_inserter(found),
                 [&](const ca::AuditEvent& event) { return event.type == type; });
    return found;
  }
};

// A responder for authorities whose keys a software signer has.
class ResponderWorld {
 public:
  explicit ResponderWorld(ca::OcspResponderOptions options = {})
      : responder{options, inventory, ledger,
                  signer,  clock,     [this](const std::string& text) { notices.push_back(text); }},
        authority{make_authority("Example Issuing CA")} {
    responder.authorities().put(authority.arn, 1, {authority});
  }

  ca::OcspAuthority make_authority(const std::string& common_name) {
    const auto id = ca::random_uuid();
    const auto made = signer.generate("issuing", id, ca::KeyAlgorithm::ec_p256, {});
    const auto by = signer.generate("issuing", id + "-ocsp", ca::KeyAlgorithm::ec_p256, {});
    const ca::Seconds now = ca::to_seconds(clock.now());
    return {.arn = {"aws", "us-east-1", "123456789012", id},
            .name = ca::DistinguishedName::parse(name_der({{"2.5.4.3", common_name}})),
            .key = ca::PublicKey::parse(made.spki_der),
            .until = clock.now() + std::chrono::hours{24 * 365},
            .signer = ca::OcspSigner{.key = {by.uri, ca::PublicKey::parse(by.spki_der)},
                                     .algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
                                     .certificate_der = {},  // its own would need a CA
                                     .validity = {now, now + std::chrono::hours{24 * 30}}}};
  }

  ca::SerialNumber issued() {
    const auto serial = ca::SerialNumber::random();
    inventory.rows[serial.hex()].state = ca::CertificateState::issued;
    return serial;
  }
  // What RevokeCertificate does, without the ledger.
  void revoke(const ca::SerialNumber& serial,
              ca::RevocationReason reason = ca::RevocationReason::key_compromise) {
    auto& row = inventory.rows[serial.hex()];
    row.state = ca::CertificateState::revoked;
    row.revoked_at = clock.now();
    row.reason = reason;
    responder.forget(serial);
  }

  [[nodiscard]] ca::Bytes cert_id(const ca::SerialNumber& serial,
                                  ca::Digest digest = ca::Digest::sha1) const {
    return ca::encode_cert_id(digest, authority.name, authority.key, serial);
  }
  // As OpenSSL's client writes it.
  [[nodiscard]] static ca::Bytes request(const std::vector<ca::Bytes>& cert_ids,
                                         const std::optional<ca::Bytes>& nonce = std::nullopt) {
    const Owned<OCSP_REQUEST> asked{OCSP_REQUEST_new()};
    for (const ca::Bytes& id : cert_ids) {
      const std::uint8_t* at = id.data();
      OCSP_request_add0_id(asked.get(), d2i_OCSP_CERTID(nullptr, &at, static_cast<long>(id.size())));
    }
    if (nonce) {
      ca::Bytes copy = *nonce;
      OCSP_request_add1_nonce(asked.get(), copy.data(), static_cast<int>(copy.size()));
    }
    unsigned char* out = nullptr;
    const int size = i2d_OCSP_REQUEST(asked.get(), &out);
    const ca::Bytes der(out, out + size);
    OPENSSL_free(out);
    return der;
  }
  [[nodiscard]] ca::Bytes about(const ca::SerialNumber& serial,
                                const std::optional<ca::Bytes>& nonce = std::nullopt) const {
    return request({cert_id(serial)}, nonce);
  }
  [[nodiscard]] ca::OcspResponder::Reply answer(const ca::Bytes& request,
                                                const std::string& sender = "192.0.2.1") {
    return responder.answer(request, sender);
  }
  [[nodiscard]] ca::OcspResult ask(const ca::SerialNumber& serial, const std::string& sender = "192.0.2.1") {
    return answer(about(serial), sender).answer->result;
  }

  FakeClock clock;
  SoftwareSigner signer;
  Standings inventory;
  EventLedger ledger;
  std::vector<std::string> notices;
  ca::OcspResponder responder;
  ca::OcspAuthority authority;
};

// The answer as OpenSSL reads it, its signature verified.
struct ReadAnswer {
  Owned<OCSP_BASICRESP> basic;

  ReadAnswer(const ca::OcspAnswer& answer, const ResponderWorld& world) {
    const std::uint8_t* at = answer.der.data();
    const Owned<OCSP_RESPONSE> read{d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(answer.der.size()))};
    REQUIRE(read);
    REQUIRE(OCSP_response_status(read.get()) == OCSP_RESPONSE_STATUS_SUCCESSFUL);
    basic.reset(OCSP_response_get1_basic(read.get()));
    REQUIRE(basic);
    const ASN1_OCTET_STRING* signature = OCSP_resp_get0_signature(basic.get());
    const OCSP_RESPDATA* tbs = OCSP_resp_get0_respdata(basic.get());
    unsigned char* out = nullptr;
    const int size = i2d_OCSP_RESPDATA(const_cast<OCSP_RESPDATA*>(tbs), &out);
    const ca::Bytes message(out, out + size);
    OPENSSL_free(out);
    CHECK(world.authority.signer->key.public_key.verify(world.authority.signer->algorithm, message,
                                                        octets(signature)));
  }
  struct Row {
    int status = -1, reason = -1;
    std::optional<ca::Seconds> revoked_at;
    ca::Seconds this_update, next_update;
  };
  [[nodiscard]] Row row(int index) const {
    Row made;
    ASN1_GENERALIZEDTIME *revoked = nullptr, *from = nullptr, *until = nullptr;
    made.status =
        OCSP_single_get0_status(OCSP_resp_get0(basic.get(), index), &made.reason, &revoked, &from, &until);
    if (revoked != nullptr) {
      made.revoked_at = seconds(revoked);
    }
    made.this_update = seconds(from);
    made.next_update = seconds(until);
    return made;
  }
};

}  // namespace test
