#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <yaml-cpp/yaml.h>

#include "config/problem.hpp"

namespace config {

// Everything that is wrong in one file, in the order of discovery. Not thread-safe.
class Problems {
 public:
  explicit Problems(std::filesystem::path file) : file_{std::move(file)} {}
  void add(const YAML::Mark& mark, const std::string& key, const std::string& text);
  void add(const std::string& key, const std::string& text) { add(YAML::Mark::null_mark(), key, text); }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] bool empty() const { return problems_.empty(); }
  // Throws Invalid when there is a problem, sorted by place.
  void raise() const;

 private:
  std::filesystem::path file_;
  std::vector<Problem> problems_;
};

// The one document of the file, at most kMaxFileBytes. Syntax errors and unreadable files throw Invalid.
inline constexpr std::uintmax_t kMaxFileBytes = 1024 * 1024;
[[nodiscard]] YAML::Node read_document(const std::filesystem::path& file);

struct Range {
  std::uint64_t low = 0;
  std::uint64_t high = UINT64_MAX;
};
struct DurationRange {
  std::chrono::milliseconds low;
  std::chrono::milliseconds high;
};

// One mapping of a strict document. Each reader takes its key; finish() reports what nobody took. A wrong
// value is reported and leaves the target as it was (its default), so that one load finds everything.
class Mapping {
 public:
  Mapping(Problems& problems, const YAML::Node& node, std::string path);

  // Absent: false when optional; a problem when required.
  enum class Presence { optional, required };

  void text(std::string_view key, std::string& target, Presence presence = Presence::optional);
  void number(std::string_view key, std::size_t& target, Range range, Presence presence = Presence::optional);
  void port(std::string_view key, std::uint16_t& target);
  void boolean(std::string_view key, bool& target);
  void duration(std::string_view key, std::chrono::milliseconds& target, DurationRange range);
  void size(std::string_view key, std::size_t& target, Range range);
  // Relative to the folder of the file.
  void path(std::string_view key, std::filesystem::path& target, Presence presence = Presence::optional);
  void path(std::string_view key, std::optional<std::filesystem::path>& target);
  void texts(std::string_view key, std::vector<std::string>& target, Presence presence = Presence::optional);

  // Reads the mapping or the list of mappings below the key; each child is finished by the call.
  void child(std::string_view key, const std::function<void(Mapping&)>& read,
             Presence presence = Presence::optional);
  void children(std::string_view key, const std::function<void(Mapping&)>& read,
                Presence presence = Presence::optional);

  void problem(std::string_view key, const std::string& text);
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::filesystem::path absolute(const std::string& path) const;
  // Unknown and repeated keys.
  void finish();

 private:
  [[nodiscard]] YAML::Node take(std::string_view key, Presence presence);
  [[nodiscard]] std::optional<std::string> scalar(std::string_view key, Presence presence, bool quoted_too);
  [[nodiscard]] std::string path_of(std::string_view key) const;

  Problems& problems_;
  YAML::Node node_;
  std::string path_;
  std::vector<std::string> taken_;
  bool usable_ = false;
};

}  // namespace config
