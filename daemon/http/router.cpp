#include "daemon/http/router.hpp"

#include <algorithm>

namespace http {
namespace {

bool is_prefix(const Route& route) { return route.path.ends_with('*'); }

bool path_fits(const Route& route, std::string_view path) {
  if (is_prefix(route)) {
    return path.starts_with(std::string_view{route.path}.substr(0, route.path.size() - 1));
  }
  return path == route.path;
}

// Both fit the same path.
bool more_specific(const Route& a, const Route& b) {
  return is_prefix(a) == is_prefix(b) ? a.path.size() > b.path.size() : is_prefix(b);
}

}  // namespace

void Router::add(Route route) { routes_.push_back(std::move(route)); }

Router::Match Router::find(std::string_view method, std::string_view path) const {
  // HEAD is GET without the body; the connection leaves the body out.
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  Match match;
  for (const Route& route : routes_) {
    if (!path_fits(route, path)) {
      continue;
    }
    match.path_known = true;
    if (route.method == wanted && (match.route == nullptr || more_specific(route, *match.route))) {
      match.route = &route;
    }
  }
  return match;
}

std::string Router::allowed(std::string_view path) const {
  std::vector<std::string> methods;
  const auto add = [&methods](const std::string& method) {
    if (std::find(methods.begin(), methods.end(), method) == methods.end()) {
      methods.push_back(method);
    }
  };
  for (const Route& route : routes_) {
    if (path_fits(route, path)) {
      add(route.method);
      if (route.method == "GET") {
        add("HEAD");
      }
    }
  }
  std::string text;
  for (const std::string& method : methods) {
    text += (text.empty() ? "" : ", ") + method;
  }
  return text;
}

}  // namespace http
