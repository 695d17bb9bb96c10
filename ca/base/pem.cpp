#include "ca/base/pem.hpp"

#include <algorithm>

#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

constexpr std::size_t kColumns = 64;
constexpr std::size_t kMaxLabel = 64;
constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

[[noreturn]] void refuse(const std::string& what) {
  throw Error{Code::malformed_request, "not valid PEM: " + what};
}

std::string_view trimmed(std::string_view line) {
  static constexpr std::string_view kSpace = " \t\r\n";
  const auto first = line.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return line.substr(first, line.find_last_not_of(kSpace) - first + 1);
}

// The label of "-----BEGIN <label>-----", empty when the line is not one.
std::string_view label_of(std::string_view line, std::string_view prefix) {
  if (line.size() <= prefix.size() + kDashes.size() || line.substr(0, prefix.size()) != prefix ||
      line.substr(line.size() - kDashes.size()) != kDashes) {
    return {};
  }
  const std::string_view label = line.substr(prefix.size(), line.size() - prefix.size() - kDashes.size());
  const bool valid = label.size() <= kMaxLabel && std::all_of(label.begin(), label.end(), [](char c) {
                       return c == ' ' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                     });
  return valid ? label : std::string_view{};
}

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_{text} {}
  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] std::string_view next() {
    const auto end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    return trimmed(line);
  }

 private:
  std::string_view rest_;
};

PemBlock read_block(Lines& lines, std::string_view label) {
  std::string body;
  while (!lines.done()) {
    const std::string_view line = lines.next();
    if (line.substr(0, kDashes.size()) == kDashes) {
      if (label_of(line, kEnd) != label) {
        refuse("the block that begins as " + std::string{label} + " does not end as " + std::string{label});
      }
      if (body.empty()) {
        refuse("the block " + std::string{label} + " is empty");
      }
      return {std::string{label}, from_base64(body)};
    }
    if (line.empty()) {
      // Behind headers, in the older format: some readers take what stands before it for headers.
      refuse("a blank line inside the block " + std::string{label});
    }
    body += line;
  }
  refuse("the block " + std::string{label} + " has no END line");
}

}  // namespace

std::vector<PemBlock> parse_pem(std::string_view text, std::size_t max_blocks) {
  std::vector<PemBlock> blocks;
  Lines lines{text};
  while (!lines.done()) {
    const std::string_view line = lines.next();
    if (line.empty()) {
      continue;
    }
    const std::string_view label = label_of(line, kBegin);
    if (label.empty()) {
      refuse("text outside of the blocks");
    }
    if (blocks.size() == max_blocks) {
      refuse("more than " + std::to_string(max_blocks) + (max_blocks == 1 ? " block" : " blocks"));
    }
    blocks.push_back(read_block(lines, label));
  }
  return blocks;
}

std::string to_pem(std::string_view label, ByteView der) {
  const std::string body = to_base64(der);
  std::string text = "-----BEGIN " + std::string{label} + "-----\n";
  for (std::size_t at = 0; at < body.size(); at += kColumns) {
    text += body.substr(at, kColumns) + "\n";
  }
  return text + "-----END " + std::string{label} + "-----";
}

}  // namespace ca
