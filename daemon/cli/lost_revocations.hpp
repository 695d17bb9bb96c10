#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ca/ledger/sqlite/published_list.hpp"
#include "daemon/cli/output.hpp"

namespace cli {

// The revocations that published lists know and a backup does not, by authority and what can be done.
class LostRevocations {
 public:
  // Reads each file (a list in DER or PEM) and compares it with the copy of a ledger. Throws Failure naming
  // the file; `undone` is what was not done then.
  LostRevocations(const std::string& copy, const std::vector<std::string>& files, const std::string& undone);

  // Nothing is lost, and every list is one that the copy can vouch for.
  [[nodiscard]] bool none() const;
  // Of each series of the copy that these lists are of, the highest number.
  [[nodiscard]] std::map<std::string, std::uint64_t> numbers() const;
  // Lists of whose series the copy has nothing: what number they reached is not kept.
  [[nodiscard]] bool without_series() const;
  // Writes the serials of each group into a file beside the ledger, for chancery cert revoke --serials.
  void write_serials(const std::string& ledger);
  // What was compared, what is lost, what to do about it.
  void print() const;
  [[nodiscard]] nlohmann::json json() const;

 private:
  struct Key {
    std::string authority;
    bool vouched = true;  // by the signature of a key that the copy knows
    bool absent = false;  // no call can revoke it
    ca::RevocationReason reason = ca::RevocationReason::unspecified;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Group {
    std::map<ca::SerialNumber, ca::PublishedList::Lost> lost;  // a serial once, however many lists have it
    std::string file;
  };
  void print_unknown_signers() const;
  [[nodiscard]] static std::string command(const Key& key, const Group& group);

  std::vector<std::pair<std::string, ca::PublishedList>> lists_;  // by file; their entries are in the groups
  std::map<Key, Group> groups_;
};

}  // namespace cli
