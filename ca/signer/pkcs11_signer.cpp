#include "ca/signer/pkcs11_signer.hpp"

namespace ca {
namespace {

// A connection that was lost is back within a quarter of a second once its token is; with the drain of calls
// under way and a pause between two attempts it still is below this.
constexpr std::chrono::seconds kReconnectTakes{2};

pkcs11::SignatureScheme scheme_of(SigningAlgorithm algorithm) {
  switch (algorithm) {
    case SigningAlgorithm::sha256_with_rsa:
      return pkcs11::SignatureScheme::rsa_pkcs1_sha256;
    case SigningAlgorithm::sha384_with_rsa:
      return pkcs11::SignatureScheme::rsa_pkcs1_sha384;
    case SigningAlgorithm::sha512_with_rsa:
      return pkcs11::SignatureScheme::rsa_pkcs1_sha512;
    case SigningAlgorithm::sha256_with_ecdsa:
      return pkcs11::SignatureScheme::ecdsa_sha256;
    case SigningAlgorithm::sha384_with_ecdsa:
      return pkcs11::SignatureScheme::ecdsa_sha384;
    case SigningAlgorithm::sha512_with_ecdsa:
      return pkcs11::SignatureScheme::ecdsa_sha512;
    case SigningAlgorithm::ed25519:
      return pkcs11::SignatureScheme::eddsa;
  }
  throw Error{Code::internal, "unknown signing algorithm"};
}

pkcs11::KeyType key_type_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::rsa_2048:
      return pkcs11::KeyType::rsa_2048;
    case KeyAlgorithm::rsa_3072:
      return pkcs11::KeyType::rsa_3072;
    case KeyAlgorithm::rsa_4096:
      return pkcs11::KeyType::rsa_4096;
    case KeyAlgorithm::ec_p256:
      return pkcs11::KeyType::ec_p256;
    case KeyAlgorithm::ec_p384:
      return pkcs11::KeyType::ec_p384;
    case KeyAlgorithm::ec_p521:
      return pkcs11::KeyType::ec_p521;
    case KeyAlgorithm::ed25519:
      return pkcs11::KeyType::ed25519;
  }
  throw Error{Code::internal, "unknown key algorithm"};
}

// The token layer speaks of return values and calls; above it there are four outcomes.
template <typename Call>
auto on_token(Call call) {
  try {
    return call();
  } catch (const pkcs11::Error& error) {
    throw Error{code_of(error.error_class()), error.what()};
  }
}

pkcs11::Uri parse(const std::string& uri) {
  return on_token([&] { return pkcs11::Uri::parse(uri); });
}

}  // namespace

Code code_of(pkcs11::ErrorClass error_class) {
  switch (error_class) {
    case pkcs11::ErrorClass::key_missing:
    case pkcs11::ErrorClass::key_refused:
      return Code::key_unusable;
    case pkcs11::ErrorClass::bad_request:
    case pkcs11::ErrorClass::label_exists:
      return Code::request_failed;
    case pkcs11::ErrorClass::retry_session:
    case pkcs11::ErrorClass::relogin:
    case pkcs11::ErrorClass::reconnect:
    case pkcs11::ErrorClass::busy:
    case pkcs11::ErrorClass::wrong_pin:
    case pkcs11::ErrorClass::fatal_config:
    case pkcs11::ErrorClass::unavailable:
      return Code::unavailable;
  }
  return Code::unavailable;
}

Pkcs11Signer::Pkcs11Signer(std::vector<std::pair<std::string, pkcs11::Token*>> tokens)
    : tokens_{std::move(tokens)} {}

Bytes Pkcs11Signer::sign(const SigningKey& key, const ToBeSigned& message, Deadline deadline) {
  const pkcs11::Uri uri = parse(key.uri);
  refuse_distrusted(uri);
  const Bytes signature = on_token([&] {
    pkcs11::Token& token = holding(uri);
    token.expect(uri, key.public_key.spki_der());
    return token.sign(uri, scheme_of(message.algorithm()), message.der(), deadline);
  });
  if (!key.public_key.verify(message.algorithm(), message.der(), signature)) {
    ++bad_signatures_;
    {
      const std::lock_guard lock{mutex_};
      distrusted_[uri.text()] = std::chrono::steady_clock::now();
    }
    throw Error{Code::signature_check_failed,
                "the token's signature does not verify under the authority's public key"};
  }
  return signature;
}

