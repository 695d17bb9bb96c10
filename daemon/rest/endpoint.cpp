#include "daemon/rest/endpoint.hpp"

#include <optional>
#include <utility>

#include "ca/base/error.hpp"
#include "daemon/auth/authenticator.hpp"
#include "daemon/rest/problem.hpp"

namespace rest {

using ca::Code;
using ca::Error;
using http::HttpRequest;
using http::HttpResponse;

Endpoint::Endpoint(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
                   Observer observer)
    : authorities_{authorities}, authenticator_{authenticator}, observer_{std::move(observer)} {}

HttpResponse Endpoint::answer(const std::string& operation, const HttpRequest& request,
                              const Work& work) const {
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

void Endpoint::record_refusal(const ca::Caller& caller, const std::string& operation,
                              const HttpRequest& request, const std::string& reason) const {
  try {
    authorities_.record_refusal(caller, operation, request.path, reason);
  } catch (...) {
    // Refused stays refused when the audit log is away: nothing was done that it would have to show.
  }
}

http::Route Endpoint::route(std::string method, std::string path, http::Handler handler) const {
  return {
      .method = std::move(method),
      .path = std::move(path),
      .pool = [](const HttpRequest&) { return http::Pool::read; },
      .handler = std::move(handler),
      .max_body = 0,
      .share_of = [this](HttpRequest& request) { return authenticator_.share_of(request); },
      .when_throttled =
          [](const HttpRequest& request) {
            return problem_response(Code::throttled, "", request.request_id);
          },
      .when_full =
          [](const HttpRequest& request) {
            return problem_response(Code::unavailable, "the queue is full", request.request_id);
          },
  };
}

}  // namespace rest
