#include "daemon/cli/ceremony_room.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <ifaddrs.h>
#include <iostream>
#include <linux/magic.h>
#include <net/if.h>
#include <regex>
#include <set>
#include <sys/vfs.h>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/name.hpp"
#include "config/problem.hpp"
#include "daemon/ceremony/share.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/output_file.hpp"

namespace cli {
namespace {

constexpr const char* kNothing = "nothing: no token was touched, nothing was written";
constexpr const char* kSoftHsm = "/usr/lib/softhsm/libsofthsm2.so";
constexpr auto kClockTolerance = std::chrono::minutes{10};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

// Everybody who says to be there is in the script, and enough of them are.
void check_people(const config::CeremonyScript& script, const CeremonyArguments& arguments) {
  const auto& present = arguments.present;
  const auto named_in = [](const std::vector<config::CeremonyPerson>& people, const std::string& role) {
    return std::ranges::any_of(people, [&](const auto& person) { return person.role == role; });
  };
  std::size_t custodians = 0;
  std::size_t witnesses = 0;
  std::set<std::string> seen;
  for (const auto& role : present) {
    const bool custodian = named_in(script.custodians, role);
    const bool known = custodian || named_in(script.witnesses, role);
    if (!known || !seen.insert(role).second) {
      throw Failure{"'" + role + (known ? "' is named twice" : "' has no role in the script"), "--present",
                    "name the roles that the script lists, each once", kNothing};
    }
    (custodian ? custodians : witnesses) += 1;
  }
  const bool all = (arguments.step == "root" || arguments.step == kRenewShares) && script.token.shared_pin;
  const std::size_t needed = all ? script.custodians.size() : script.threshold;
  if (custodians < needed) {
    throw Failure{std::to_string(custodians) + " custodians are present, " + std::to_string(needed) +
                      " are needed" + (all ? ": each receives a share" : ""),
                  "--present " + joined(present), "wait until they are there", kNothing};
  }
  if (!script.witnesses.empty() && witnesses == 0) {
    throw Failure{"no witness is present", "--present " + joined(present), "wait until one is there",
                  kNothing};
  }
}

// "2026-11-26T14:05Z", with seconds or without.
ca::Seconds time_of(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  int end = 0;
  const bool whole = (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2uZ%n", &year, &month, &day, &hour,
                                  &minute, &second, &end) == 6 ||
                      (second = 0, std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2uZ%n", &year, &month, &day,
                                               &hour, &minute, &end) == 5)) &&
                     end == static_cast<int>(text.size());
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!whole || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    throw Failure{"'" + text + "' is no time", "--clock-confirmed",
                  "read the time off a watch and give it in UTC, such as 2026-11-26T14:05Z", kNothing};
  }
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

void check_clock(const std::string& confirmed, ca::Seconds now) {
  const auto off = std::chrono::abs(now - time_of(confirmed));
  if (off > kClockTolerance) {
    throw Failure{"this machine's clock says " + ca::rfc3339(now) + ", the operators say " + confirmed,
                  "--clock-confirmed",
                  "set the clock (date --utc --set '2026-11-26 14:05:00'), or correct the argument; at most "
                  "10 minutes apart",
                  kNothing};
  }
}

// Interfaces that are up, but loopback; also those without an address.
std::vector<std::string> interfaces_up() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    throw Failure{"the network interfaces cannot be listed", "getifaddrs", "see the system's log", kNothing};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned{list, &::freeifaddrs};
  std::set<std::string> up;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if ((entry->ifa_flags & static_cast<unsigned>(IFF_UP)) != 0 &&
        (entry->ifa_flags & static_cast<unsigned>(IFF_LOOPBACK)) == 0) {
      up.insert(entry->ifa_name);
    }
  }
  return {up.begin(), up.end()};
}

bool swap_is_on() {
  std::ifstream stream{"/proc/swaps"};
  std::string line;
  std::getline(stream, line);  // headings
  return static_cast<bool>(std::getline(stream, line));
}

