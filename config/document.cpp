#include "config/document.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <system_error>
#include <tuple>
#include <utility>
#include <yaml-cpp/eventhandler.h>

#include "config/scalars.hpp"

namespace config {
namespace {

// yaml-cpp marks quoted scalars with the non-specific tag.
constexpr const char* kQuotedTag = "!";

std::string range_text(Range range) {
  return std::to_string(range.low) + " to " + std::to_string(range.high);
}

std::string duration_text(std::chrono::milliseconds value) {
  const auto count = value.count();
  if (count != 0 && count % 86'400'000 == 0) return std::to_string(count / 86'400'000) + "d";
  if (count != 0 && count % 3'600'000 == 0) return std::to_string(count / 3'600'000) + "h";
  if (count != 0 && count % 60'000 == 0) return std::to_string(count / 60'000) + "m";
  if (count % 1000 == 0) return std::to_string(count / 1000) + "s";
  return std::to_string(count) + "ms";
}

std::string kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
      return "nothing";
    case YAML::NodeType::Null:
      return "nothing";
    case YAML::NodeType::Scalar:
      return "'" + node.Scalar().substr(0, 40) + "'";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a mapping";
  }
  return "something else";
}

class NoEvents : public YAML::EventHandler {
 public:
  using Mark = YAML::Mark;
  using Style = YAML::EmitterStyle::value;
  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, YAML::anchor_t) override {}
  void OnAlias(const Mark&, YAML::anchor_t) override {}
  void OnScalar(const Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const Mark&, const std::string&, YAML::anchor_t, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const std::string&, YAML::anchor_t, Style) override {}
  void OnMapEnd() override {}
};

// 0, 1, or 2 for more. Where a document begins with a comma yaml-cpp finds empty ones without end, and its
// LoadAll never returns.
int documents_in(const std::string& content) {
  std::istringstream stream{content};
  YAML::Parser parser{stream};
  NoEvents nothing;
  int count = 0;
  while (count < 2 && parser.HandleNextDocument(nothing)) {
    ++count;
  }
  return count;
}

}  // namespace

void Problems::add(const YAML::Mark& mark, const std::string& key, const std::string& text) {
  const bool placed = !mark.is_null();
  problems_.push_back({file_.string(), placed ? mark.line + 1 : 0, placed ? mark.column + 1 : 0, key, text});
}

void Problems::raise() const {
  if (problems_.empty()) {
    return;
  }
  auto sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  throw Invalid{std::move(sorted)};
}

YAML::Node read_document(const std::filesystem::path& file) {
  Problems problems{file};
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error) {
    problems.add("", "cannot be read: " + error.message());
    problems.raise();
  }
  if (bytes > kMaxFileBytes) {
    problems.add("", "is larger than 1 MiB");
    problems.raise();
  }
  std::ifstream stream{file, std::ios::binary};
  const std::string content{std::istreambuf_iterator<char>{stream}, {}};
  if (!stream.is_open() || stream.bad()) {
    problems.add("", "cannot be read; check its owner and mode");
    problems.raise();
  }
  try {
    const int documents = documents_in(content);
    const YAML::Node document = documents == 1 ? YAML::Load(content) : YAML::Node{};
    if (document.IsMap()) {
      return document;
    }
    problems.add("", documents == 0 ? "is empty" : "must be one YAML document with a mapping at the top");
  } catch (const YAML::Exception& broken) {
    problems.add(broken.mark, "", "YAML syntax: " + broken.msg);
  }
  problems.raise();
  return {};
}

Mapping::Mapping(Problems& problems, const YAML::Node& node, std::string path)
    : problems_{problems}, node_{node}, path_{std::move(path)}, usable_{node.IsMap()} {
  if (!usable_) {
    problems_.add(node_.Mark(), path_, "expected a mapping (key: value), found " + kind_of(node_));
  }
}

std::string Mapping::path_of(std::string_view key) const {
  return path_.empty() ? std::string{key} : path_ + "." + std::string{key};
}

bool Mapping::has(std::string_view key) const {
  if (!usable_) {
    return false;
  }
  const YAML::Node& constant = node_;
  return static_cast<bool>(constant[std::string{key}]);
}

YAML::Node Mapping::take(std::string_view key, Presence presence) {
  taken_.emplace_back(key);
  if (has(key)) {
    const YAML::Node& constant = node_;
    return constant[std::string{key}];
  }
  if (usable_ && presence == Presence::required) {
    problems_.add(node_.Mark(), path_of(key), "is required");
  }
  return YAML::Node{YAML::NodeType::Undefined};
}

std::optional<std::string> Mapping::scalar(std::string_view key, Presence presence, bool quoted_too) {
  const YAML::Node node = take(key, presence);
  if (!node.IsDefined()) {
    return std::nullopt;
  }
  if (!node.IsScalar()) {
    problems_.add(node.Mark(), path_of(key), "expected one value, found " + kind_of(node));
    return std::nullopt;
  }
  if (!quoted_too && node.Tag() == kQuotedTag) {
    problems_.add(node.Mark(), path_of(key), "expected a value without quotes, found a quoted string");
    return std::nullopt;
  }
  return node.Scalar();
}

