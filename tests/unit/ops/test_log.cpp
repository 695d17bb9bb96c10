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
  const ops::Log log{ops::Level::warning};
  log.write(ops::Level::debug, "no");
  log.info("no");
  log.warning("yes");
  log.error("yes");
  const auto lines = lines_of(captured.text());
  REQUIRE(lines.size() == 2);
  CHECK(nlohmann::json::parse(lines[0]).at("level") == "warning");
  CHECK(nlohmann::json::parse(lines[1]).at("level") == "error");
}

TEST_CASE("log: lines of several threads stay whole", "[ops]") {
  const StandardError captured;
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
  const auto lines = lines_of(captured.text());
  CHECK(lines.size() == 400);
  for (const std::string& line : lines) {
    CHECK(nlohmann::json::accept(line));
  }
}
