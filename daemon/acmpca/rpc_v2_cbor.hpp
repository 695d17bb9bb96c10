#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "daemon/http/message.hpp"

// The second protocol of the API, which newer SDKs prefer: Smithy RPC v2 CBOR. The operation stands in the
// path, bodies are CBOR with blobs as bytes and points in time as tagged numbers. Pure.
namespace acmpca::rpc {

inline constexpr std::string_view kPathPrefix = "/service/ACMPrivateCA/operation/";

// By the path alone: it is always signed.
[[nodiscard]] bool is_rpc(const http::HttpRequest& request);
// What stands behind the prefix; only for is_rpc().
[[nodiscard]] std::string_view operation_name(const http::HttpRequest& request);
// Throws ca::Code::malformed_request, also for headers that speak of another protocol.
[[nodiscard]] nlohmann::json read_body(const http::HttpRequest& request);
// An answer of the aws-json protocol, an error too, in this one's words.
[[nodiscard]] http::HttpResponse translated(http::HttpResponse json_answer);

}  // namespace acmpca::rpc
