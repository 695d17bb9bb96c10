#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ca/base/bytes.hpp"
#include "ca/policy/caller.hpp"

namespace http {

// A request that passed the strict gate of daemon/net: one Host, exact framing, size limits held.
struct HttpRequest {
  std::string method;                                        // "POST"
  std::string target;                                        // as received, "/provision/x?y=z"
  std::string path;                                          // target up to '?'
  std::string query;                                         // after '?', as received
  std::vector<std::pair<std::string, std::string>> headers;  // as received, in order
  std::string body;
  std::string remote_ip;
  std::string remote_network;  // remote_ip, or of IPv6 the /64: who has one address there has all
  std::string request_id;      // uuid made by us
  // The client's certificate chain was verified by TLS against the configured client CAs; DER of the leaf.
  std::optional<ca::Bytes> client_certificate;
  // Set by daemon/auth alone, when it has proved early who sends this very request, so that it is done once.
  std::shared_ptr<const ca::Caller> proved;

  // First value of the header, name compared without case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

// Part of something large that others hold as well: it is sent without a copy of its own.
struct SharedBody {
  std::shared_ptr<const ca::Bytes> bytes;
  std::size_t offset = 0;
  std::size_t size = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>>
      headers;  // beside Content-Type, Content-Length, Date, x-amzn-RequestId
  // Why it is what it is, when the client is not told: for the log, never sent.
  std::string cause = {};
  // One of thousands alike in a second, which metrics count: the log takes it at the level debug only.
  bool routine = false;
  std::optional<SharedBody> shared_body = {};  // in place of `body`

  [[nodiscard]] std::string_view payload() const;
};

}  // namespace http
