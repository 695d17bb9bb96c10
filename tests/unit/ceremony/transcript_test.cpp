#include "daemon/ceremony/transcript.hpp"

#include <fstream>
#include <iterator>
#include <unistd.h>

#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"

using ceremony::read_transcript;
using ceremony::Transcript;

namespace {

class Folder {
 public:
  Folder() : path_{std::filesystem::temp_directory_path() / ("transcript-" + std::to_string(::getpid()))} {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::filesystem::path file() const { return path_ / "transcript.jsonl"; }
  [[nodiscard]] std::string text() const {
    std::ifstream stream{file(), std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }

 private:
  std::filesystem::path path_;
};

std::string whole(const Folder& folder) {
  const ca::SystemClock clock;
  Transcript transcript{folder.file(), clock, {"custodian-1", "witness-1"}};
  transcript.add({.step = "root",
                  .command = "begin",
                  .output = "first \"line\"\n",
                  .facts = {{"a", "1"}},
                  .artefacts = {}});
  transcript.add(
      {.step = "root", .command = "sign", .output = "", .facts = {}, .artefacts = {{"root.pem", "00ff"}}});
  transcript.close("root");
  return folder.text();
}

bool accepted(const std::string& text) {
  try {
    return read_transcript(text).closed;
  } catch (const ca::Error&) {
    return false;
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line;
  return text;
}

}  // namespace

TEST_CASE("transcript: what was written is read back, with who was present", "[ceremony]") {
  const Folder folder;
  const auto record = read_transcript(whole(folder));
  REQUIRE(record.entries.size() == 3);
  CHECK(record.closed);
  CHECK(record.present == std::vector<std::string>{"custodian-1", "witness-1"});
  CHECK(record.entries[0].output == "first \"line\"\n");
  CHECK(record.artefact("root.pem") == "00ff");
  CHECK(record.fact("a") == "1");
}

TEST_CASE("transcript: every changed byte before the closing line's own is found", "[ceremony][I6]") {
  const Folder folder;
  const std::string right = whole(folder);
  const auto lines = lines_of(right);
  const std::size_t last = right.size() - lines.back().size();
  for (std::size_t i = 0; i < last; ++i) {
    std::string changed = right;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    INFO("byte " << i);
    CHECK_FALSE(accepted(changed));
  }
}

TEST_CASE("transcript: a removed, repeated, swapped, added or cut line is found", "[ceremony][I6]") {
  const Folder folder;
  const std::string right = whole(folder);
  const auto lines = lines_of(right);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto removed = lines;
    removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(accepted(joined(removed)));
    auto repeated = lines;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK_FALSE(accepted(joined(repeated)));
    if (i > 0) {
      auto swapped = lines;
      std::swap(swapped[i], swapped[i - 1]);
      CHECK_FALSE(accepted(joined(swapped)));
    }
  }
  CHECK_FALSE(accepted(right.substr(0, right.size() - 1)));
  CHECK_FALSE(accepted(right + "\n"));
  CHECK_FALSE(accepted(right + "{}\n"));
  CHECK_FALSE(accepted(""));
}

TEST_CASE("transcript: one that was interrupted goes on, a closed or damaged one does not", "[ceremony]") {
  const Folder folder;
  const ca::SystemClock clock;
  {
    Transcript first{folder.file(), clock, {"custodian-1"}};
    CHECK(first.is_new());
    first.add({.step = "root", .command = "begin", .output = {}, .facts = {}, .artefacts = {}});
  }
  {
    Transcript second{folder.file(), clock, {"custodian-2"}};
    CHECK_FALSE(second.is_new());
    second.add({.step = "root", .command = "go on", .output = {}, .facts = {}, .artefacts = {}});
    second.close("root");
  }
  const auto record = read_transcript(folder.text());
  CHECK(record.entries.size() == 3);
  CHECK(record.present == std::vector<std::string>{"custodian-1", "custodian-2"});
  CHECK_THROWS_AS(Transcript(folder.file(), clock, {}), ca::Error);
}