GeneratedSigningKey Pkcs11Signer::generate(const std::string& token, const std::string& label,
                                           KeyAlgorithm algorithm, Deadline deadline) {
  return on_token([&] {
    try {
      auto key = named(token).generate_key(label, key_type_of(algorithm), deadline);
      return GeneratedSigningKey{key.uri, key.spki_der};
    } catch (const pkcs11::Error& error) {
      if (error.error_class() == pkcs11::ErrorClass::key_refused) {
        throw Error{Code::request_failed, error.what()};  // the next one would be as weak
      }
      throw;
    }
  });
}

std::optional<GeneratedSigningKey> Pkcs11Signer::find(const std::string& token, const std::string& label,
                                                      Deadline deadline) {
  return on_token([&]() -> std::optional<GeneratedSigningKey> {
    const auto key = named(token).find_key(label, deadline);
    if (!key) {
      return std::nullopt;
    }
    return GeneratedSigningKey{key->uri, key->spki_der};
  });
}

void Pkcs11Signer::audit(const SigningKey& key, Deadline deadline) {
  const pkcs11::Uri uri = parse(key.uri);
  refuse_distrusted(uri);
  on_token([&] { holding(uri).audit(uri, key.public_key.spki_der(), deadline); });
}

bool Pkcs11Signer::trust_again(const SigningKey& key, std::chrono::milliseconds rest, Deadline deadline) {
  const pkcs11::Uri uri = parse(key.uri);
  const auto last_bad = [&] {
    const std::lock_guard lock{mutex_};
    const auto found = distrusted_.find(uri.text());
    return found == distrusted_.end() ? std::nullopt : std::optional{found->second};
  };
  const auto before = last_bad();
  if (!before) {
    return false;
  }
  if (std::chrono::steady_clock::now() - *before < rest) {
    refuse_distrusted(uri);
  }
  on_token([&] {
    for (int trial = 0; trial < kTrials; ++trial) {
      holding(uri).audit(uri, key.public_key.spki_der(), deadline);
    }
  });
  const std::lock_guard lock{mutex_};
  const auto found = distrusted_.find(uri.text());
  // A signature that began before the first bad one may have ended badly since.
  if (found == distrusted_.end() || found->second != *before) {
    return false;
  }
  distrusted_.erase(found);
  return true;
}

KeyVerdict Pkcs11Signer::verdict(const SigningKey& key) const {
  try {
    const pkcs11::Uri uri = parse(key.uri);
    refuse_distrusted(uri);
    const pkcs11::KeyStanding standing = holding(uri).standing(uri);
    switch (standing.state) {
      case pkcs11::KeyStanding::State::passed:
        return {KeyVerdict::State::usable, {}};
      case pkcs11::KeyStanding::State::refused:
        return {KeyVerdict::State::unusable, standing.reason};
      case pkcs11::KeyStanding::State::unjudged:
        break;
    }
    return {};
  } catch (const Error& error) {
    return {KeyVerdict::State::unusable, error.what()};
  }
}

bool Pkcs11Signer::is_away(const SigningKey& key) const {
  const pkcs11::Token* token = find_holding(parse(key.uri));
  if (token == nullptr) {
    return true;
  }
  const pkcs11::TokenStatus status = token->status();
  const bool in_vain =
      status.state == pkcs11::TokenState::sealed || status.state == pkcs11::TokenState::closed;
  return in_vain ||
         (status.down_since && std::chrono::steady_clock::now() - *status.down_since > kReconnectTakes);
}

pkcs11::Token& Pkcs11Signer::named(const std::string& token) const {
  for (const auto& [name, pointer] : tokens_) {
    if (name == token) {
      return *pointer;
    }
  }
  throw Error{Code::unavailable, "no token named '" + token + "' is configured"};
}

pkcs11::Token* Pkcs11Signer::find_holding(const pkcs11::Uri& key) const {
  for (const auto& [name, pointer] : tokens_) {
    const auto& own = pointer->options().uri;
    const bool label_fits = !key.token || !own.token || *key.token == *own.token;
    const bool serial_fits = !key.serial || !own.serial || *key.serial == *own.serial;
    if (label_fits && serial_fits) {
      return pointer;
    }
  }
  return nullptr;
}

pkcs11::Token& Pkcs11Signer::holding(const pkcs11::Uri& key) const {
  if (pkcs11::Token* token = find_holding(key)) {
    return *token;
  }
  throw Error{Code::key_unusable, "no configured token holds the key " + key.text()};
}

void Pkcs11Signer::refuse_distrusted(const pkcs11::Uri& key) const {
  const std::lock_guard lock{mutex_};
  if (!distrusted_.empty() && distrusted_.contains(key.text())) {
    throw Error{Code::key_unusable, "this key returned a signature that did not verify and is not trusted"};
  }
}

}  // namespace ca
