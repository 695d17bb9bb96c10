#include "config/load_revocation.hpp"

#include <system_error>

#include "ca/x509/name_syntax.hpp"

namespace config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// It goes into certificates as it is, and a client that needs the CRL to check a TLS server could not fetch
// the CRL by TLS (RFC 5280, 8).
std::optional<std::string> url_complaint(const std::string& url) {
  if (!url.starts_with("http://") || url.ends_with('/') || url.find_first_of("?#") != std::string::npos) {
    return "expected http://HOST, with a port or a path when it has one, no slash at the end";
  }
  return ca::uri_complaint(url);
}

void read_ocsp(Mapping& map, RevocationOptions& revocation) {
  using std::chrono::hours;
  map.duration("ocsp_validity", revocation.ocsp_validity, {std::chrono::minutes{1}, hours{24 * 7}});
  map.duration("ocsp_signer_validity", revocation.ocsp_signer_validity, {hours{24}, hours{24 * 365}});
  map.number("ocsp_cache", revocation.ocsp_cache, {16, 10'000'000});
  map.number("ocsp_signatures_per_second", revocation.ocsp_signatures_per_second, {1, 1'000'000});
  map.number("ocsp_unknown_per_second", revocation.ocsp_unknown_per_second, {1, 1'000'000});
  map.number("ocsp_nonce_per_second", revocation.ocsp_nonce_per_second, {1, 1'000'000});
  map.number("ocsp_several_per_second", revocation.ocsp_several_per_second, {1, 1'000'000});
  map.number("ocsp_percent_per_sender", revocation.ocsp_percent_per_sender, {1, 100});
}

bool is_every_address(const std::string& address) {
  return address.empty() || address == "0.0.0.0" || address == "::";
}

}  // namespace

void read_revocation(Mapping& map, RevocationOptions& revocation) {
  map.text("url", revocation.url);
  if (map.has("url")) {
    if (const auto complaint = url_complaint(revocation.url)) {
      map.problem("url", *complaint);
    }
  }
  map.path("crl_directory", revocation.crl_directory);
  std::error_code ignored;
  if (revocation.crl_directory && !std::filesystem::is_directory(*revocation.crl_directory, ignored)) {
    map.problem("crl_directory", "no such folder: " + revocation.crl_directory->string());
  }
  map.duration("crl_delay", revocation.crl_delay, {milliseconds{0}, seconds{50}});
  map.number("partition_size", revocation.partition_size, {100, 1'000'000});
  map.boolean("ca_issuers", revocation.ca_issuers);
  map.boolean("no_rev_avail", revocation.no_rev_avail);
  read_ocsp(map, revocation);
}

void settle_status_url(RevocationOptions& revocation, const ListenerOptions& status) {
  if (!revocation.url.empty() || status.port == 0 || is_every_address(status.address)) {
    return;
  }
  const bool v6 = status.address.find(':') != std::string::npos;
  revocation.url =
      "http://" + (v6 ? "[" + status.address + "]" : status.address) + ":" + std::to_string(status.port);
}

}  // namespace config
