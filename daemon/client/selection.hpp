#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ca/base/arn.hpp"
#include "ca/base/serial_number.hpp"

namespace client {

// Which certificates are meant, in the words of --where.
struct Conditions {
  std::vector<std::string> devices;
  std::map<std::string, std::string> others;  // key-sha256, template, issued-after, issued-before
};

// "device=SN-1", "devices=@FILE" (an id in each line; empty lines and those that begin with '#' are nothing),
// "template=EndEntityCertificate" and so on; `device` may be there again, the others once. `read_file` gives
// a file's text. Values are judged by the daemon. Throws Code::invalid_args.
[[nodiscard]] Conditions parse_conditions(
    const std::vector<std::string>& words,
    const std::function<std::string(const std::string& path)>& read_file);

// The queries of GET /certificates that together find them, without cursors; many devices need several.
[[nodiscard]] std::vector<std::string> queries_of(const ca::AuthorityArn& authority,
                                                  const Conditions& conditions);

struct Certificate {
  ca::SerialNumber serial;
  std::string state, template_name, subject, device_id, profile, issued_at, not_after;
  bool self_signed = false;
};
struct Page {
  std::vector<Certificate> certificates;
  std::optional<std::string> next_cursor;
};
// Throws Code::internal for what no daemon of this kind answers.
[[nodiscard]] Page read_page(std::string_view body);

// What was found, and what of it can be revoked.
struct Selection {
  std::vector<ca::SerialNumber> serials;  // to be revoked
  std::vector<Certificate> first;         // of these, some to look at
  std::map<std::string, std::uint64_t> by_template;
  std::uint64_t revoked = 0;  // already
  std::uint64_t pending = 0;  // accepted and not signed yet
  // No client can revoke the first; the second would go on answering for its authority, and is replaced by
  // it: revoked only when its template is named.
  std::uint64_t self_signed = 0, ocsp_signers = 0;
  std::vector<std::string> devices_without;  // that were asked for and have none of these

  void add(const Certificate& certificate, const Conditions& conditions);
  // To be called once, at the end.
  void note_devices(const Conditions& conditions);

 private:
  std::set<std::string> seen_;  // devices, when some were asked for
};

}  // namespace client
