#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/base/clock.hpp"

namespace ceremony {

inline constexpr std::size_t kMaxTranscriptBytes = 4U << 20U;

// One line of a transcript.
struct Entry {
  std::string step;                              // "root"
  std::string command;                           // what was done
  std::string output;                            // what came out; never a secret
  std::map<std::string, std::string> facts;      // "hsm serial", "CKA_EXTRACTABLE"
  std::map<std::string, std::string> artefacts;  // file name and SHA-256 in hex
};

// A transcript that was read.
struct Record {
  std::vector<Entry> entries;
  std::vector<std::string> present;  // everybody who was, in any line
  std::string begun, ended;          // when the first and the last line were written, RFC 3339
  bool closed = false;

  // The file name's recorded hash, of the last line that has it.
  [[nodiscard]] std::optional<std::string> artefact(const std::string& name) const;
  [[nodiscard]] std::optional<std::string> fact(const std::string& name) const;
};

// The record of a ceremony, public: a text file of mode 0644, one JSON object a line. Each line holds the
// SHA-256 of the line before it (of its octets without the newline; of nothing for the first), so that no
// line can be changed, removed, added or moved without changing the last; the last one is signed. Not
// thread-safe.
class Transcript {
 public:
  // Makes the file, or goes on with one that is whole and not closed. Throws ca::Error for any other.
  Transcript(std::filesystem::path file, const ca::Clock& clock, std::vector<std::string> present);
  // On disk at return.
  void add(const Entry& entry);
  // The last line; afterwards the file is for signatures.
  void close(const std::string& step);
  [[nodiscard]] bool is_new() const { return lines_ == 0; }
  // What earlier runs wrote; without entries in a new one.
  [[nodiscard]] const Record& before() const { return before_; }

 private:
  void append(const Entry& entry, bool closes);

  std::filesystem::path file_;
  const ca::Clock& clock_;
  std::vector<std::string> present_;
  Record before_;
  std::size_t lines_ = 0;
  std::string previous_;
};

// Checks every line's shape, number and hash. Throws ca::Error{malformed_request} that names the first line
// that is not as it was written. What signatures say is for the caller.
[[nodiscard]] Record read_transcript(std::string_view text);

}  // namespace ceremony
