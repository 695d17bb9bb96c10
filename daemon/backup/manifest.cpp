#include "daemon/backup/manifest.hpp"

#include <nlohmann/json.hpp>

#include "ca/base/clock.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace backup {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "chancery-backup-";
constexpr const char* kOwnHash = "manifest_sha256";
constexpr int kMaxDepth = 5;

[[noreturn]] void wrong(const std::string& what) {
  throw ca::Error{ca::Code::invalid_state, "the manifest " + what};
}

std::string dumped(const json& manifest) {
  return manifest.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

ca::Sha256 hash_of(std::string_view text) {
  return ca::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

// Over the text with an empty string in its place.
std::string own_hash(json manifest) {
  manifest[kOwnHash] = "";
  return ca::to_hex(hash_of(dumped(manifest)));
}

json parsed(std::string_view text) {
  if (text.size() > kMaxManifestBytes) {
    wrong("is longer than " + std::to_string(kMaxManifestBytes) + " bytes");
  }
  const auto shallow = [](int depth, json::parse_event_t, json&) {
    if (depth > kMaxDepth) {
      wrong("is nested too deeply");
    }
    return true;
  };
  json manifest = json::parse(text, shallow, false);
  if (!manifest.is_object()) {
    wrong("is not a JSON object");
  }
  return manifest;
}

std::string text_at(const json& manifest, const json::json_pointer& where) {
  if (!manifest.contains(where) || !manifest.at(where).is_string()) {
    wrong("has no text at " + where.to_string());
  }
  return manifest.at(where).get<std::string>();
}

int format_of(const json& manifest) {
  const std::string name = text_at(manifest, json::json_pointer{"/format"});
  for (int format = 1; format <= kNewestFormat; ++format) {
    if (name == std::string{kFormat} + std::to_string(format)) {
      return format;
    }
  }
  wrong("has a format that this build does not know");
}

json key_json(const ca::AuthorityKeys::Key& key, int format) {
  json object{{"key_uri", key.uri}, {"spki_sha256", key.spki_sha256}};
  if (!key.ocsp_uri.empty()) {
    object["ocsp_key_uri"] = key.ocsp_uri;
    object["ocsp_spki_sha256"] = key.ocsp_spki_sha256;
  }
  if (format > 1) {
    object["key_number"] = key.number;
    object["key_token"] = key.token;
    object["key_state"] = key.state;
  }
  return object;
}

json keys_json(const ca::AuthorityKeys& authority, int format) {
  json keys = key_json(authority.active, format);
  keys["arn"] = authority.arn;
  keys["status"] = authority.status;
  keys["crl_number"] = authority.crl_number;
  if (format > 1) {
    keys["other_keys"] = json::array();
    for (const auto& other : authority.others) {
      keys["other_keys"].push_back(key_json(other, format));
    }
  }
  if (!authority.crl_buckets.empty()) {
    keys["crl_buckets"] = authority.crl_buckets;
  }
  return keys;
}

// "" when equal, otherwise where and how.
std::string first_difference(const json& claimed, const json& found, const std::string& where) {
  if (claimed == found) {
    return "";
  }
  if (claimed.is_structured() && claimed.type() == found.type() && claimed.size() == found.size()) {
    for (const auto& [key, value] : found.items()) {
      if (claimed.is_object() && !claimed.contains(key)) {
        return where + "/" + key + " is missing";
      }
      const json& other = claimed.is_object() ? claimed.at(key) : claimed.at(std::stoul(key));
      if (std::string text = first_difference(other, value, where + "/" + key); !text.empty()) {
        return text;
      }
    }
  }
  constexpr std::size_t kShown = 200;
  const auto shown = [](const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, kShown);
  };
  return where + " is " + shown(claimed) + ", the snapshot gives " + shown(found);
}

}  // namespace

std::string text_of(const Manifest& manifest) {
  const ca::LedgerContents& ledger = manifest.ledger;
  json authorities = json::array();
  for (const auto& authority : ledger.authorities) {
    authorities.push_back(keys_json(authority, manifest.format));
  }
  json all{{"format", std::string{kFormat} + std::to_string(manifest.format)},
           {"taken_at", manifest.taken_at},
           {"snapshot",
            {{"sha256", ca::to_hex(manifest.snapshot_sha256)}, {"size_bytes", manifest.snapshot_bytes}}},
           {"schema_version", ledger.schema_version},
           {"node", ledger.node},
           {"audit",
            {{"size", ledger.audit_size},
             {"root", ca::to_hex(ledger.audit_root)},
             {"last_event_at", ca::rfc3339(ledger.last_event_at)}}},
           {"certificates",
            {{"pending", ledger.certificates.pending},
             {"issued", ledger.certificates.issued},
             {"failed", ledger.certificates.failed},
             {"revoked", ledger.certificates.revoked}}},
           {"authorities", std::move(authorities)}};
  all[kOwnHash] = own_hash(all);
  return dumped(all);
}

Claims read_manifest(std::string_view text) {
  const json manifest = parsed(text);
  const int format = format_of(manifest);
  const std::string claimed = text_at(manifest, json::json_pointer{std::string{"/"} + kOwnHash});
  if (const std::string found = own_hash(manifest); found != claimed) {
    wrong("was changed: its SHA-256 is " + found + ", it says " + claimed);
  }
  if (dumped(manifest) != text) {
    wrong("was changed: it is not in the one form that a manifest has");
  }
  const json::json_pointer size{"/snapshot/size_bytes"};
  if (!manifest.contains(size) || !manifest.at(size).is_number_unsigned()) {
    wrong("has no number at " + size.to_string());
  }
  return {.format = format,
          .taken_at = text_at(manifest, json::json_pointer{"/taken_at"}),
          .snapshot_bytes = manifest.at(size).get<std::uint64_t>(),
          .snapshot_sha256 = text_at(manifest, json::json_pointer{"/snapshot/sha256"})};
}

std::string difference(std::string_view claimed, std::string_view found) {
  if (claimed == found) {
    return "";
  }
  json one = parsed(claimed);
  json other = parsed(found);
  one.erase(kOwnHash);
  other.erase(kOwnHash);
  const std::string text = first_difference(one, other, "");
  return text.empty() ? "the texts differ" : text;
}

}  // namespace backup
