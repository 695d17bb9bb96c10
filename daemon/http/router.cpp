#include "daemon/http/router.hpp"

#include <algorithm>

namespace http {
namespace {

bool path_fits(const Route& route, std::string_view path) {
  if (route.path.ends_with('*')) {
    return path.starts_with(std::string_view{route.path}.substr(0, route.path.size() - 1));
  }
  return path == route.path;
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
    const bool more_specific = match.route == nullptr || route.path.size() > match.route->path.size();
    if (route.method == wanted && more_specific) {
      match.route = &route;
    }
  }
  return match;
}

std::size_t Router::max_body() const {
  std::size_t largest = 0;
  for (const Route& route : routes_) {
    largest = std::max(largest, route.max_body);
  }
  return largest;
}

}  // namespace http
