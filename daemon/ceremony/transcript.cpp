#include "daemon/ceremony/transcript.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>
#include <utility>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace ceremony {
namespace {

using nlohmann::json;

constexpr auto kPublic = std::filesystem::perms{0644};

std::string digest_of(std::string_view line) {
  return ca::to_hex(ca::sha256({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()}));
}

[[noreturn]] void refuse(std::size_t line, const std::string& what) {
  throw ca::Error{ca::Code::malformed_request, "transcript, line " + std::to_string(line) + ": " + what};
}

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
  throw ca::Error{ca::Code::unavailable, file.string() + ": " + what + ": " + std::strerror(errno)};
}

std::string text_of(const Entry& entry, std::size_t number, ca::Seconds time,
                    const std::vector<std::string>& present, const std::string& previous, bool closes) {
  // Keys in the alphabet's order; what is not UTF-8 is shown as such, never lost silently.
  const json line = {{"artefacts", entry.artefacts},
                     {"at", ca::rfc3339(time)},
                     {"closed", closes},
                     {"command", entry.command},
                     {"facts", entry.facts},
                     {"line", number},
                     {"output", entry.output},
                     {"present", present},
                     {"previous", previous},
                     {"step", entry.step}};
  return line.dump(-1, ' ', true, json::error_handler_t::replace);
}

struct Line {
  Entry entry;
  std::vector<std::string> present;
  std::string previous, at;
  bool closed = false;
};

// Exactly our own form: a line that says the same in other octets was written by somebody else.
Line parsed(std::string_view text, std::size_t number) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object() || object.size() != 10 || object.dump(-1, ' ', true) != text) {
    refuse(number, "is not in the form in which it was written");
  }
  Line line;
  try {
    line.entry.step = object.at("step").get<std::string>();
    line.entry.command = object.at("command").get<std::string>();
    line.entry.output = object.at("output").get<std::string>();
    line.entry.facts = object.at("facts").get<std::map<std::string, std::string>>();
    line.entry.artefacts = object.at("artefacts").get<std::map<std::string, std::string>>();
    line.present = object.at("present").get<std::vector<std::string>>();
    line.previous = object.at("previous").get<std::string>();
    line.closed = object.at("closed").get<bool>();
    line.at = object.at("at").get<std::string>();
    if (object.at("line").get<std::size_t>() != number) {
      refuse(number, "calls itself another line: lines are missing, added or moved");
    }
  } catch (const json::exception&) {
    refuse(number, "is not in the form in which it was written");
  }
  return line;
}

void write_durably(const std::filesystem::path& file, const std::string& line) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) {
    fail(file, "cannot be written");
  }
  const auto written = ::write(descriptor, line.data(), line.size());
  const bool whole = written == static_cast<ssize_t>(line.size()) && ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!whole) {
    fail(file, "cannot be written");
  }
}

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  std::string text(kMaxTranscriptBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

Transcript::Transcript(std::filesystem::path file, const ca::Clock& clock, std::vector<std::string> present)
    : file_{std::move(file)}, clock_{clock}, present_{std::move(present)} {
  const std::string text = contents_of(file_);
  if (text.empty()) {
    return;
  }
  before_ = read_transcript(text);
  if (before_.closed) {
    throw ca::Error{ca::Code::invalid_state, file_.string() + " is closed: this step is done"};
  }
  lines_ = before_.entries.size();
  const auto end = text.size() - 1;
  const auto begin = lines_ == 1 ? 0 : text.rfind('\n', end - 1) + 1;
  previous_ = digest_of(std::string_view{text}.substr(begin, end - begin));
}

void Transcript::append(const Entry& entry, bool closes) {
  const std::string line =
      text_of(entry, lines_ + 1, ca::to_seconds(clock_.now()), present_, previous_, closes);
  write_durably(file_, line + "\n");
  if (lines_ == 0) {
    std::filesystem::permissions(file_, kPublic);  // whatever the umask of a ceremony's shell
  }
  previous_ = digest_of(line);
  ++lines_;
}

void Transcript::add(const Entry& entry) { append(entry, false); }

void Transcript::close(const std::string& step) {
  append({.step = step, .command = "close the transcript", .output = {}, .facts = {}, .artefacts = {}}, true);
}

std::optional<std::string> Record::artefact(const std::string& name) const {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (const auto found = entry->artefacts.find(name); found != entry->artefacts.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

std::optional<std::string> Record::fact(const std::string& name) const {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (const auto found = entry->facts.find(name); found != entry->facts.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

Record read_transcript(std::string_view text) {
  if (text.size() > kMaxTranscriptBytes) {
    refuse(1, "the file is larger than 4 MiB");
  }
  Record record;
  std::set<std::string> present;
  std::string previous;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      refuse(number, "is cut off");
    }
    const auto octets = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (record.closed) {
      refuse(number, "stands behind the closing line");
    }
    Line line = parsed(octets, number);
    if (line.previous != previous) {
      refuse(number, "does not hold the hash of the line before it: a line was changed, removed or added");
    }
    previous = digest_of(octets);
    record.closed = line.closed;
    record.begun = number == 1 ? line.at : record.begun;
    record.ended = line.at;
    present.insert(line.present.begin(), line.present.end());
    record.entries.push_back(std::move(line.entry));
  }
  if (record.entries.empty()) {
    refuse(1, "there is none");
  }
  record.present.assign(present.begin(), present.end());
  return record;
}

}  // namespace ceremony
