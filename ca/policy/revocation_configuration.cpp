#include "ca/policy/revocation_configuration.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"

namespace ca {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& what) {
  throw Error{Code::invalid_args, "RevocationConfiguration: " + what};
}

std::optional<std::string> text_of(const json& part, const char* member) {
  const auto found = part.find(member);
  return found == part.end() || found->is_null() ? std::nullopt : std::optional{found->get<std::string>()};
}

// The part when it is there and enabled.
const json* enabled_part(const json& whole, const char* name) {
  const auto part = whole.find(name);
  if (part == whole.end() || part->is_null()) {
    return nullptr;
  }
  if (part->at("Enabled").get<bool>()) {
    return &*part;
  }
  if (part->size() != 1) {
    refuse(std::string{"a disabled "} + name + " holds only Enabled");
  }
  return nullptr;
}

// A host, with a port when it has one: what stands behind http:// in a certificate. The pattern of the API
// allows more (a scheme, a path), which would make another URL than its reader thinks.
std::optional<std::string> host(const json& part, const char* member) {
  const auto name = text_of(part, member);
  if (!name) {
    return std::nullopt;
  }
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == ':';
  };
  if (name->empty() || !std::all_of(name->begin(), name->end(), fits)) {
    refuse(std::string{member} +
           " is a host name such as crl.example.com, without http:// or https:// and path");
  }
  return name;
}

CrlConfiguration read_crl(const json& part) {
  CrlConfiguration crl;
  crl.enabled = true;
  const auto days = part.find("ExpirationInDays");
  if (days == part.end()) {
    refuse("an enabled CrlConfiguration needs ExpirationInDays");
  }
  crl.expiration_days = days->get<int>();
  crl.type = text_of(part, "CrlType").value_or("COMPLETE") == "PARTITIONED" ? CrlType::partitioned
                                                                            : CrlType::complete;
  crl.custom_cname = host(part, "CustomCname");
  crl.custom_path = text_of(part, "CustomPath");
  if (crl.custom_path && crl.custom_path->empty()) {
    crl.custom_path.reset();
  }
  if (crl.custom_path && ("/" + *crl.custom_path).find("/.") != std::string::npos) {
    refuse("no part of CustomPath begins with a dot");
  }
  crl.bucket = text_of(part, "S3BucketName");
  crl.object_acl = text_of(part, "S3ObjectAcl").value_or(crl.object_acl);
  const auto extension = part.find("CrlDistributionPointExtensionConfiguration");
  crl.omit_extension = extension != part.end() && extension->at("OmitExtension").get<bool>();
  if (crl.omit_extension && crl.custom_cname) {
    refuse("CustomCname names the distribution point that OmitExtension leaves out: give one of them");
  }
  return crl;
}

json crl_json(const CrlConfiguration& crl) {
  if (!crl.enabled) {
    return {{"Enabled", false}};
  }
  json out{{"Enabled", true},
           {"ExpirationInDays", crl.expiration_days},
           {"S3ObjectAcl", crl.object_acl},
           {"CrlType", crl.type == CrlType::partitioned ? "PARTITIONED" : "COMPLETE"},
           {"CrlDistributionPointExtensionConfiguration", {{"OmitExtension", crl.omit_extension}}}};
  const auto add = [&](const char* member, const std::optional<std::string>& value) {
    if (value) {
      out[member] = *value;
    }
  };
  add("CustomCname", crl.custom_cname);
  add("CustomPath", crl.custom_path);
  add("S3BucketName", crl.bucket);
  return out;
}

json ocsp_json(const OcspConfiguration& ocsp) {
  json out{{"Enabled", ocsp.enabled}};
  if (ocsp.custom_cname) {
    out["OcspCustomCname"] = *ocsp.custom_cname;
  }
  return out;
}

}  // namespace

RevocationConfiguration RevocationConfiguration::parse(std::string_view stored) {
  RevocationConfiguration configuration;
  try {
    const json whole = json::parse(stored);
    if (!whole.is_object()) {
      refuse("is not one");
    }
    if (const json* crl = enabled_part(whole, "CrlConfiguration")) {
      configuration.crl = read_crl(*crl);
    }
    if (const json* ocsp = enabled_part(whole, "OcspConfiguration")) {
      configuration.ocsp = {.enabled = true, .custom_cname = host(*ocsp, "OcspCustomCname")};
    }
  } catch (const json::exception&) {
    refuse("is not one");
  }
  return configuration;
}

std::string RevocationConfiguration::text() const {
  return json{{"CrlConfiguration", crl_json(crl)}, {"OcspConfiguration", ocsp_json(ocsp)}}.dump();
}

}  // namespace ca
