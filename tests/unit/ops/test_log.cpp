#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/ops/log.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/ops/standard_error.hpp"

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', at)) {
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  CHECK(at == text.size());
  return lines;
}

std::string written(const std::string& message, const ops::Fields& fields) {
  const StandardError captured;
  ops::Log{ops::Level::info}.info(message, fields);
  return captured.text();
}

}  // namespace

TEST_CASE("log: a line is one JSON object with time and level and message first", "[ops]") {
  const std::string text = written("serving", {{"port", "8443"}});
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], StartsWith("{\"ts\":\"20"));
  const auto line = nlohmann::json::parse(lines[0]);
  CHECK(line.at("level") == "info");
  CHECK(line.at("msg") == "serving");
  CHECK(line.at("port") == "8443");
  CHECK(line.size() == 4);
}

TEST_CASE("log: no value can begin a line of its own or end the object", "[ops][I18]") {
  const std::string hostile = "a\r\n{\"level\":\"info\",\"msg\":\"forged\"}\x01\x1b[31m\"\\ {} %v {0}";
  const auto lines = lines_of(written(hostile, {{"path", hostile}}));
  REQUIRE(lines.size() == 1);
  CHECK(std::all_of(lines[0].begin(), lines[0].end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
  const auto line = nlohmann::json::parse(lines[0]);
  CHECK(line.at("msg") == hostile);
  CHECK(line.at("path") == hostile);
}

TEST_CASE("log: bytes that are no UTF-8 are replaced", "[ops]") {
  const auto lines = lines_of(written("x", {{"name", std::string{"\xff\xfe\0z", 4}}}));
  REQUIRE(lines.size() == 1);
  CHECK_THAT(nlohmann::json::parse(lines[0]).at("name").get<std::string>(), Contains("z"));
}

TEST_CASE("log: a value is cut at 1 KiB", "[ops][I16]") {
  const auto lines = lines_of(written("x", {{"long", std::string(100000, 'a')}}));
  REQUIRE(lines.size() == 1);
  CHECK(nlohmann::json::parse(lines[0]).at("long").get<std::string>().size() == 1024);
}

TEST_CASE("log: levels below the threshold are not written", "[ops]") {
  const StandardError captured;
  {
    const ops::Log log{ops::Level::warning};
    log.write(ops::Level::debug, "no");
    log.info("no");
    log.warning("yes");
    log.error("yes");
  }
  const auto lines = lines_of(captured.text());
  REQUIRE(lines.size() == 2);
  CHECK(nlohmann::json::parse(lines[0]).at("level") == "warning");
  CHECK(nlohmann::json::parse(lines[1]).at("level") == "error");
}

TEST_CASE("log: lines of several threads stay whole", "[ops]") {
  const StandardError captured;
  {
    const ops::Log log{ops::Level::info};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&log] {
        for (int i = 0; i < 100; ++i) {
          log.info("concurrent", {{"filler", std::string(200, 'x')}});
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  const auto lines = lines_of(captured.text());
  CHECK(lines.size() == 400);
  for (const std::string& line : lines) {
    CHECK(nlohmann::json::accept(line));
  }
}

TEST_CASE("log: a reader that stands still holds up nobody and is told later how much it missed",
          "[ops][I16]") {
  const UnreadError unread;
  std::uint64_t lost = 0;
  std::string text;
  {
    const ops::Log log{ops::Level::info};
    for (int i = 0; i < 10000; ++i) {  // about 10 MiB: more than pipe and queue hold
      log.info("numbered", {{"number", std::to_string(i)}, {"filler", std::string(1024, 'x')}});
    }
    lost = log.lost();
    CHECK(lost > 1000);
    while (text.find("log lines lost") == std::string::npos) {
      text += unread.read_some();
    }
    log.info("after");
    CHECK(log.lost() == lost);
    while (text.find("\"after\"") == std::string::npos) {
      text += unread.read_some();
    }
  }
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 10000 - lost + 2);
  for (std::size_t i = 0; i < lines.size() - 2; ++i) {
    REQUIRE(nlohmann::json::parse(lines[i]).at("number") == std::to_string(i));
  }
  const auto named = nlohmann::json::parse(lines[lines.size() - 2]);
  CHECK(named.at("level") == "warning");
  CHECK(named.at("lines") == std::to_string(lost));
}

TEST_CASE("log: its end waits a bounded time for a reader that stands still", "[ops][I16]") {
  const UnreadError unread;
  const auto began = std::chrono::steady_clock::now();
  {
    const ops::Log log{ops::Level::info};
    for (int i = 0; i < 200; ++i) {
      log.info("x", {{"filler", std::string(1024, 'x')}});
    }
  }
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{10});
}

TEST_CASE("log: lines for a reader that is gone are counted as lost", "[ops][I16]") {
  UnreadError unread;
  unread.close_reader();
  const ops::Log log{ops::Level::info};
  log.info("to nobody");
  while (log.lost() == 0) {
    std::this_thread::yield();
  }
  CHECK(log.lost() == 1);
}
