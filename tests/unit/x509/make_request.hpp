#pragma once
#include <memory>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ca/base/pem.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/openssl.hpp"

// Requests with any contents, good and bad, signed by keys in memory. Built from raw DER, so that a test can
// put in what no tool would write.
namespace test {

// "P-256", "P-384", "P-521", "ED25519", "RSA:2048"
inline ca::openssl::Pkey make_pkey(const std::string& kind) {
  EVP_PKEY* key = nullptr;
  if (kind.rfind("RSA:", 0) == 0) {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(std::stoul(kind.substr(4))));
  } else if (kind == "ED25519") {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  } else {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str());
  }
  if (key == nullptr) {
    throw std::runtime_error{"no key of kind " + kind};
  }
  return ca::openssl::Pkey{key};
}

inline ca::Bytes spki_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  ca::Bytes spki(der, der + size);
  OPENSSL_free(der);
  return spki;
}

inline ca::Bytes sign(EVP_PKEY* key, ca::ByteView message) {
  const ca::openssl::MdContext context{EVP_MD_CTX_new()};
  const EVP_MD* digest = EVP_PKEY_is_a(key, "ED25519") == 1 ? nullptr : EVP_sha256();
  std::size_t size = 0;
  EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key);
  EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size());
  ca::Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    throw std::runtime_error{"no signature"};
  }
  signature.resize(size);
  return signature;
}

inline ca::SigningAlgorithm algorithm_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    return ca::SigningAlgorithm::sha256_with_rsa;
  }
  return EVP_PKEY_is_a(key, "ED25519") == 1 ? ca::SigningAlgorithm::ed25519
                                            : ca::SigningAlgorithm::sha256_with_ecdsa;
}

struct NameValue {
  std::string type;
  std::string value;
  std::uint8_t tag = ca::der::tag::kUtf8String;
};

// One RDN of these attributes, in this order.
inline ca::Bytes rdn_der(const std::vector<NameValue>& values) {
  ca::Bytes pairs;
  for (const NameValue& value : values) {
    const ca::Bytes pair =
        ca::der::element(ca::der::tag::kSequence,
                         {ca::der::oid(value.type), ca::der::element(value.tag, ca::bytes_of(value.value))});
    pairs.insert(pairs.end(), pair.begin(), pair.end());
  }
  return ca::der::element(ca::der::tag::kSet, pairs);
}

// A name of one attribute in each RDN.
inline ca::Bytes name_der(const std::vector<NameValue>& values) {
  ca::Bytes rdns;
  for (const NameValue& value : values) {
    const ca::Bytes rdn = rdn_der({value});
    rdns.insert(rdns.end(), rdn.begin(), rdn.end());
  }
  return ca::der::element(ca::der::tag::kSequence, rdns);
}

inline ca::Bytes bytes(std::string_view text) {
  const ca::ByteView view = ca::bytes_of(text);
  return {view.begin(), view.end()};
}

inline ca::GeneralName dns(std::string_view name) { return {ca::GeneralName::Kind::dns, bytes(name)}; }
inline ca::GeneralName uri(std::string_view name) { return {ca::GeneralName::Kind::uri, bytes(name)}; }
inline ca::GeneralName email(std::string_view name) { return {ca::GeneralName::Kind::email, bytes(name)}; }
inline ca::GeneralName ip(const ca::Bytes& address) { return {ca::GeneralName::Kind::ip, address}; }

inline ca::Extension san(const std::vector<ca::GeneralName>& names) {
  return {ca::oid::kSubjectAltName, false, ca::encode_general_names(names)};
}

struct RequestOptions {
  ca::Bytes subject = name_der({{ca::oid::kCommonName, "device-7"}});
  std::vector<ca::Extension> extensions;
  std::optional<ca::Bytes> attributes;  // contents of [0]; overrides extensions
  std::optional<ca::Bytes> spki;        // overrides the key's own
  int version = 0;
};

// Attribute extensionRequest with these extensions.
inline ca::Bytes extension_request(const std::vector<ca::Extension>& extensions) {
  const ca::Bytes values = ca::der::element(ca::der::tag::kSet, ca::encode_extensions(extensions));
  return ca::der::element(ca::der::tag::kSequence, {ca::der::oid("1.2.840.113549.1.9.14"), values});
}

inline ca::Bytes request_der(EVP_PKEY* key, const RequestOptions& options = {}) {
  ca::Bytes attributes;
  if (options.attributes) {
    attributes = *options.attributes;
  } else if (!options.extensions.empty()) {
    attributes = extension_request(options.extensions);
  }
  const ca::Bytes info = ca::der::element(
      ca::der::tag::kSequence,
      {ca::der::small_integer(options.version), options.subject, options.spki ? *options.spki : spki_of(key),
       ca::der::element(ca::der::tag::context_constructed(0), attributes)});
  return ca::assemble_signed(info, algorithm_of(key), sign(key, info));
}

inline ca::CertificateRequest request(EVP_PKEY* key, const RequestOptions& options = {}) {
  return ca::CertificateRequest::parse(request_der(key, options));
}

}  // namespace test
