#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/assemble_signed.hpp"
#include "ca/x509/ocsp.hpp"
#include "ca/x509/tbs_certificate.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/openssl_status.hpp"

namespace der = ca::der;
using ca::Digest;
using ca::OcspRequest;
using ca::OcspSingle;

namespace {

struct Issuer {
  ca::openssl::Pkey pkey = test::make_pkey("P-256");
  ca::PublicKey key = ca::PublicKey::parse(test::spki_of(pkey.get()));
  ca::DistinguishedName name =
      ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "Example Issuing CA"}}));

  [[nodiscard]] ca::Bytes cert_id(std::uint64_t number, Digest digest = Digest::sha1) const {
    return ca::encode_cert_id(digest, name, key, test::serial(number));
  }
};

// Good, revoked with a reason, revoked without one, unknown.
ca::OcspResponse some_response(const Issuer& issuer) {
  const ca::Seconds from = test::at(2026, 11, 26);
  const ca::Seconds until = test::at(2026, 11, 27);
  using Status = OcspSingle::Status;
  return {.responder_key_id = issuer.key.subject_key_id(),
          .produced_at = from + std::chrono::seconds{5},
          .singles = {{issuer.cert_id(1), Status::good, std::nullopt, std::nullopt, from, until},
                      {issuer.cert_id(2), Status::revoked, test::at(2026, 1, 2, 3),
                       ca::RevocationReason::key_compromise, from, until},
                      {issuer.cert_id(3, Digest::sha256), Status::revoked, test::at(2055),
                       ca::RevocationReason::unspecified, from, until},
                      {issuer.cert_id(4), Status::unknown, std::nullopt, std::nullopt, from, until}},
          .nonce = ca::Bytes(32, 0x5A)};
}

// A certificate of the issuer, valid for long.
ca::Bytes certificate(const Issuer& issuer, const Issuer& subject,
                      const std::vector<ca::Extension>& extensions) {
  const ca::TbsCertificate tbs{.serial = test::serial(99),
                               .signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
                               .issuer = issuer.name,
                               .validity = {test::at(2020), test::at(2099)},
                               .subject = subject.name,
                               .spki_der = subject.key.spki_der(),
                               .extensions = extensions};
  const ca::Bytes der = tbs.encode();
  return ca::assemble_signed(der, tbs.signing_algorithm, test::sign(issuer.pkey.get(), der));
}

test::Owned<X509> read_certificate(const ca::Bytes& der) {
  const std::uint8_t* at = der.data();
  return test::Owned<X509>{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
}

}  // namespace

