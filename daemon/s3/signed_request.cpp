#include "daemon/s3/signed_request.hpp"

#include <algorithm>

#include "ca/base/hex.hpp"
#include "ca/base/sigv4.hpp"
#include "ca/base/strings.hpp"

namespace s3 {
namespace {

using namespace ca;

// "20261124T120000Z"
std::string basic_time(Seconds time) {
  std::string text = rfc3339(time);
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }),
             text.end());
  return text;
}

struct Place {
  std::string scheme;  // "https://"
  std::string host;    // with the port, as a client writes it
  std::string path;
};

// Clients leave the scheme's own port out of the Host header, and it is signed as it is sent.
std::string without_default_port(const std::string& scheme, std::string host) {
  const std::string_view port = scheme == "https://" ? ":443" : ":80";
  if (host.ends_with(port)) {
    host.resize(host.size() - port.size());
  }
  return host;
}

Place place_of(const Location& location, std::string_view key) {
  const std::size_t end_of_scheme = location.endpoint.find("://") + 3;
  Place place;
  place.scheme = location.endpoint.substr(0, end_of_scheme);
  place.host = without_default_port(place.scheme, location.endpoint.substr(end_of_scheme));
  if (location.path_style) {
    place.path = '/' + location.bucket;
  } else {
    place.host = location.bucket + '.' + place.host;
  }
  place.path += '/' + sigv4::escaped(key, "/");
  return place;
}

}  // namespace

SignedRequest signed_request(const Location& location, const RequestToSign& request, Seconds time,
                             std::string_view access_key_id, const SecretBytes& secret) {
  const Place place = place_of(location, request.key);
  const std::string stamp = basic_time(time);
  const std::string payload_hash = to_hex(request.payload);
  SignedRequest made{
      .method = std::string{request.method}, .url = place.scheme + place.host + place.path, .headers = {}};
  if (!request.content_type.empty()) {
    made.headers.emplace_back("Content-Type", request.content_type);
  }
  made.headers.emplace_back("Host", place.host);
  made.headers.emplace_back("x-amz-content-sha256", payload_hash);
  made.headers.emplace_back("x-amz-date", stamp);
  std::vector<std::string> names;  // ascending as the headers above are
  for (const auto& [name, value] : made.headers) {
    names.push_back(ascii_lower(name));
  }
  const sigv4::Scope scope{.date = stamp.substr(0, 8), .region = location.region, .service = "s3"};
  const std::string canonical = sigv4::canonical_request({.method = request.method,
                                                          .path = place.path,
                                                          .query = "",
                                                          .headers = made.headers,
                                                          .signed_headers = names,
                                                          .payload_hash = payload_hash,
                                                          .path_rule = sigv4::PathRule::as_it_is});
  const SecretBytes key = sigv4::signing_key(secret.view(), scope);
  const Sha256 signature = sigv4::signature(key, sigv4::string_to_sign(stamp, scope, canonical));
  made.headers.emplace_back("Authorization", sigv4::authorization(access_key_id, scope, names, signature));
  return made;
}

}  // namespace s3
