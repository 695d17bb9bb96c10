#include "daemon/client/service_client.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/sigv4.hpp"
#include "ca/base/strings.hpp"

namespace client {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxPage = std::size_t{4} * 1024 * 1024;  // a thousand certificates with long subjects
constexpr int kMaxRetryAfterSeconds = 60;
constexpr std::string_view kScheme = "https://";

// "20261124T120000Z"
std::string basic_time(ca::Seconds time) {
  std::string text = ca::rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

int seconds_of(std::string_view text) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc{} ? std::clamp(seconds, 0, kMaxRetryAfterSeconds) : 0;
}

}  // namespace

void check_endpoint(const std::string& endpoint) {
  const bool https = endpoint.starts_with(kScheme);
  const std::string host = https ? endpoint.substr(kScheme.size()) : "";
  if (host.empty() || host.find_first_of("/?#@ ") != std::string::npos) {
    throw ca::Error{
        ca::Code::invalid_args,
        "the endpoint must be https://HOST:PORT and nothing behind it, such as https://ca.example:8443"};
  }
}

http_client::Request signed_call(const Service& service, const Call& call, ca::Seconds time) {
  const std::string stamp = basic_time(time);
  std::string host = service.endpoint.substr(kScheme.size());
  if (host.ends_with(":443")) {
    host.resize(host.size() - 4);  // as libcurl and every other client sends it
  }
  http_client::Request request{
      .method = call.method,
      .url = service.endpoint + call.path + (call.query.empty() ? "" : "?" + call.query),
      .headers = {}};
  if (!call.body.empty()) {
    request.headers.emplace_back("Content-Type", "application/x-amz-json-1.1");
  }
  request.headers.emplace_back("Host", host);
  request.headers.emplace_back("X-Amz-Date", stamp);
  if (!service.credentials.session_token.empty()) {
    request.headers.emplace_back("X-Amz-Security-Token", service.credentials.session_token);
  }
  if (!call.target.empty()) {
    request.headers.emplace_back("X-Amz-Target", call.target);
  }
  std::vector<std::string> names;  // ascending as the headers above are
  for (const auto& [name, value] : request.headers) {
    names.push_back(ca::ascii_lower(name));
  }
  const std::string payload_hash = ca::to_hex(ca::sha256(ca::bytes_of(call.body)));
  const ca::sigv4::Scope scope{.date = stamp.substr(0, 8), .region = service.region, .service = "acm-pca"};
  const std::string canonical = ca::sigv4::canonical_request({.method = call.method,
                                                              .path = call.path,
                                                              .query = call.query,
                                                              .headers = request.headers,
                                                              .signed_headers = names,
                                                              .payload_hash = payload_hash});
  const ca::SecretBytes key = ca::sigv4::signing_key(service.credentials.secret->view(), scope);
  const ca::Sha256 signature = ca::sigv4::signature(key, ca::sigv4::string_to_sign(stamp, scope, canonical));
  request.headers.emplace_back(
      "Authorization", ca::sigv4::authorization(service.credentials.access_key_id, scope, names, signature));
  return request;
}

bool Reply::may_pass() const {
  return status >= 500 || status == 429 || status == 408 || error == "ThrottlingException" ||
         error == "Throttling";
}

Reply read_reply(const http_client::Answer& answer) {
  Reply reply{.status = answer.status, .body = std::string{ca::text_of(answer.body)}};
  if (reply.status == 200) {
    return reply;
  }
  reply.retry_after_seconds = seconds_of(answer.header("retry-after"));
  const json document = json::parse(reply.body, nullptr, false);
  if (document.is_object()) {
    const std::string type = member(document, "__type");
    reply.error = type.empty() ? member(document, "code") : type.substr(type.find('#') + 1);
    reply.detail = member(document, type.empty() ? "detail" : "message");
  }
  if (reply.error.empty()) {
    reply.error = "status " + std::to_string(reply.status);
  }
  return reply;
}

ServiceClient::ServiceClient(const Service& service, const ca::Clock& clock)
    : service_{service}, clock_{clock}, connection_{service.transfer} {}

Reply ServiceClient::certificates(const std::string& query) {
  return send({.method = "GET", .path = "/certificates", .query = query, .target = "", .body = ""}, kMaxPage);
}

Reply ServiceClient::keys(const ca::AuthorityArn& authority) {
  return send({.method = "GET",
               .path = "/authority-keys",
               .query = "authority=" + ca::sigv4::escaped(authority.text()),
               .target = "",
               .body = ""},
              kMaxPage);
}

Reply ServiceClient::change_keys(const ca::AuthorityArn& authority, const std::string& operation,
                                 std::uint64_t number) {
  const std::string numbered = operation.empty() ? "" : "&number=" + std::to_string(number);
  return send({.method = "POST",
               .path = "/authority-keys" + (operation.empty() ? "" : "/" + operation),
               .query = "authority=" + ca::sigv4::escaped(authority.text()) + numbered,
               .target = "",
               .body = ""},
              kMaxPage);
}

Reply ServiceClient::revoke(const ca::AuthorityArn& authority, const std::string& serial,
                            const std::string& reason) {
  const json body{{"CertificateAuthorityArn", authority.text()},
                  {"CertificateSerial", serial},
                  {"RevocationReason", reason}};
  return send({.method = "POST",
               .path = "/",
               .query = "",
               .target = "ACMPrivateCA.RevokeCertificate",
               .body = body.dump()},
              http_client::kMaxErrorBody);
}

Reply ServiceClient::send(const Call& call, std::size_t max_body) {
  const auto request = signed_call(service_, call, ca::to_seconds(clock_.now()));
  const auto body =
      call.body.empty() ? std::nullopt : std::optional{http_client::body_of(ca::bytes_of(call.body))};
  const auto answer = connection_.exchange(service_.endpoint, request, body, max_body);
  if (answer.body_too_large) {
    throw ca::Error{ca::Code::unavailable, service_.endpoint + ": the answer is too large"};
  }
  return read_reply(answer);
}

}  // namespace client