TEST_CASE("ocsp: OpenSSL reads every answer and verifies the signature", "[x509][ocsp]") {
  const Issuer issuer;
  const auto response = some_response(issuer);
  const ca::Bytes tbs = ca::encode_tbs(response);
  const ca::Bytes whole = ca::assemble_ocsp_response(tbs, ca::SigningAlgorithm::sha256_with_ecdsa,
                                                     test::sign(issuer.pkey.get(), tbs), {});
  const std::uint8_t* at = whole.data();
  const test::Owned<OCSP_RESPONSE> read{d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(whole.size()))};
  REQUIRE(read);
  CHECK(at == whole.data() + whole.size());
  CHECK(OCSP_response_status(read.get()) == OCSP_RESPONSE_STATUS_SUCCESSFUL);
  const test::Owned<OCSP_BASICRESP> basic{OCSP_response_get1_basic(read.get())};
  REQUIRE(basic);
  REQUIRE(OCSP_resp_count(basic.get()) == 4);
  const ASN1_OCTET_STRING* key_id = nullptr;
  const X509_NAME* name = nullptr;
  REQUIRE(OCSP_resp_get0_id(basic.get(), &key_id, &name) == 1);
  CHECK(test::octets(key_id) == response.responder_key_id);
  CHECK(test::seconds(OCSP_resp_get0_produced_at(basic.get())) == response.produced_at);
  const int expected_status[] = {V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED, V_OCSP_CERTSTATUS_REVOKED,
                                 V_OCSP_CERTSTATUS_UNKNOWN};
  const int expected_reason[] = {-1, 1, -1, -1};
  for (int i = 0; i < 4; ++i) {
    const OcspSingle& single = response.singles[static_cast<std::size_t>(i)];
    OCSP_SINGLERESP* row = OCSP_resp_get0(basic.get(), i);
    int reason = -1;
    ASN1_GENERALIZEDTIME* revoked = nullptr;
    ASN1_GENERALIZEDTIME* from = nullptr;
    ASN1_GENERALIZEDTIME* until = nullptr;
    CHECK(OCSP_single_get0_status(row, &reason, &revoked, &from, &until) == expected_status[i]);
    CHECK(reason == expected_reason[i]);
    CHECK((revoked != nullptr) == single.revoked_at.has_value());
    CHECK((revoked == nullptr || test::seconds(revoked) == *single.revoked_at));
    CHECK(test::seconds(from) == single.this_update);
    CHECK(test::seconds(until) == single.next_update);
    for (const ASN1_GENERALIZEDTIME* time : {revoked, from, until}) {
      CHECK((time == nullptr || time->type == V_ASN1_GENERALIZEDTIME));
    }
    ASN1_INTEGER* serial = nullptr;
    OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial,
                      const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(row)));
    CHECK(test::serial_octets(serial)[15] == i + 1);
  }
  CHECK(OCSP_BASICRESP_get_ext_by_NID(basic.get(), NID_id_pkix_OCSP_Nonce, -1) == 0);
}

TEST_CASE("ocsp: OpenSSL's request is read, with its nonce", "[x509][ocsp]") {
  const Issuer issuer;
  const test::Owned<OCSP_REQUEST> asked{OCSP_REQUEST_new()};
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const ca::Bytes id = issuer.cert_id(number, number == 2 ? Digest::sha256 : Digest::sha1);
    const std::uint8_t* at = id.data();
    REQUIRE(OCSP_request_add0_id(asked.get(), d2i_OCSP_CERTID(nullptr, &at, static_cast<long>(id.size()))) !=
            nullptr);
  }
  ca::Bytes nonce(32, 0x17);
  REQUIRE(OCSP_request_add1_nonce(asked.get(), nonce.data(), static_cast<int>(nonce.size())) == 1);
  unsigned char* out = nullptr;
  const int size = i2d_OCSP_REQUEST(asked.get(), &out);
  const ca::Bytes der(out, out + size);
  OPENSSL_free(out);

  const auto request = OcspRequest::parse(der);
  CHECK(request.nonce == nonce);
  REQUIRE(request.certificates.size() == 3);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const ca::CertId& id = request.certificates[number - 1];
    CHECK(id.der == issuer.cert_id(number, number == 2 ? Digest::sha256 : Digest::sha1));
    CHECK(id.serial_number() == test::serial(number));
    CHECK(id.names_issuer(issuer.name, issuer.key));
    CHECK_FALSE(id.names_issuer(issuer.name, Issuer{}.key));
  }
}

TEST_CASE("ocsp: a CertID is plain with NULL or without parameters of its hash algorithm", "[x509][ocsp]") {
  const Issuer issuer;
  const auto asked = [](const ca::Bytes& id) {
    const auto sequence = [](const ca::Bytes& der) { return der::element(der::tag::kSequence, der); };
    return OcspRequest::parse(sequence(sequence(sequence(sequence(id))))).certificates.at(0);
  };
  // SEQUENCE { SEQUENCE { OID, NULL }, ... } in short lengths.
  ca::Bytes id = issuer.cert_id(1);
  CHECK(asked(id).plain);
  id[11] = der::tag::kOctetString;  // an empty one in the place of NULL
  CHECK_FALSE(asked(id).plain);
  id.erase(id.begin() + 11, id.begin() + 13);
  id[1] = static_cast<std::uint8_t>(id[1] - 2);
  id[3] = static_cast<std::uint8_t>(id[3] - 2);
  CHECK(asked(id).plain);
}