// `allowed`: what the script reaches its HSM through.
std::string check_network(bool rehearse, const std::vector<std::string>& allowed) {
  std::vector<std::string> needed;
  std::vector<std::string> up;
  for (const auto& name : interfaces_up()) {
    (std::ranges::find(allowed, name) == allowed.end() ? up : needed).push_back(name);
  }
  if (!up.empty() && !rehearse) {
    throw Failure{"network interfaces are up: " + joined(up), "getifaddrs",
                  "take them down (ip link set NAME down) and pull the cables", kNothing};
  }
  const char* const none = needed.empty() ? "no interface is up but loopback" : "no other interface is up";
  const std::string others = up.empty() ? none : "up, as only a rehearsal may: " + joined(up);
  return needed.empty() ? others
                        : "NOT OFFLINE, the script reaches its HSM through " + joined(needed) + "; " + others;
}

std::string check_swap(bool rehearse) {
  if (!swap_is_on()) {
    return "off";
  }
  if (!rehearse) {
    throw Failure{"swap is on: shares could be written to a disk", "/proc/swaps", "swapoff -a", kNothing};
  }
  return "on, as only a rehearsal may";
}

// Whether this run writes new shares. A step that goes on with shares has written them before.
bool writes_shares(const config::CeremonyScript& script, const CeremonyArguments& arguments) {
  return script.token.shared_pin &&
         (arguments.step == kRenewShares || (arguments.step == "root" && arguments.shares.empty()));
}

// statfs(2), of the folder or of the one in which it will be made.
std::string file_system_of(std::filesystem::path folder) {
  folder = std::filesystem::absolute(folder);
  while (folder.has_relative_path() && !std::filesystem::exists(folder)) {
    folder = folder.parent_path();
  }
  struct statfs found {};
  if (::statfs(folder.c_str(), &found) != 0) {
    throw Failure{
        "the file system of the shares' folder is not known: " + std::generic_category().message(errno),
        folder.string(), "check the folder's name and owner", kNothing};
  }
  const auto type = static_cast<std::uint32_t>(found.f_type);
  switch (type) {
    case TMPFS_MAGIC:
      return "tmpfs";
    case RAMFS_MAGIC:
      return "ramfs";
    default:
      return "type 0x" + ca::to_hex(std::array<std::uint8_t, 4>{
                             static_cast<std::uint8_t>(type >> 24U), static_cast<std::uint8_t>(type >> 16U),
                             static_cast<std::uint8_t>(type >> 8U), static_cast<std::uint8_t>(type)});
  }
}

std::string check_shares_place(bool rehearse, const std::filesystem::path& folder) {
  const auto type = file_system_of(folder);
  if (type == "tmpfs" || type == "ramfs") {
    return "in memory: " + type;
  }
  if (!rehearse) {
    throw Failure{"the folder for the shares is not in memory: " + type + ", not tmpfs", folder.string(),
                  "mount -t tmpfs -o mode=0700 tmpfs " + folder.string() +
                      " (the folder must be there: mkdir), then repeat the step",
                  kNothing};
  }
  return "on a disk, as only a rehearsal may: " + type;
}

}  // namespace

namespace {

// Throws Failure with every problem of the script.
config::CeremonyScript loaded(const std::string& file, config::KeyFiles keys) {
  try {
    return config::load_ceremony(file, keys);
  } catch (const config::Invalid& invalid) {
    std::string problems;
    for (const auto& problem : invalid.problems()) {
      problems += "\n  " + problem.line_text();
    }
    throw Failure{"the script is refused:" + problems, "", "correct every line", kNothing};
  }
}

bool is_subject(const std::string& text) {
  try {
    return !ca::encode_subject(ca::parse_subject_text(text)).der().empty();
  } catch (const ca::Error&) {
    return false;
  }
}

// "CN=REHEARSAL Example Root,O=Example"; of a name that leaves no room for the word, the word alone. A
// subject without a common name gets one.
std::string of_rehearsal(const std::string& subject) {
  static const std::regex common_name{R"(((?:^|[^\\],)\s*(?:CN|2\.5\.4\.3)\s*=\s*)((?:\\.|[^,\\])*))",
                                      std::regex::icase};
  if (!ca::parse_subject_text(subject).common_name) {
    return "CN=REHEARSAL," + subject;
  }
  const auto with = [&](const char* format) {
    return std::regex_replace(subject, common_name, format, std::regex_constants::format_first_only);
  };
  const std::string longer = with("$1REHEARSAL $2");
  return is_subject(longer) ? longer : with("$1REHEARSAL");
}

}  // namespace

