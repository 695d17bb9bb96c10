#include "daemon/client/selection.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/sigv4.hpp"
#include "ca/base/strings.hpp"
#include "ca/inventory/records.hpp"

namespace client {
namespace {

using ca::Code;
using ca::Error;
using nlohmann::json;

constexpr std::size_t kShown = 5;
constexpr std::size_t kMaxDevices = 100'000;
// Of one query: the daemon takes 200 devices, and 16 KiB for the whole head.
constexpr std::size_t kDevicesEach = 100;
constexpr std::size_t kQueryBytes = 8 * 1024;
constexpr std::array<std::string_view, 4> kOthers{"key-sha256", "template", "issued-after", "issued-before"};

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::invalid_args, what}; }

void add_device(Conditions& conditions, std::string_view device) {
  conditions.devices.emplace_back(device);
  if (conditions.devices.size() > kMaxDevices) {
    refuse("more than " + std::to_string(kMaxDevices) + " devices: split the list");
  }
}

void add_devices(Conditions& conditions, const std::string& text, const std::string& path) {
  const std::size_t before = conditions.devices.size();
  for (const std::string& line : ca::split(text, '\n')) {
    const std::size_t end = line.find_last_not_of(" \t\r");
    if (end != std::string::npos && line.front() != '#') {
      add_device(conditions, std::string_view{line}.substr(0, end + 1));
    }
  }
  // An empty list would otherwise mean every device.
  if (conditions.devices.size() == before) {
    refuse("--where devices=@" + path + ": the file names no device");
  }
}

std::string pair_of(std::string_view name, std::string_view value) {
  return '&' + std::string{name} + '=' + ca::sigv4::escaped(value);
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? std::string{} : found->get<std::string>();
}

Certificate read_certificate(const json& object) {
  return {.serial = ca::SerialNumber::from_hex(object.at("serial").get<std::string>()),
          .state = object.at("state"),
          .template_name = text_of(object, "template"),
          .subject = text_of(object, "subject"),
          .device_id = text_of(object, "device_id"),
          .profile = text_of(object, "profile"),
          .issued_at = text_of(object, "issued_at"),
          .not_after = text_of(object, "not_after"),
          .self_signed = object.at("self_signed")};
}

}  // namespace

Conditions parse_conditions(const std::vector<std::string>& words,
                            const std::function<std::string(const std::string& path)>& read_file) {
  Conditions conditions;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    const bool other = std::ranges::find(kOthers, key) != kOthers.end();
    if (!other && key != "device" && key != "devices") {
      refuse("--where " + word + ": write device=ID, devices=@FILE, key-sha256=HEX, template=NAME, " +
             "issued-after=TIME or issued-before=TIME");
    }
    if (value.empty()) {
      refuse("--where " + word + ": the value is missing");
    }
    if (key == "device") {
      add_device(conditions, value);
    } else if (key == "devices") {
      if (!value.starts_with('@')) {
        refuse("--where " + word + ": write devices=@FILE, or device=ID for one");
      }
      add_devices(conditions, read_file(value.substr(1)), value.substr(1));
    } else if (!conditions.others.emplace(key, value).second) {
      refuse("--where " + key + " is there twice");
    }
  }
  std::ranges::sort(conditions.devices);
  const auto repeated = std::ranges::unique(conditions.devices);
  conditions.devices.erase(repeated.begin(), repeated.end());
  return conditions;
}

std::vector<std::string> queries_of(const ca::AuthorityArn& authority, const Conditions& conditions) {
  std::string common = "authority=" + ca::sigv4::escaped(authority.text());
  for (const auto& [name, value] : conditions.others) {
    common += pair_of(name, value);
  }
  if (conditions.devices.empty()) {
    return {common};
  }
  std::vector<std::string> queries;
  std::size_t devices = kDevicesEach;
  for (const std::string& device : conditions.devices) {
    const std::string pair = pair_of("device", device);
    if (devices == kDevicesEach || queries.back().size() + pair.size() > kQueryBytes) {
      queries.push_back(common);
      devices = 0;
    }
    queries.back() += pair;
    ++devices;
  }
  return queries;
}

Page read_page(std::string_view body) {
  try {
    const json document = json::parse(body);
    Page page;
    for (const json& each : document.at("certificates")) {
      page.certificates.push_back(read_certificate(each));
    }
    if (document.contains("next_cursor")) {
      page.next_cursor = document.at("next_cursor").get<std::string>();
    }
    return page;
  } catch (const json::exception&) {
    throw Error{Code::internal,
                "the endpoint answered what no chanceryd answers: is it one, and as new as this?"};
  }
}

void Selection::add(const Certificate& certificate, const Conditions& conditions) {
  const auto wanted = conditions.others.find("template");
  const bool named = wanted != conditions.others.end();
  if (!conditions.devices.empty()) {
    seen_.insert(certificate.device_id);
  }
  if (certificate.state == "REVOKED") {
    ++revoked;
  } else if (certificate.state == "PENDING") {
    ++pending;
  } else if (certificate.state != "ISSUED") {
    return;
  } else if (certificate.self_signed) {
    ++self_signed;
  } else if (certificate.profile == ca::kOcspSignerProfile && !named) {
    ++ocsp_signers;
  } else {
    serials.push_back(certificate.serial);
    ++by_template[certificate.template_name];
    if (first.size() < kShown) {
      first.push_back(certificate);
    }
  }
}

void Selection::note_devices(const Conditions& conditions) {
  for (const std::string& device : conditions.devices) {
    if (!seen_.contains(device)) {
      devices_without.push_back(device);
    }
  }
}

}  // namespace client
