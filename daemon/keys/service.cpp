#include "daemon/keys/service.hpp"

#include <utility>

#include "daemon/keys/documents.hpp"

namespace keys {

using http::HttpRequest;
using http::HttpResponse;

Service::Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
                 rest::Endpoint::Observer observer)
    : authorities_{authorities}, endpoint_{authorities, authenticator, std::move(observer)} {}

HttpResponse Service::list(const HttpRequest& request) {
  return endpoint_.answer("ListAuthorityKeys", request, [&](const ca::Caller& caller) {
    const ca::AuthorityArn authority = read_authority(request.query);
    return keys_response(authority, authorities_.keys(caller, authority));
  });
}

HttpResponse Service::prepare(const HttpRequest& request) {
  return endpoint_.answer("PrepareAuthorityKey", request, [&](const ca::Caller& caller) {
    const ca::AuthorityArn authority = read_authority(request.query);
    return keys_response(authority, {authorities_.prepare_key(caller, authority)});
  });
}

HttpResponse Service::activate(const HttpRequest& request) {
  return endpoint_.answer("ActivateAuthorityKey", request, [&](const ca::Caller& caller) {
    const auto [authority, number] = read_named(request.query);
    return keys_response(authority, authorities_.activate_key(caller, authority, number));
  });
}

HttpResponse Service::discard(const HttpRequest& request) {
  return endpoint_.answer("DiscardAuthorityKey", request, [&](const ca::Caller& caller) {
    const auto [authority, number] = read_named(request.query);
    return keys_response(authority, {authorities_.discard_key(caller, authority, number)});
  });
}

void add_routes(http::Router& router, Service& service) {
  const auto add = [&](const char* method, const char* path,
                       HttpResponse (Service::*handle)(const HttpRequest&)) {
    http::Route route = service.endpoint().route(
        method, path, [&service, handle](const HttpRequest& request) { return (service.*handle)(request); });
    if (std::string_view{method} == "POST") {
      route.pool = [](const HttpRequest&) { return http::Pool::issue; };  // asks the token
    }
    router.add(std::move(route));
  };
  add("GET", "/authority-keys", &Service::list);
  add("POST", "/authority-keys", &Service::prepare);
  add("POST", "/authority-keys/activate", &Service::activate);
  add("POST", "/authority-keys/discard", &Service::discard);
}

}  // namespace keys
