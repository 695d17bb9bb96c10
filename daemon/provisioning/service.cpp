#include "daemon/provisioning/service.hpp"

#include <optional>
#include <utility>

#include "ca/base/error.hpp"
#include "daemon/auth/authenticator.hpp"
#include "daemon/provisioning/documents.hpp"
#include "daemon/provisioning/errors.hpp"

namespace provisioning {

using ca::Code;
using ca::Error;
using http::HttpRequest;
using http::HttpResponse;

namespace {

// A CSR of 32 KiB as a JSON string, whose line ends are two characters, and short members beside it.
constexpr std::size_t kMaxBody = std::size_t{48} * 1024;

}  // namespace

Service::Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
                 Observer observer)
    : authorities_{authorities}, authenticator_{authenticator}, observer_{std::move(observer)} {}

HttpResponse Service::provision(const HttpRequest& request) {
  return answer("Provision", request, [&](const ca::Caller& caller) {
    return result_response(authorities_.provision(caller, read_order(request)));
  });
}

HttpResponse Service::provisioned(const HttpRequest& request) {
  return answer("GetProvisioned", request, [&](const ca::Caller& caller) {
    return result_response(authorities_.provisioned(caller, read_id(request)));
  });
}

std::string Service::share_of(HttpRequest& request) const { return authenticator_.share_of(request); }

HttpResponse Service::throttled(const HttpRequest& request) {
  return problem_response(Code::throttled, "", request.request_id);
}

HttpResponse Service::full(const HttpRequest& request) {
  return problem_response(Code::unavailable, "the queue is full", request.request_id);
}

HttpResponse Service::answer(const std::string& operation, const HttpRequest& request, const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<ca::Caller> caller;
  std::string error_name;
  HttpResponse response;
  try {
    caller = authenticator_.authenticate(request);
    response = work(*caller);
  } catch (const Error& error) {
    error_name = ca::name_of(error.code());
    if (error.code() == Code::access_denied && caller) {
      record_refusal(*caller, operation, request, error.what());
    }
    response = problem_response(error.code(), error.what(), request.request_id);
  } catch (const std::exception& error) {
    error_name = ca::name_of(Code::internal);
    response = problem_response(Code::internal, error.what(), request.request_id);
  } catch (...) {
    error_name = ca::name_of(Code::internal);
    response = problem_response(Code::internal, "not a std::exception", request.request_id);
  }
  if (observer_) {
    try {
      observer_(
          operation, error_name, caller ? caller->principal : "",
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin),
          request);
    } catch (...) {
      // The answer stands whether or not somebody could be told about it.
    }
  }
  return response;
}

void Service::record_refusal(const ca::Caller& caller, const std::string& operation,
                             const HttpRequest& request, const std::string& reason) {
  try {
    authorities_.record_refusal(caller, operation, request.path, reason);
  } catch (...) {
    // Refused stays refused when the audit log is away: nothing was done that it would have to show.
  }
}

void add_routes(http::Router& router, Service& service) {
  const auto share_of = [&service](HttpRequest& request) { return service.share_of(request); };
  router.add({
      .method = "POST",
      .path = "/provision",
      // Who has proved nothing is refused before any work: not with the threads that wait for the token.
      .pool =
          [](const HttpRequest& request) {
            const bool proved = request.proved || request.client_certificate;
            return proved ? http::Pool::issue : http::Pool::read;
          },
      .handler = [&service](const HttpRequest& request) { return service.provision(request); },
      .max_body = kMaxBody,
      .share_of = share_of,
      .when_throttled = Service::throttled,
      .when_full = Service::full,
  });
  router.add({
      .method = "GET",
      .path = "/provision/*",
      .pool = [](const HttpRequest&) { return http::Pool::read; },
      .handler = [&service](const HttpRequest& request) { return service.provisioned(request); },
      .max_body = 0,
      .share_of = share_of,
      .when_throttled = Service::throttled,
      .when_full = Service::full,
  });
}

}  // namespace provisioning
