#include "daemon/acmpca/dispatcher.hpp"

#include <optional>
#include <utility>

#include "daemon/acmpca/errors.hpp"
#include "daemon/acmpca/operations.hpp"
#include "daemon/acmpca/rpc_v2_cbor.hpp"
#include "daemon/acmpca/strict_json.hpp"
#include "daemon/auth/authenticator.hpp"
#include "daemon/auth/signed_request.hpp"

namespace acmpca {
namespace {

using ca::Code;
using ca::Error;
using http::HttpRequest;
using http::HttpResponse;

constexpr std::string_view kTargetPrefix = "ACMPrivateCA.";

// nullopt for another service's target or none.
std::optional<std::string_view> operation_name(const HttpRequest& request) {
  if (rpc::is_rpc(request)) {
    return rpc::operation_name(request);
  }
  const auto target = request.header("X-Amz-Target");
  if (!target || !target->starts_with(kTargetPrefix)) {
    return std::nullopt;
  }
  return target->substr(kTargetPrefix.size());
}

const Operation& named_operation(const HttpRequest& request) {
  (void)auth::only_header(request, "x-amz-target");  // who stands before us may have read the other one
  const auto name = operation_name(request);
  const Operation* operation = name ? find_operation(*name) : nullptr;
  if (operation != nullptr) {
    return *operation;
  }
  throw Error{Code::unknown_operation, std::string{rpc::is_rpc(request) ? "The path" : "X-Amz-Target"} +
                                           " names no operation of ACMPrivateCA"};
}

nlohmann::json read_body(const HttpRequest& request) {
  if (rpc::is_rpc(request)) {
    return rpc::read_body(request);
  }
  if (!is_amz_json(request.header("Content-Type").value_or(""))) {
    throw Error{Code::malformed_request, "The Content-Type must be application/x-amz-json-1.1"};
  }
  return parse_object(request.body);
}

// Every answer is made for aws-json first.
HttpResponse spoken(const HttpRequest& request, HttpResponse answer) {
  return rpc::is_rpc(request) ? rpc::translated(std::move(answer)) : answer;
}

}  // namespace

// How far a request came, for the observer and the record of a refusal.
struct Dispatcher::Progress {
  std::string operation;
  std::string error_name;
  std::string resource = "*";
  std::optional<ca::Caller> caller;
};

Dispatcher::Dispatcher(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
                       Observer observer)
    : authorities_{authorities}, authenticator_{authenticator}, observer_{std::move(observer)} {}

HttpResponse Dispatcher::handle(const HttpRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  Progress progress;
  HttpResponse response = spoken(request, answer(request, progress));
  if (observer_) {
    try {
      observer_(
          progress.operation, progress.error_name, progress.caller ? progress.caller->principal : "",
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin),
          request);
    } catch (...) {
      // The answer stands whether or not somebody could be told about it.
    }
  }
  return response;
}

HttpResponse Dispatcher::answer(const HttpRequest& request, Progress& progress) {
  try {
    return serve(request, progress);
  } catch (const Error& error) {
    progress.error_name = aws_error(error.code()).name;
    return refuse(request, progress, error);
  } catch (const std::exception& error) {
    progress.error_name = aws_error(Code::internal).name;
    return error_response(Code::internal, error.what(), request.request_id);
  } catch (...) {
    progress.error_name = aws_error(Code::internal).name;
    return error_response(Code::internal, "not a std::exception", request.request_id);
  }
}

HttpResponse Dispatcher::serve(const HttpRequest& request, Progress& progress) {
  const Operation& operation = named_operation(request);
  progress.operation = operation.name;
  progress.caller = authenticator_.authenticate(request);
  if (progress.caller->device_id) {
    // The API issues whatever names the CSR holds; the names of a device are granted by POST /provision
    // (I11).
    throw Error{Code::access_denied, "A device's certificate is a credential for POST /provision only"};
  }
  const nlohmann::json input =
      checked(*operation.shape, read_body(request), rpc::is_rpc(request) ? Blobs::bytes : Blobs::base64);
  progress.resource = input.value("CertificateAuthorityArn", "*");
  const nlohmann::json output = operation.handler(authorities_, *progress.caller, input);
  return {
      .status = 200,
      .content_type = "application/x-amz-json-1.1",
      .body = output.is_null() ? "" : output.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
      .headers = {},
  };
}

HttpResponse Dispatcher::refuse(const HttpRequest& request, const Progress& progress, const Error& error) {
  if (error.code() == Code::access_denied && progress.caller) {
    try {
      authorities_.record_refusal(*progress.caller, progress.operation, progress.resource, error.what());
    } catch (...) {
      // Refused stays refused when the audit log is away: nothing was done that it would have to show.
    }
  }
  return error_response(error.code(), error.what(), request.request_id);
}

http::Pool Dispatcher::pool_of(const HttpRequest& request) {
  const auto name = operation_name(request);
  const Operation* operation = name ? find_operation(*name) : nullptr;
  return operation == nullptr ? http::Pool::read : operation->pool;
}

std::string Dispatcher::share_of(HttpRequest& request) const { return authenticator_.share_of(request); }

std::size_t Dispatcher::body_bound(const HttpRequest& head) const {
  const auto name = operation_name(head);
  const Operation* operation = name ? find_operation(*name) : nullptr;
  if (operation == nullptr || operation->max_body <= http::kOrdinaryBody ||
      !authenticator_.names_known_caller(head)) {
    return http::kOrdinaryBody;
  }
  return operation->max_body;
}

HttpResponse Dispatcher::too_large(const HttpRequest& head) const {
  return spoken(head, error_response(Code::payload_too_large,
                                     "The body is larger than " + std::to_string(body_bound(head)) + " bytes",
                                     head.request_id));
}

HttpResponse Dispatcher::throttled(const HttpRequest& request) {
  return spoken(request, error_response(Code::throttled, "", request.request_id));
}

namespace {

http::Route route(std::string path, Dispatcher& dispatcher) {
  return {
      .method = "POST",
      .path = std::move(path),
      // Who has proved nothing is refused before any work: not with the threads that wait for the token.
      .pool =
          [](const HttpRequest& request) {
            const bool proved = request.proved || request.client_certificate;
            return proved ? Dispatcher::pool_of(request) : http::Pool::read;
          },
      .handler = [&dispatcher](const HttpRequest& request) { return dispatcher.handle(request); },
      .max_body = kImportBody,
      .body_bound = [&dispatcher](const HttpRequest& head) { return dispatcher.body_bound(head); },
      .when_too_large = [&dispatcher](const HttpRequest& head) { return dispatcher.too_large(head); },
      .share_of = [&dispatcher](HttpRequest& request) { return dispatcher.share_of(request); },
      .when_throttled = Dispatcher::throttled,
      .when_full = Dispatcher::throttled,
  };
}

}  // namespace

void add_routes(http::Router& router, Dispatcher& dispatcher) {
  router.add(route("/", dispatcher));
  router.add(route(std::string{rpc::kPathPrefix} + "*", dispatcher));
}

}  // namespace acmpca
