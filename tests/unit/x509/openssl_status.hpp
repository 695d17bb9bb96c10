#pragma once
#include <algorithm>
#include <memory>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/x509/crl.hpp"
#include "ca/x509/ocsp.hpp"
#include "tests/unit/x509/make_request.hpp"

// Revocation lists and answers as OpenSSL reads them: a parser that we did not write.
namespace test {

struct FreeStatus {
  void operator()(X509_CRL* list) const { X509_CRL_free(list); }
  void operator()(OCSP_RESPONSE* response) const { OCSP_RESPONSE_free(response); }
  void operator()(OCSP_BASICRESP* basic) const { OCSP_BASICRESP_free(basic); }
  void operator()(OCSP_REQUEST* request) const { OCSP_REQUEST_free(request); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(ISSUING_DIST_POINT* point) const { ISSUING_DIST_POINT_free(point); }
  void operator()(AUTHORITY_KEYID* id) const { AUTHORITY_KEYID_free(id); }
  void operator()(ASN1_INTEGER* number) const { ASN1_INTEGER_free(number); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeStatus>;

inline Owned<X509_CRL> read_crl(const ca::Bytes& der) {
  const std::uint8_t* at = der.data();
  Owned<X509_CRL> list{d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size()))};
  return at == der.data() + der.size() ? std::move(list) : nullptr;
}

inline ca::Bytes octets(const ASN1_STRING* text) {
  const std::uint8_t* begin = ASN1_STRING_get0_data(text);
  return {begin, begin + ASN1_STRING_length(text)};
}

inline ca::Seconds seconds(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return ca::Seconds{std::chrono::seconds{timegm(&parts)}};
}

inline ca::Bytes serial_octets(const ASN1_INTEGER* serial) {
  const ca::openssl::Number number{ASN1_INTEGER_to_BN(serial, nullptr)};
  ca::Bytes octets(ca::SerialNumber::kBytes);
  BN_bn2binpad(number.get(), octets.data(), static_cast<int>(octets.size()));
  return octets;
}

inline ca::Seconds at(int year, unsigned month = 1, unsigned day = 1, int second = 0) {
  return std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)} +
         std::chrono::seconds{second};
}

inline ca::SerialNumber serial(std::uint64_t number) {
  ca::Bytes octets(ca::SerialNumber::kBytes);
  for (std::size_t i = 0; i < 8; ++i) {
    octets[octets.size() - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return ca::SerialNumber::from_bytes(octets);
}

inline ca::CrlHeader crl_header(const char* issuer = "Example Issuing CA") {
  return {.signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
          .issuer = ca::DistinguishedName::parse(name_der({{"2.5.4.3", issuer}})),
          .this_update = at(2026, 11, 26),
          .next_update = at(2026, 12, 3),
          .authority_key_id = ca::Bytes(20, 0xA5),
          .number = 7,
          .distribution_point_uri = std::nullopt};
}

}  // namespace test
