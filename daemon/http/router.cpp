#include "daemon/http/router.hpp"

#include <algorithm>

#include "ca/base/strings.hpp"

namespace http {
namespace {

bool is_prefix(const Route& route) { return route.path.ends_with('*'); }

bool path_fits(const Route& route, std::string_view path) {
  if (is_prefix(route)) {
    return path.starts_with(std::string_view{route.path}.substr(0, route.path.size() - 1));
  }
  return path == route.path;
}

// Both fit the same path and media type.
bool more_specific(const Route& a, const Route& b) {
  if (is_prefix(a) != is_prefix(b)) {
    return is_prefix(b);
  }
  return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : !a.media_type.empty();
}

// RFC 9110, 8.3.1: what stands before the parameters, without case.
std::string media_type_of(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ') || content_type.ends_with('\t')) {
    content_type.remove_suffix(1);
  }
  return ca::ascii_lower(content_type);
}

}  // namespace

void Router::add(Route route) { routes_.push_back(std::move(route)); }

Router::Match Router::find(std::string_view method, std::string_view path,
                           std::string_view content_type) const {
  // HEAD is GET without the body; the connection leaves the body out.
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const std::string media_type = media_type_of(content_type);
  Match match;
  for (const Route& route : routes_) {
    if (!path_fits(route, path)) {
      continue;
    }
    match.path_known = true;
    const bool media_fits = route.media_type.empty() || route.media_type == media_type;
    if (route.method == wanted && media_fits &&
        (match.route == nullptr || more_specific(route, *match.route))) {
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
