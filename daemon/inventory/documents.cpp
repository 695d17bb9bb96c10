#include "daemon/inventory/documents.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/policy/condition.hpp"
#include "ca/templates/template.hpp"
#include "daemon/rest/query.hpp"

namespace inventory {
namespace {

using ca::Code;
using ca::Error;
using nlohmann::json;

constexpr std::size_t kMaxLimit = 1000;
constexpr std::size_t kMaxDevices = 200;
constexpr double kLatest = 253402300799;  // 9999-12-31T23:59:59Z
constexpr std::array<std::string_view, 9> kNames{"authority", "device",       "key-sha256",
                                                 "template",  "issued-after", "issued-before",
                                                 "state",     "cursor",       "limit"};

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::constraint_violation, what}; }

ca::TimePoint time_of(const std::string& name, const std::string& text) {
  const auto seconds = ca::parse_date(text);
  if (!seconds || *seconds < 0 || *seconds > kLatest) {
    refuse(name + " must be a time such as 2026-11-24T05:06:07Z");
  }
  return ca::TimePoint{std::chrono::milliseconds{std::llround(*seconds * 1000)}};
}

// "EndEntityCertificate", with "/V1" behind it or as an ARN.
std::string template_of(std::string_view text) {
  const std::string_view from_arn = text.substr(text.starts_with("arn:") ? text.find('/') + 1 : 0);
  const std::string_view name = from_arn.substr(0, from_arn.find('/'));
  const auto known = ca::all_templates();
  if (std::ranges::none_of(known, [&](const ca::Template& each) { return each.name == name; })) {
    refuse("template must be one of the certificate templates, such as EndEntityCertificate");
  }
  return std::string{name};
}

ca::Sha256 hash_of(const std::string& text) {
  ca::Sha256 hash{};
  ca::Bytes bytes;
  try {
    bytes = ca::from_hex(text);
  } catch (const Error&) {  // said below in the words of the query
  }
  if (bytes.size() != hash.size()) {
    refuse("key-sha256 must be 64 hex digits");
  }
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

std::size_t limit_of(const std::string& text) {
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc{} || end != text.data() + text.size() || limit < 1 || limit > kMaxLimit) {
    refuse("limit must be 1 to " + std::to_string(kMaxLimit));
  }
  return limit;
}

ca::CertificateState state_of(const std::string& text) {
  const auto state = ca::certificate_state_from_api(text);
  if (!state) {
    refuse("state must be PENDING, ISSUED, FAILED or REVOKED");
  }
  return *state;
}

void take(ca::CertificateSearch& search, const std::string& name, const std::string& value) {
  ca::CertificateFilter& filter = search.filter;
  if (name == "authority") {
    search.authority = ca::AuthorityArn::parse(value);
  } else if (name == "device") {
    filter.device_ids.push_back(value);
  } else if (name == "key-sha256") {
    filter.key_hash = hash_of(value);
  } else if (name == "template") {
    filter.template_name = template_of(value);
  } else if (name == "issued-after") {
    filter.issued_from = time_of(name, value);
  } else if (name == "issued-before") {
    filter.issued_before = time_of(name, value);
  } else if (name == "state") {
    filter.state = state_of(value);
  } else if (name == "cursor") {
    search.after = ca::SerialNumber::from_hex(value);
  } else {
    search.limit = limit_of(value);
  }
}

json summary_json(const ca::AuthorityArn& authority, const ca::CertificateSummary& summary) {
  json object{
      {"serial", summary.serial.colon_hex()},
      {"certificate_arn", ca::CertificateArn{authority, summary.serial}.text()},
      {"state", ca::api_name(summary.state)},
      {"template", summary.template_name},
      {"subject", summary.subject},
      {"key_sha256", ca::to_hex(summary.key_hash)},
      {"not_before", ca::rfc3339(summary.validity.not_before)},
      {"not_after", ca::rfc3339(summary.validity.not_after)},
      {"requested_at", ca::rfc3339(summary.requested_at)},
      {"self_signed", summary.self_signed},
  };
  if (!summary.device_id.empty()) {
    object["device_id"] = summary.device_id;
  }
  if (!summary.profile.empty()) {
    object["profile"] = summary.profile;
  }
  if (summary.issued_at) {
    object["issued_at"] = ca::rfc3339(*summary.issued_at);
  }
  if (summary.revoked_at) {
    object["revoked_at"] = ca::rfc3339(*summary.revoked_at);
  }
  if (summary.revocation_reason) {
    object["revocation_reason"] = ca::api_name(*summary.revocation_reason);
  }
  return object;
}

}  // namespace

ca::CertificateSearch read_search(std::string_view query) {
  ca::CertificateSearch search;
  for (const auto& [name, value] : rest::read_query(query, kNames, "device")) {
    take(search, name, value);
  }
  if (search.authority.id.empty()) {
    refuse("authority is missing");
  }
  if (search.filter.device_ids.size() > kMaxDevices) {
    refuse("device may be there " + std::to_string(kMaxDevices) + " times");
  }
  return search;
}

http::HttpResponse page_response(const ca::AuthorityArn& authority, const ca::CertificatePage& page) {
  json body{{"certificates", json::array()}};
  for (const ca::CertificateSummary& summary : page.certificates) {
    body["certificates"].push_back(summary_json(authority, summary));
  }
  if (page.last_examined) {
    body["next_cursor"] = page.last_examined->hex();
  }
  return {.content_type = "application/json",
          .body = body.dump(-1, ' ', false, json::error_handler_t::replace),
          .headers = {{"Cache-Control", "no-store"}}};
}

}  // namespace inventory