config::CeremonyScript script_text(const std::string& file) {
  return loaded(file, config::KeyFiles::left_alone);
}

config::CeremonyScript ceremony_script(const CeremonyArguments& arguments) {
  auto script = loaded(arguments.script, config::KeyFiles::read);
  if (arguments.rehearse) {
    for (auto* folder : {&script.state, &script.output, &script.shares}) {
      *folder += "-rehearsal";
    }
    script.token.module = kSoftHsm;
    script.token.model = script.token.manufacturer = script.token.serial = "";
    script.root.subject = of_rehearsal(script.root.subject);
  }
  return script;
}

std::string pin_fact(const config::CeremonyScript& script) {
  if (!script.token.shared_pin) {
    return "the HSM has PINs and a quorum of its own: the ceremony made no PIN, no share exists";
  }
  return "shared among " + std::to_string(script.custodians.size()) + " custodians, any " +
         std::to_string(script.threshold) + " restore it";
}

std::string file_sha256(const std::filesystem::path& file) {
  const std::string contents = read_text(file);
  return ca::to_hex(ca::sha256({reinterpret_cast<const std::uint8_t*>(contents.data()), contents.size()}));
}

namespace {

std::unique_ptr<ceremony::Transcript> opened(const std::filesystem::path& file, const ca::Clock& clock,
                                             const std::vector<std::string>& present) {
  try {
    return std::make_unique<ceremony::Transcript>(file, clock, present);
  } catch (const ca::Error& error) {
    if (error.code() == ca::Code::invalid_state) {
      throw Failure{error.what(), file.string(),
                    "another run of the step needs another `output` in its script; the same state and token",
                    "nothing was signed"};
    }
    throw Failure{
        error.what(), file.string(),
        "keep this folder under another name (mv), then repeat the step: what was signed is found again",
        "nothing was signed"};
  }
}

// With another script in the middle, nobody could say afterwards which one was held.
void check_same_script(const ceremony::Record& before, const std::string& script,
                       const std::filesystem::path& folder) {
  const auto begun_with = before.artefact("script");
  const auto given = file_sha256(script);
  if (begun_with && *begun_with != given) {
    throw Failure{
        "this step was begun with another script, whose SHA-256 is " + ceremony::in_groups(*begun_with) +
            "; this one's is " + ceremony::in_groups(given),
        folder.string(),
        "go on with that script; or, when all agree on this one, keep this folder under another name "
        "(mv) and repeat the step: what was signed is found again",
        "nothing was signed"};
  }
}

// What leaves the room is read by everybody, whatever the umask of a ceremony's shell.
void make_public_folder(const std::filesystem::path& folder) {
  if (folder.empty() || std::filesystem::exists(folder)) {
    return;
  }
  make_public_folder(folder.parent_path());
  if (std::filesystem::create_directory(folder)) {
    std::filesystem::permissions(folder, std::filesystem::perms{0755});
  }
}

}  // namespace

CeremonyRoom::CeremonyRoom(const CeremonyArguments& arguments)
    : arguments_{arguments}, script_{ceremony_script(arguments)}, folder_{script_.output / arguments.step} {
  check_people(script_, arguments_);
  check_clock(arguments_.clock_confirmed, ca::to_seconds(clock_.now()));
  const std::string network = check_network(arguments_.rehearse, script_.token.interfaces);
  const std::string swap = check_swap(arguments_.rehearse);
  const bool shares = writes_shares(script_, arguments_);
  const std::string place = shares ? check_shares_place(arguments_.rehearse, script_.shares) : "";
  make_public_folder(folder_);
  transcript_ = opened(transcript_file(), clock_, arguments_.present);
  check_same_script(transcript_->before(), arguments_.script, folder_);
  begin();
  note("check the clock", "operators: " + arguments_.clock_confirmed);
  note("check the network", network, {{"network", network}});
  note("check swap", swap);
  if (shares) {
    note("check where the shares will be", place, {{"shares", place}});
  }
}