void Mapping::problem(std::string_view key, const std::string& text) {
  const YAML::Node& constant = node_;
  problems_.add(has(key) ? constant[std::string{key}].Mark() : node_.Mark(),
                key.empty() ? path_ : path_of(key), text);
}

void Mapping::text(std::string_view key, std::string& target, Presence presence) {
  if (const auto value = scalar(key, presence, true)) {
    if (value->empty()) {
      problem(key, "must not be empty");
      return;
    }
    target = *value;
  }
}

void Mapping::number(std::string_view key, std::size_t& target, Range range, Presence presence) {
  if (const auto value = scalar(key, presence, false)) {
    const auto number = parse_number(*value);
    if (!number) {
      problem(key, "expected a whole number, found '" + value->substr(0, 40) + "'");
    } else if (*number < range.low || *number > range.high) {
      problem(key, *value + " is out of range, expected " + range_text(range));
    } else {
      target = static_cast<std::size_t>(*number);
    }
  }
}

void Mapping::port(std::string_view key, std::uint16_t& target) {
  std::size_t value = target;
  number(key, value, {0, 65535});
  target = static_cast<std::uint16_t>(value);
}

void Mapping::boolean(std::string_view key, bool& target) {
  if (const auto value = scalar(key, Presence::optional, false)) {
    if (*value != "true" && *value != "false") {
      problem(key, "expected true or false, found '" + value->substr(0, 40) + "'");
      return;
    }
    target = *value == "true";
  }
}

void Mapping::duration(std::string_view key, std::chrono::milliseconds& target, DurationRange range) {
  if (const auto value = scalar(key, Presence::optional, true)) {
    const auto duration = parse_duration(*value);
    if (!duration) {
      problem(key,
              "expected a duration such as 250ms, 1s, 5m, 24h or 90d, found '" + value->substr(0, 40) + "'");
    } else if (*duration < range.low || *duration > range.high) {
      problem(key, *value + " is out of range, expected " + duration_text(range.low) + " to " +
                       duration_text(range.high));
    } else {
      target = *duration;
    }
  }
}

void Mapping::size(std::string_view key, std::size_t& target, Range range) {
  if (const auto value = scalar(key, Presence::optional, true)) {
    const auto bytes = parse_size(*value);
    if (!bytes) {
      problem(key, "expected a size such as 512B, 64KiB or 1MiB, found '" + value->substr(0, 40) + "'");
    } else if (*bytes < range.low || *bytes > range.high) {
      problem(key, *value + " is out of range, expected " + range_text(range) + " bytes");
    } else {
      target = static_cast<std::size_t>(*bytes);
    }
  }
}

std::filesystem::path Mapping::absolute(const std::string& path) const {
  return (std::filesystem::absolute(problems_.file()).parent_path() / path).lexically_normal();
}

void Mapping::path(std::string_view key, std::filesystem::path& target, Presence presence) {
  std::string value;
  text(key, value, presence);
  if (!value.empty()) {
    target = absolute(value);
  }
}

void Mapping::path(std::string_view key, std::optional<std::filesystem::path>& target) {
  std::filesystem::path value;
  path(key, value);
  if (!value.empty()) {
    target = value;
  }
}

void Mapping::texts(std::string_view key, std::vector<std::string>& target, Presence presence) {
  const YAML::Node node = take(key, presence);
  if (!node.IsDefined()) {
    return;
  }
  if (!node.IsSequence()) {
    problems_.add(node.Mark(), path_of(key), "expected a list, found " + kind_of(node));
    return;
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const YAML::Node item = node[i];
    if (!item.IsScalar() || item.Scalar().empty()) {
      problems_.add(item.Mark(), path_of(key) + "[" + std::to_string(i) + "]",
                    "expected a text, found " + kind_of(item));
      continue;
    }
    values.push_back(item.Scalar());
  }
  target = std::move(values);
}

void Mapping::child(std::string_view key, const std::function<void(Mapping&)>& read, Presence presence) {
  const YAML::Node node = take(key, presence);
  if (!node.IsDefined()) {
    return;
  }
  Mapping mapping{problems_, node, path_of(key)};
  if (mapping.usable_) {
    read(mapping);
    mapping.finish();
  }
}

void Mapping::children(std::string_view key, const std::function<void(Mapping&)>& read, Presence presence) {
  const YAML::Node node = take(key, presence);
  if (!node.IsDefined()) {
    return;
  }
  if (!node.IsSequence()) {
    problems_.add(node.Mark(), path_of(key), "expected a list, found " + kind_of(node));
    return;
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    Mapping mapping{problems_, node[i], path_of(key) + "[" + std::to_string(i) + "]"};
    if (mapping.usable_) {
      read(mapping);
      mapping.finish();
    }
  }
}

void Mapping::finish() {
  if (!usable_) {
    return;
  }
  std::set<std::string> seen;
  for (const auto& pair : node_) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "?";
    if (!seen.insert(key).second) {
      problems_.add(pair.first.Mark(), path_of(key), "is given twice");
    } else if (std::find(taken_.begin(), taken_.end(), key) == taken_.end()) {
      std::string known;
      for (const std::string& name : taken_) {
        known += (known.empty() ? "" : ", ") + name;
      }
      problems_.add(pair.first.Mark(), path_of(key), "unknown key; known here: " + known);
    }
  }
}

}  // namespace config
