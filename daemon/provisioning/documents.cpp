#include "daemon/provisioning/documents.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"

namespace provisioning {
namespace {

using ca::Code;
using ca::Error;
using nlohmann::json;

constexpr std::string_view kPrefix = "/provision/";

struct Field {
  std::string_view name;
  std::size_t max_bytes;
};
// device_id is judged by the authority, token as in the AWS API; the request as large as there.
constexpr std::array<Field, 4> kFields{Field{"device_id", 64}, Field{"csr", 32768}, Field{"profile", 64},
                                       Field{"idempotency_token", 36}};

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::malformed_request, what}; }

// Takes exactly one flat object of strings. Events come before any tree is built, so depth costs nothing.
class FlatObject : public json::json_sax_t {
 public:
  std::map<std::string, std::string> members;

  bool null() override { return wrong_type(); }
  bool boolean(bool) override { return wrong_type(); }
  bool number_integer(number_integer_t) override { return wrong_type(); }
  bool number_unsigned(number_unsigned_t) override { return wrong_type(); }
  bool number_float(number_float_t, const string_t&) override { return wrong_type(); }
  bool binary(binary_t&) override { return wrong_type(); }
  bool start_array(std::size_t) override { return wrong_type(); }
  bool end_array() override { return wrong_type(); }
  bool end_object() override { return true; }

  bool start_object(std::size_t) override { return inside_ ? wrong_type() : (inside_ = true); }
  bool key(string_t& name) override {
    const bool known =
        std::any_of(kFields.begin(), kFields.end(), [&](const Field& field) { return field.name == name; });
    if (!known) {
      refuse("the body has a member that is not known: only device_id, csr, profile, idempotency_token are");
    }
    if (members.contains(name)) {
      refuse("the member " + name + " occurs twice");
    }
    name_ = name;
    return true;
  }
  bool string(string_t& value) override {
    if (!inside_) {
      return wrong_type();
    }
    if (value.find('\0') != std::string::npos) {
      refuse("the member " + name_ + " holds NUL");
    }
    members[name_] = value;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    refuse("the body is not JSON");
  }

 private:
  bool wrong_type() {
    refuse(inside_ ? "the member " + name_ + " must be a string" : "the body must be a JSON object");
  }
  bool inside_ = false;
  std::string name_;
};

void check_media_type(const http::HttpRequest& request) {
  std::string_view media = request.header("Content-Type").value_or("");
  media = media.substr(0, media.find(';'));
  while (!media.empty() && (media.back() == ' ' || media.back() == '\t')) {
    media.remove_suffix(1);
  }
  if (ca::ascii_lower(media) != "application/json") {
    refuse("the Content-Type must be application/json");
  }
}

std::map<std::string, std::string> read_members(const http::HttpRequest& request) {
  check_media_type(request);
  // The parser takes a NUL byte for the end of the text and would not look at what follows.
  if (request.body.find('\0') != std::string::npos) {
    refuse("the body holds a NUL byte");
  }
  FlatObject object;
  if (!json::sax_parse(request.body, &object)) {
    refuse("the body is not JSON");
  }
  return std::move(object.members);
}

void check_length(const std::string& name, const std::string& value) {
  const auto* const field =
      std::find_if(kFields.begin(), kFields.end(), [&](const Field& each) { return each.name == name; });
  if (value.empty() || value.size() > field->max_bytes) {
    throw Error{Code::constraint_violation,
                name + " must have 1 to " + std::to_string(field->max_bytes) + " bytes"};
  }
}

}  // namespace

ca::ProvisioningOrder read_order(const http::HttpRequest& request) {
  auto members = read_members(request);
  if (const auto key = request.header("Idempotency-Key")) {
    const auto [entry, inserted] = members.try_emplace("idempotency_token", *key);
    if (!inserted && entry->second != *key) {
      throw Error{Code::invalid_args, "Idempotency-Key and idempotency_token differ: send one of them"};
    }
  }
  for (const auto* required : {"device_id", "csr"}) {
    if (!members.contains(required)) {
      throw Error{Code::constraint_violation, std::string{required} + " is missing"};
    }
  }
  for (const auto& [name, value] : members) {
    check_length(name, value);
  }
  ca::ProvisioningOrder order;
  order.device_id = members.at("device_id");
  order.csr_pem = members.at("csr");
  if (const auto profile = members.find("profile"); profile != members.end()) {
    order.profile = profile->second;
  }
  if (const auto token = members.find("idempotency_token"); token != members.end()) {
    order.idempotency_token = token->second;
  }
  return order;
}

http::HttpResponse result_response(const ca::ProvisioningResult& result) {
  const ca::CertificateRecord& record = result.record;
  if (record.state == ca::CertificateState::failed) {
    throw Error{Code::request_failed, "the certificate could not be issued: " + record.failure_reason};
  }
  json body;
  http::HttpResponse response{.content_type = "application/json", .headers = {{"Cache-Control", "no-store"}}};
  if (result.pem) {
    body = {
        {"device_id", record.device_id},
        {"certificate", result.pem->certificate},
        {"serial", record.serial.colon_hex()},
        {"certificate_arn", record.arn().text()},
        {"expires_at", ca::rfc3339(record.validity.not_after)},
        {"renew_after", ca::rfc3339(renew_after(record.validity))},
    };
    if (result.pem->chain) {
      body["chain"] = *result.pem->chain;
    }
  } else {
    response.status = 202;
    response.headers.emplace_back("Location", std::string{kPrefix} + record.serial.hex());
    response.headers.emplace_back("Retry-After", "1");
    body = {{"id", record.serial.hex()}, {"state", "PENDING"}};
  }
  response.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return response;
}

std::string read_id(const http::HttpRequest& request) {
  const std::string_view path = request.path;
  const std::string_view id = path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : "";
  const bool hex = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (id.size() != 32 || !hex) {
    throw Error{Code::resource_not_found, "there is no provisioning request of that id"};
  }
  return std::string{id};
}

ca::Seconds renew_after(const ca::Validity& validity) {
  return validity.not_after - (validity.not_after - validity.not_before) / 3;
}

}  // namespace provisioning
