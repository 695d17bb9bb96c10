#include "tests/integration/net/tls_client.hpp"

#include <csignal>
#include <openssl/err.h>

TlsClient::TlsClient(std::uint16_t port, const TlsOptions& options)
    : Client{port}, context_{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free}, ssl_{nullptr, &SSL_free} {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  SSL_CTX* context = context_.get();
  SSL_CTX_set_security_level(context, 0);  // old protocols are offered, for the server to refuse
  SSL_CTX_set_min_proto_version(context, options.min_version);
  SSL_CTX_set_max_proto_version(context, options.max_version);
  if (!options.tls12_ciphers.empty()) {
    SSL_CTX_set_cipher_list(context, options.tls12_ciphers.c_str());
  }
  if (options.identity != nullptr) {
    SSL_CTX_use_certificate(context, options.identity->certificate.get());
    SSL_CTX_use_PrivateKey(context, options.identity->key.get());
  }
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), socket_);
  connected_ = SSL_connect(ssl_.get()) == 1;
  ERR_clear_error();
}

bool TlsClient::send(std::string_view bytes) {
  ERR_clear_error();
  return bytes.empty() || SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
}

std::size_t TlsClient::receive(char* into, std::size_t size) {
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), into, static_cast<int>(size));
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

bool TlsClient::ended_properly() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

ca::Bytes TlsClient::server_certificate() const {
  Identity server;
  server.certificate = {SSL_get1_peer_certificate(ssl_.get()), X509_free};
  return server.der();
}