std::filesystem::path CeremonyRoom::transcript_file() const { return folder_ / "transcript.jsonl"; }

void CeremonyRoom::begin() {
  std::map<std::string, std::string> artefacts{{"script", file_sha256(arguments_.script)}};
  for (const auto* people : {&script_.custodians, &script_.witnesses}) {
    for (const auto& person : *people) {
      if (person.key) {
        artefacts["key of " + person.role] = file_sha256(*person.key);
      }
    }
  }
  note(transcript_->is_new() ? "begin" : "go on after an interruption",
       arguments_.step + " of " + script_.name + (arguments_.rehearse ? ", a REHEARSAL" : ""),
       {{"chancery", CHANCERY_VERSION},
        {"ceremony", script_.name},
        {"rehearsal", arguments_.rehearse ? "yes" : "no"},
        {kPinFact, pin_fact(script_)},
        {"threshold", std::to_string(script_.threshold) + " of " + std::to_string(script_.custodians.size())},
        {"present", joined(arguments_.present)}},
       artefacts);
}

bool CeremonyRoom::was_done(const std::string& command) const {
  return std::ranges::any_of(transcript_->before().entries,
                             [&](const ceremony::Entry& entry) { return entry.command == command; });
}

std::vector<std::string> CeremonyRoom::custodians_present() const {
  const auto is_in = [](const std::vector<std::string>& roles, const std::string& role) {
    return std::ranges::find(roles, role) != roles.end();
  };
  std::vector<std::string> roles;
  for (const auto& person : script_.custodians) {
    if (is_in(arguments_.present, person.role) || is_in(transcript_->before().present, person.role)) {
      roles.push_back(person.role);
    }
  }
  return roles;
}

std::ostream& CeremonyRoom::paper() const { return arguments_.paper_to_stderr ? std::cerr : std::cout; }

void CeremonyRoom::note(const std::string& command, const std::string& output,
                        const std::map<std::string, std::string>& facts,
                        const std::map<std::string, std::string>& artefacts) {
  transcript_->add({arguments_.step, command, output, facts, artefacts});
  paper() << "[ ] " << command << (output.empty() ? "" : ": " + output) << '\n';
  for (const auto& [name, value] : facts) {
    paper() << "      " << name << ": " << value << '\n';
  }
  for (const auto& [name, digest] : artefacts) {
    paper() << "      SHA-256 of " << name << ", read aloud:\n        " << ceremony::in_groups(digest)
            << '\n';
  }
  paper().flush();
}

void CeremonyRoom::publish(const std::string& name, const std::string& contents) {
  OutputFile{folder_ / name}.write(contents);
  note("write " + name, "", {}, {{name, file_sha256(folder_ / name)}});
}

void CeremonyRoom::check_token(const pkcs11::Slot& slot) {
  const auto check = [&](const char* what, const std::string& wanted, const std::string& has) {
    if (!wanted.empty() && wanted != has) {
      throw Failure{
          std::string{"the token's "} + what + " is '" + has + "', the script says '" + wanted + "'",
          arguments_.script, "use the token of the script, or correct the script and begin again",
          "nothing was signed"};
    }
  };
  check("label", script_.token.label, slot.label);
  check("model", script_.token.model, slot.model);
  check("manufacturer", script_.token.manufacturer, slot.manufacturer);
  check("serial", script_.token.serial, slot.serial);
  note("check the token", "it is the script's",
       {{"hsm label", slot.label},
        {"hsm manufacturer", slot.manufacturer},
        {"hsm model", slot.model},
        {"hsm serial", slot.serial}});
}

void CeremonyRoom::stopped(const std::string& why) { note(kStopped, why); }

void CeremonyRoom::close() {
  transcript_->close(arguments_.step);
  paper() << "[ ] the transcript is closed\n      SHA-256 of transcript.jsonl, read aloud:\n        "
          << ceremony::in_groups(file_sha256(transcript_file())) << '\n';
}

}  // namespace cli
