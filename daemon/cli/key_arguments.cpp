#include "daemon/cli/key_arguments.hpp"

#include <array>

#include "ca/base/error.hpp"
#include "ca/x509/public_key.hpp"

namespace cli {
namespace {

using pkcs11::SignatureScheme;

// Names as in the AWS API.
constexpr std::array<std::pair<const char*, SignatureScheme>, 7> kSchemes{
    {{"SHA256WITHECDSA", SignatureScheme::ecdsa_sha256},
     {"SHA384WITHECDSA", SignatureScheme::ecdsa_sha384},
     {"SHA512WITHECDSA", SignatureScheme::ecdsa_sha512},
     {"SHA256WITHRSA", SignatureScheme::rsa_pkcs1_sha256},
     {"SHA384WITHRSA", SignatureScheme::rsa_pkcs1_sha384},
     {"SHA512WITHRSA", SignatureScheme::rsa_pkcs1_sha512},
     {"ED25519", SignatureScheme::eddsa}}};

// "ECDSA" of SHA256WITHECDSA.
std::string family_in(const std::string& name) {
  constexpr std::string_view kWith = "WITH";
  const auto with = name.find(kWith);
  return with == std::string::npos ? name : name.substr(with + kWith.size());
}

}  // namespace

void add_key_arguments(CLI::App& verb, KeyArguments& arguments, bool required) {
  add_token_arguments(verb, arguments.token, required);
  verb.add_option("--key", arguments.key, "label or RFC 7512 URI of the private key")->required(required);
}

pkcs11::Uri key_uri(const pkcs11::TokenOptions& token, const std::string& key) {
  if (key.starts_with("pkcs11:")) {
    return pkcs11::Uri::parse(key);
  }
  pkcs11::Uri uri = token.uri;
  uri.module_path.reset();
  uri.pin_source.reset();
  uri.object = key;
  uri.type = "private";
  return uri;
}

SignatureScheme scheme_named(const std::string& name, SignatureScheme natural) {
  if (name.empty()) {
    return natural;
  }
  std::string known;
  for (const auto& [text, scheme] : kSchemes) {
    if (name == text && family_in(name) != family_in(scheme_name(natural))) {
      throw Failure{
          "a key for " + family_in(scheme_name(natural)) + " cannot make a signature of " + family_in(name),
          "--algorithm " + name, "leave --algorithm out, or name one that fits the key"};
    }
    if (name == text) {
      return scheme;
    }
    known += (known.empty() ? "" : ", ") + std::string{text};
  }
  throw Failure{"unknown signing algorithm '" + name + "'", "--algorithm", "use one of " + known};
}

std::string scheme_name(SignatureScheme scheme) {
  for (const auto& [text, known] : kSchemes) {
    if (known == scheme) {
      return text;
    }
  }
  return "";
}

SignatureScheme natural_scheme_of(pkcs11::ByteView spki_der) {
  const auto key = ca::PublicKey::parse(spki_der);
  switch (key.family()) {
    case ca::KeyFamily::rsa:
      return SignatureScheme::rsa_pkcs1_sha256;
    case ca::KeyFamily::ec:
      return key.bits() <= 256   ? SignatureScheme::ecdsa_sha256
             : key.bits() <= 384 ? SignatureScheme::ecdsa_sha384
                                 : SignatureScheme::ecdsa_sha512;
    case ca::KeyFamily::ed25519:
      break;
  }
  return SignatureScheme::eddsa;
}

}  // namespace cli
