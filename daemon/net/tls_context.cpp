#include "daemon/net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <system_error>

#include "ca/base/error.hpp"

namespace net {
namespace {

constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

constexpr int kMaxChain = 8;  // certificates between a client's and a trusted root

struct NamesDeleter {
  void operator()(STACK_OF(X509_NAME) * names) const { sk_X509_NAME_pop_free(names, X509_NAME_free); }
};
using Names = std::unique_ptr<STACK_OF(X509_NAME), NamesDeleter>;

[[noreturn]] void refuse(const std::string& what, const std::string& file, const std::string& cause) {
  ERR_clear_error();
  throw ca::Error{ca::Code::unavailable, "TLS: cannot use " + what + " " + file + ": " + cause};
}

// The oldest entry of OpenSSL's error queue: the first thing that went wrong.
std::string last_cause() {
  const unsigned long error = ERR_peek_error();
  if (ERR_SYSTEM_ERROR(error)) {
    return std::generic_category().message(ERR_GET_REASON(error));
  }
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "unknown cause";
}

void ask_for_client_certificates(SSL_CTX* context, const std::string& file) {
  Names names{SSL_load_client_CA_file(file.c_str())};
  if (!names || SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    refuse("the client CA file", file, "not readable, or no PEM certificates in it");
  }
  SSL_CTX_set_client_CA_list(context, names.release());
  // The server's side of this purpose check wants clientAuth in the client's certificate.
  SSL_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
  SSL_CTX_set_verify_depth(context, kMaxChain);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, nullptr);
}

void set_protocols(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context, kTls12Ciphers) != 1) {
    ERR_clear_error();
    throw ca::Error{ca::Code::internal, "TLS: OpenSSL does not know TLS 1.2 with ECDHE and AEAD"};
  }
}

}  // namespace

TlsContext load_tls(const TlsFiles& files) {
  TlsContext context{SSL_CTX_new(TLS_server_method())};
  if (!context) {
    ERR_clear_error();
    throw ca::Error{ca::Code::internal, "TLS: OpenSSL gives no context"};
  }
  set_protocols(context.get());
  // Otherwise OpenSSL would ask for the passphrase of an encrypted key on the terminal.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate_chain.c_str()) != 1) {
    refuse("the certificate chain", files.certificate_chain, last_cause());
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.private_key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    refuse("the private key", files.private_key, last_cause());
  }
  if (files.client_ca) {
    ask_for_client_certificates(context.get(), *files.client_ca);
  }
  return context;
}

std::optional<ca::Bytes> verified_peer_certificate(SSL* tls) {
  X509* certificate = SSL_get0_peer_certificate(tls);
  if (certificate == nullptr || SSL_get_verify_result(tls) != X509_V_OK) {
    return std::nullopt;
  }
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) {
    throw ca::Error{ca::Code::internal, "TLS: the client's certificate cannot be encoded"};
  }
  ca::Bytes der(static_cast<std::size_t>(size));
  unsigned char* out = der.data();
  i2d_X509(certificate, &out);
  return der;
}

}  // namespace net
