#include "ca/lint/passed_through.hpp"

#include <map>
#include <string_view>

namespace ca {
namespace {

constexpr std::string_view kSan = "2.5.29.17";

// Never, by the template's row, and by what it certifies.
bool may_pass(const Template& tmpl, std::string_view id) {
  if (id == kSan || id == "2.5.29.19" || id == "2.5.29.35" || id == "2.5.29.14" || id == "2.5.29.31" ||
      id == "2.5.29.46" || id == "1.3.6.1.5.5.7.1.1") {
    return false;
  }
  if (id == "2.5.29.15") {
    return tmpl.key_usage == Template::KeyUsage::passthrough;
  }
  if (id == "2.5.29.37") {
    return tmpl.extended_key_usage == Template::ExtendedKeyUsage::passthrough;
  }
  return tmpl.is_ca || (id != "2.5.29.30" && id != "2.5.29.33" && id != "2.5.29.36" && id != "2.5.29.54");
}

const Bytes* value_of(const std::vector<Extension>& extensions, std::string_view id) {
  for (const Extension& extension : extensions) {
    if (extension.id == id) {
      return &extension.value;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<Extension> passed_through(const Template& tmpl, const Asked& asked) {
  std::map<Oid, const Extension*> by_id;
  if (tmpl.csr_passthrough) {
    for (const Extension& extension : asked.extensions) {
      by_id[extension.id] = &extension;
    }
  }
  if (tmpl.api_passthrough) {
    for (const Extension& extension : asked.api.extensions) {
      by_id[extension.id] = &extension;
    }
  }
  std::vector<Extension> passed;
  for (const auto& [id, extension] : by_id) {
    if (may_pass(tmpl, id)) {
      passed.push_back(*extension);
    }
  }
  return passed;
}

const DistinguishedName& asked_subject(const Template& tmpl, const Asked& asked) {
  return tmpl.api_passthrough && asked.api.subject ? *asked.api.subject : asked.subject;
}

const Bytes* asked_alt_names(const Template& tmpl, const Asked& asked) {
  const Bytes* from_api = tmpl.api_passthrough ? value_of(asked.api.extensions, kSan) : nullptr;
  return from_api != nullptr ? from_api : value_of(asked.extensions, kSan);
}

}  // namespace ca
