#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "ca/issuance/build_tbs.hpp"
#include "ca/lint/lint.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

// Three tiers signed for real and judged by OpenSSL, strictly.

namespace {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

// OpenSSL judges by the real time. One instant for all tiers: the second must not turn between two of them.
ca::Seconds now() {
  static const auto kNow = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return kNow;
}

struct Tier {
  explicit Tier(const char* kind) : key{test::make_pkey(kind)} {}
  ca::openssl::Pkey key;
  ca::IssuerIdentity identity;
  ca::Bytes der;

  [[nodiscard]] X509Ptr x509() const {
    const std::uint8_t* at = der.data();
    return {d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free};
  }
};

ca::IssuerIdentity identity_of(const ca::Certificate& certificate) {
  return {.subject = certificate.subject,
          .subject_key_id = certificate.subject_key_id(),
          .spki_der = certificate.public_key.spki_der(),
          .validity = certificate.validity,
          .path_length = certificate.basic_constraints()->path_length,
          .extensions = certificate.extensions};
}

void issue(const char* name, const Tier& issuer, const ca::IssuerIdentity& identity, Tier& subject,
           const test::RequestOptions& options) {
  const ca::TemplateArn arn{"aws", name};
  const ca::Template& tmpl = ca::find_template(arn);
  const auto request = test::request(subject.key.get(), options);
  const ca::ApiPassthrough api;
  const auto serial = ca::SerialNumber::random();
  const auto algorithm = test::algorithm_of(issuer.key.get());
  const auto tbs = ca::build_tbs({.tmpl = tmpl,
                                  .issuer = identity,
                                  .request = request,
                                  .api = api,
                                  .serial = serial,
                                  .validity = {now() - std::chrono::hours{1}, now() + std::chrono::hours{24}},
                                  .signing_algorithm = algorithm,
                                  .pointers = {}});
  const auto linted = ca::lint(tbs, tmpl, identity, {request.subject, request.extensions, api, {}});
  subject.der = ca::assemble_signed(linted.der(), algorithm, test::sign(issuer.key.get(), linted.der()));
  subject.identity = identity_of(ca::Certificate::parse(subject.der));
}

int verify(const Tier& root, const Tier& sub, const Tier& leaf, int purpose) {
  const X509Ptr root_x509 = root.x509();
  const X509Ptr sub_x509 = sub.x509();
  const X509Ptr leaf_x509 = leaf.x509();
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store{X509_STORE_new(), &X509_STORE_free};
  X509_STORE_add_cert(store.get(), root_x509.get());
  STACK_OF(X509)* chain = sk_X509_new_null();
  sk_X509_push(chain, sub_x509.get());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context{X509_STORE_CTX_new(),
                                                                                &X509_STORE_CTX_free};
  X509_STORE_CTX_init(context.get(), store.get(), leaf_x509.get(), chain);
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  const int result =
      X509_verify_cert(context.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
  sk_X509_free(chain);
  return result;
}

test::RequestOptions named(const char* common_name) {
  return {.subject =
              test::name_der({{"2.5.4.6", "US", ca::der::tag::kPrintableString}, {"2.5.4.3", common_name}})};
}

}  // namespace

TEST_CASE("chain: three tiers verify strictly in OpenSSL for every kind of key", "[issuance]") {
  for (const char* kind : {"P-256", "P-384", "P-521", "RSA:2048", "ED25519"}) {
    INFO(kind);
    Tier root{kind};
    Tier sub{kind};
    Tier leaf{"P-256"};
    const ca::IssuerIdentity self{.subject = ca::DistinguishedName::parse(named("Root").subject),
                                  .subject_key_id = std::nullopt,
                                  .spki_der = test::spki_of(root.key.get()),
                                  .validity = std::nullopt,
                                  .path_length = std::nullopt,
                                  .extensions = {}};
    issue("RootCACertificate", root, self, root, named("Root"));
    issue("SubordinateCACertificate_PathLen0", root, root.identity, sub, named("Issuing"));
    test::RequestOptions device = named("device-7");
    device.extensions = {
        test::san({test::dns("device-7.example.com"), test::uri("spiffe://example.org/device/7")})};
    issue("EndEntityCertificate", sub, sub.identity, leaf, device);
    CHECK(verify(root, sub, leaf, X509_PURPOSE_SSL_SERVER) == X509_V_OK);
    CHECK(verify(root, sub, leaf, X509_PURPOSE_SSL_CLIENT) == X509_V_OK);
    issue("EndEntityClientAuthCertificate", sub, sub.identity, leaf, device);
    CHECK(verify(root, sub, leaf, X509_PURPOSE_SSL_CLIENT) == X509_V_OK);
    CHECK(verify(root, sub, leaf, X509_PURPOSE_SSL_SERVER) == X509_V_ERR_INVALID_PURPOSE);
    issue("OCSPSigningCertificate", sub, sub.identity, leaf, named("responder"));
    CHECK(verify(root, sub, leaf, X509_PURPOSE_OCSP_HELPER) == X509_V_OK);

    const X509Ptr x509 = leaf.x509();
    CHECK(X509_check_ca(x509.get()) == 0);
    CHECK(X509_get_key_usage(x509.get()) == KU_DIGITAL_SIGNATURE);
    CHECK(X509_get_pathlen(sub.x509().get()) == 0);
    CHECK(X509_check_ca(root.x509().get()) == 1);
  }
}

TEST_CASE("chain: a subject without attributes verifies by its critical SAN", "[issuance]") {
  Tier root{"P-256"};
  Tier sub{"P-256"};
  Tier leaf{"ED25519"};
  const ca::IssuerIdentity self{.subject = ca::DistinguishedName::parse(named("Root").subject),
                                .subject_key_id = std::nullopt,
                                .spki_der = test::spki_of(root.key.get()),
                                .validity = std::nullopt,
                                .path_length = std::nullopt,
                                .extensions = {}};
  issue("RootCACertificate", root, self, root, named("Root"));
  issue("SubordinateCACertificate_PathLen0", root, root.identity, sub, named("Issuing"));
  issue("EndEntityServerAuthCertificate", sub, sub.identity, leaf,
        {.subject = ca::Bytes{0x30, 0x00}, .extensions = {test::san({test::dns("device-7.example.com")})}});
  CHECK(verify(root, sub, leaf, X509_PURPOSE_SSL_SERVER) == X509_V_OK);
  CHECK(X509_check_host(leaf.x509().get(), "device-7.example.com", 0, 0, nullptr) == 1);
}