TEST_CASE("ocsp: an error says its status and nothing else", "[x509][ocsp]") {
  using ca::OcspError;
  for (const OcspError status : {OcspError::malformed_request, OcspError::internal_error,
                                 OcspError::try_later, OcspError::sig_required, OcspError::unauthorized}) {
    const ca::Bytes der = ca::ocsp_error(status);
    const std::uint8_t* at = der.data();
    const test::Owned<OCSP_RESPONSE> read{d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size()))};
    REQUIRE(read);
    CHECK(OCSP_response_status(read.get()) == static_cast<int>(status));
    CHECK(OCSP_response_get1_basic(read.get()) == nullptr);
  }
}

TEST_CASE("ocsp: a relying party that trusts the issuer verifies the delegated signer's answer",
          "[x509][ocsp]") {
  const Issuer issuer;
  Issuer signer;
  signer.name = ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "OCSP signer"}}));
  const ca::Bytes root =
      certificate(issuer, issuer, {{ca::oid::kBasicConstraints, true, ca::from_hex("30030101ff")}});
  const ca::Bytes delegated = certificate(
      issuer, signer, {{ca::oid::kExtendedKeyUsage, true, ca::from_hex("300a06082b06010505070309")}});
  auto response = some_response(issuer);
  response.responder_key_id = signer.key.subject_key_id();
  const ca::Bytes tbs = ca::encode_tbs(response);

  const auto verify = [&](const ca::Bytes& signature, const ca::Bytes& certs) {
    const ca::Bytes whole =
        ca::assemble_ocsp_response(tbs, ca::SigningAlgorithm::sha256_with_ecdsa, signature, certs);
    const std::uint8_t* at = whole.data();
    const test::Owned<OCSP_RESPONSE> read{d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(whole.size()))};
    const test::Owned<OCSP_BASICRESP> basic{OCSP_response_get1_basic(read.get())};
    const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store{X509_STORE_new(), &X509_STORE_free};
    const auto trusted = read_certificate(root);
    REQUIRE(X509_STORE_add_cert(store.get(), trusted.get()) == 1);
    const bool verified = OCSP_basic_verify(basic.get(), nullptr, store.get(), 0) == 1;
    ERR_clear_error();
    return verified;
  };
  CHECK(verify(test::sign(signer.pkey.get(), tbs), delegated));
  CHECK_FALSE(verify(test::sign(signer.pkey.get(), tbs), {}));
  CHECK_FALSE(verify(test::sign(issuer.pkey.get(), tbs), delegated));
}

TEST_CASE("ocsp: what is asked is what is read, whatever it is", "[x509][ocsp]") {
  std::mt19937_64 random{6};
  const Issuer issuer;
  for (int round = 0; round < 200; ++round) {
    ca::Bytes list;
    std::vector<ca::Bytes> ids;
    for (std::size_t count = 1 + random() % ca::kMaxOcspCertificates; count > 0; --count) {
      ids.push_back(issuer.cert_id(random() >> (random() % 64), static_cast<Digest>(random() % 4)));
      const ca::Bytes request = der::element(der::tag::kSequence, ids.back());
      list.insert(list.end(), request.begin(), request.end());
    }
    std::optional<ca::Bytes> nonce;
    ca::Bytes extensions;
    if (random() % 2 == 0) {
      nonce = ca::Bytes(1 + random() % ca::kMaxOcspNonce, static_cast<std::uint8_t>(random()));
      extensions = der::element(der::tag::context_constructed(2),
                                ca::encode_extensions({{ca::oid::kOcspNonce, false,
                                                        der::element(der::tag::kOctetString, *nonce)}}));
    }
    const ca::Bytes tbs =
        der::element(der::tag::kSequence, {der::element(der::tag::kSequence, list), extensions});
    const auto request = OcspRequest::parse(der::element(der::tag::kSequence, tbs));
    CHECK(request.nonce == nonce);
    REQUIRE(request.certificates.size() == ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      CHECK(request.certificates[i].der == ids[i]);
      CHECK(request.certificates[i].names_issuer(issuer.name, issuer.key));
    }
  }
}
