#pragma once
#include <memory>
#include <openssl/ssl.h>

#include "tests/integration/net/certificates.hpp"
#include "tests/integration/net/client.hpp"

struct TlsOptions {
  const Identity* identity = nullptr;  // the client's own certificate
  int max_version = TLS1_3_VERSION;
  int min_version = TLS1_2_VERSION;
  std::string tls12_ciphers;  // the library's own when empty
};

// OpenSSL as the client. It trusts anybody: tests look at the server's certificate themselves.
class TlsClient : public Client {
 public:
  explicit TlsClient(std::uint16_t port, const TlsOptions& options = {});
  // Whether the handshake ended well. In TLS 1.3 the server's judgement of our certificate comes after it.
  [[nodiscard]] bool connected() const { return connected_; }
  bool send(std::string_view bytes) override;
  [[nodiscard]] SSL* native() const { return ssl_.get(); }
  [[nodiscard]] ca::Bytes server_certificate() const;
  // Whether the server ended the stream with close_notify.
  [[nodiscard]] bool ended_properly() const;

 protected:
  std::size_t receive(char* into, std::size_t size) override;

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool connected_ = false;
};
