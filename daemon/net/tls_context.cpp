#include "daemon/net/tls_context.hpp"

#include <openssl/ssl.h>

#include "ca/base/error.hpp"

namespace net {
namespace {

constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

[[noreturn]] void refuse(const std::string& what, const std::string& file, const std::string& cause) {
  throw ca::Error{ca::Code::unavailable, "TLS: cannot use " + what + " " + file + ": " + cause};
}

void ask_for_client_certificates(SSL_CTX* context, const std::string& file) {
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    refuse("the client CA file", file, "not readable, or no PEM certificates in it");
  }
  SSL_CTX_set_client_CA_list(context, names);
  // The server's side of this purpose check wants clientAuth in the client's certificate.
  SSL_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, nullptr);
}

}  // namespace

std::shared_ptr<boost::asio::ssl::context> load_tls(const TlsFiles& files) {
  auto context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_cipher_list(native, kTls12Ciphers);
  boost::system::error_code error;
  context->use_certificate_chain_file(files.certificate_chain, error);
  if (error) {
    refuse("the certificate chain", files.certificate_chain, error.message());
  }
  context->use_private_key_file(files.private_key, boost::asio::ssl::context::pem, error);
  if (error) {
    refuse("the private key", files.private_key, error.message());
  }
  if (SSL_CTX_check_private_key(native) != 1) {
    refuse("the private key", files.private_key,
           "it does not belong to the certificate " + files.certificate_chain);
  }
  if (files.client_ca) {
    ask_for_client_certificates(native, *files.client_ca);
  }
  return context;
}

}  // namespace net
