#include "daemon/acmpca/rpc_v2_cbor.hpp"

#include <string>
#include <utility>

#include "ca/base/error.hpp"
#include "daemon/acmpca/strict_cbor.hpp"
#include "daemon/acmpca/strict_json.hpp"
#include "daemon/auth/signed_request.hpp"

namespace acmpca::rpc {
namespace {

using nlohmann::json;

constexpr std::string_view kProtocol = "rpc-v2-cbor";
constexpr std::string_view kMediaType = "application/cbor";
constexpr std::string_view kNamespace = "com.amazonaws.acmpca#";

[[noreturn]] void refuse(const std::string& what) { throw ca::Error{ca::Code::malformed_request, what}; }

}  // namespace

bool is_rpc(const http::HttpRequest& request) { return request.path.starts_with(kPathPrefix); }

std::string_view operation_name(const http::HttpRequest& request) {
  return std::string_view{request.path}.substr(kPathPrefix.size());
}

json read_body(const http::HttpRequest& request) {
  if (auth::only_header(request, "smithy-protocol") != kProtocol) {
    refuse("The header Smithy-Protocol must be " + std::string{kProtocol});
  }
  // Whoever stands before us may have read the operation there.
  if (request.header("X-Amz-Target") || request.header("X-Amzn-Target")) {
    refuse("The operation stands in the path: X-Amz-Target must not be sent");
  }
  if (!is_media_type(request.header("Content-Type").value_or(""), kMediaType)) {
    refuse("The Content-Type must be " + std::string{kMediaType});
  }
  return parse_cbor_object(request.body);
}

http::HttpResponse translated(http::HttpResponse answer) {
  answer.headers.emplace_back("Smithy-Protocol", kProtocol);
  if (answer.body.empty()) {
    answer.content_type.clear();
    return answer;
  }
  json body = json::parse(answer.body);
  if (const auto type = body.find("__type"); type != body.end()) {
    *type = std::string{kNamespace} + type->get<std::string>();
  }
  answer.body = to_cbor(body);
  answer.content_type = kMediaType;
  return answer;
}

}  // namespace acmpca::rpc
