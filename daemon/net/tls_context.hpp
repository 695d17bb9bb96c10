#pragma once
#include <memory>
#include <openssl/ssl.h>
#include <optional>

#include "ca/base/bytes.hpp"
#include "daemon/net/server.hpp"

namespace net {

struct TlsContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextDeleter>;

// TLS 1.2 (ECDHE and AEAD) and 1.3, no renegotiation, no tickets, no early data. Client certificates are
// asked for when client_ca is set, and then verified fully for client authentication. Throws
// ca::Error{Code::unavailable} that names the file.
[[nodiscard]] TlsContext load_tls(const TlsFiles& files);

// DER of the client's certificate after a handshake that verified it; empty when it sent none.
[[nodiscard]] std::optional<ca::Bytes> verified_peer_certificate(SSL* tls);

}  // namespace net
