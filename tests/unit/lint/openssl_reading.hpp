#pragma once
#include <algorithm>
#include <openssl/x509v3.h>

#include "ca/lint/lint.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/openssl.hpp"
#include "tests/support/catch.hpp"

namespace test {

// What passed lint, read by a parser that we did not write: each extension of a known type decodes, and the
// fields are those of the value that was encoded.
inline void check_openssl_reads(const ca::ToBeSigned& linted, const ca::TbsCertificate& tbs) {
  const auto der_of = [](const auto* value, auto* encode) {
    unsigned char* der = nullptr;
    const int size = encode(value, &der);
    const ca::Bytes bytes(der, der + (size < 0 ? 0 : size));
    OPENSSL_free(der);
    return bytes;
  };
  const ca::Bytes der = ca::assemble_signed(linted.der(), tbs.signing_algorithm, ca::Bytes{0});
  const std::uint8_t* at = der.data();
  const std::unique_ptr<X509, decltype(&X509_free)> x509{
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free};
  REQUIRE(x509);
  CHECK(at == der.data() + der.size());
  CHECK(X509_get_version(x509.get()) == X509_VERSION_3);
  CHECK(der_of(X509_get_subject_name(x509.get()), i2d_X509_NAME) == tbs.subject.der());
  CHECK(der_of(X509_get_issuer_name(x509.get()), i2d_X509_NAME) == tbs.issuer.der());
  CHECK(der_of(X509_get_X509_PUBKEY(x509.get()), i2d_X509_PUBKEY) == tbs.spki_der);
  CHECK(X509_get0_pubkey(x509.get()) != nullptr);
  const ca::openssl::Number serial{ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509.get()), nullptr)};
  ca::Bytes octets(tbs.serial.bytes().size());
  CHECK(BN_bn2binpad(serial.get(), octets.data(), static_cast<int>(octets.size())) >= 0);
  CHECK(std::ranges::equal(octets, tbs.serial.bytes()));
  REQUIRE(X509_get_ext_count(x509.get()) == static_cast<int>(tbs.extensions.size()));
  for (int i = 0; i < X509_get_ext_count(x509.get()); ++i) {
    X509_EXTENSION* extension = X509_get_ext(x509.get(), i);
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    INFO(tbs.extensions[static_cast<std::size_t>(i)].id);
    int critical = -1;
    const ca::Extension& expected = tbs.extensions[static_cast<std::size_t>(i)];
    CHECK((X509_EXTENSION_get_critical(extension) == 1) == expected.critical);
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
    CHECK(std::ranges::equal(
        ca::ByteView{ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))},
        expected.value));
    if (X509V3_EXT_get(extension) == nullptr) {
      continue;  // a type that OpenSSL has no decoder for
    }
    void* decoded = X509_get_ext_d2i(x509.get(), nid, &critical, nullptr);
    CHECK(decoded != nullptr);
    CHECK((critical == 1) == expected.critical);
    ASN1_item_free(static_cast<ASN1_VALUE*>(decoded), ASN1_ITEM_ptr(X509V3_EXT_get(extension)->it));
  }
  CHECK((X509_get_extension_flags(x509.get()) & EXFLAG_INVALID) == 0);
}

}  // namespace test
