#include "ca/audit/event.hpp"

#include <algorithm>

#include "ca/audit/json_text.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxLine = 8192;
// Bytes in the line, escapes included. Nine members of this size leave more than a kilobyte for the detail.
constexpr std::size_t kMaxMember = 704;
constexpr std::size_t kMaxLogName = 64;
constexpr std::size_t kMaxDetailKey = 128;
constexpr std::size_t kMaxDetailValue = 1024;
constexpr std::string_view kTruncated = R"("truncated":true)";
constexpr std::string_view kDetail = R"("detail":)";

using Members = std::map<std::string_view, std::string>;  // name to JSON value

class Cutter {
 public:
  [[nodiscard]] std::string text(const std::string& value, std::size_t max) {
    JsonText json = json_text(value, max);
    cut_ = cut_ || json.cut;
    return std::move(json.quoted);
  }
  void left_out() { cut_ = true; }
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  bool cut_ = false;
};

std::string object_of(const Members& members) {
  std::string object{"{"};
  for (const auto& [name, value] : members) {
    object += object.size() > 1 ? ",\"" : "\"";
    object += name;
    object += "\":";
    object += value;
  }
  return object + "}";
}

// Entries in key order as long as the line has room; the rest is cut.
std::string detail_of(const std::map<std::string, std::string>& detail, std::size_t room, Cutter& cutter) {
  std::string object{"{"};
  for (const auto& [key, value] : detail) {
    if (value.empty()) {
      continue;
    }
    const std::string name = cutter.text(key, kMaxDetailKey);
    const std::size_t used = object.size() + name.size() + std::string_view{R"(,:""})"}.size();
    if (used >= room) {
      cutter.left_out();
      break;
    }
    object += object.size() > 1 ? "," : "";
    object += name + ":" + cutter.text(value, std::min(kMaxDetailValue, room - used));
  }
  return object + "}";
}

}  // namespace

// Written out here and not by a JSON library: these bytes are hashed and signed and must be the same for
// ever.
std::string canonical_line(const AuditEvent& event, const AuditPosition& position) {
  Cutter cutter;
  Members members{{"log", cutter.text(position.log, kMaxLogName)},
                  {"seq", std::to_string(position.seq)},
                  {"ts", '"' + rfc3339(position.time) + '"'},
                  {"v", "1"}};
  const std::pair<std::string_view, const std::string*> texts[] = {
      {"type", &event.type},       {"outcome", &event.outcome},       {"principal", &event.principal},
      {"account", &event.account}, {"authority", &event.authority},   {"request_id", &event.request_id},
      {"serial", &event.serial},   {"tbs_sha256", &event.tbs_sha256}, {"der_sha256", &event.der_sha256}};
  for (const auto& [name, value] : texts) {
    if (!value->empty()) {
      members[name] = cutter.text(*value, kMaxMember);
    }
  }
  const std::size_t used = object_of(members).size() + kTruncated.size() + kDetail.size() + 2;
  const std::string detail = detail_of(event.detail, kMaxLine - used, cutter);
  if (detail != "{}") {
    members["detail"] = detail;
  }
  if (cutter.cut()) {
    members["truncated"] = "true";
  }
  return object_of(members);
}

AuditEvent system_event(const std::string& type, const AuthorityArn& authority) {
  AuditEvent event;
  event.type = type;
  event.outcome = "ok";
  event.principal = "chanceryd";
  event.account = authority.account;
  event.authority = authority.text();
  return event;
}

}  // namespace ca
