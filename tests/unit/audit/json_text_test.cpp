#include "ca/audit/json_text.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

namespace {

constexpr std::size_t kPlenty = 1000;

std::string quoted_text(std::string_view text) { return ca::json_text(text, kPlenty).quoted; }

}  // namespace

TEST_CASE("json text: what must be escaped is and nothing else", "[audit][I6]") {
  CHECK(quoted_text("") == R"("")");
  CHECK(quoted_text("plain /text\x7f") == "\"plain /text\x7f\"");
  CHECK(quoted_text("say \"no\" \\ go") == R"("say \"no\" \\ go")");
  CHECK(quoted_text("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(quoted_text(std::string_view{"\0\x01\x1b\x1f", 4}) == R"("\u0000\u0001\u001b\u001f")");
  CHECK(quoted_text("Zürich 東京 \xF0\x9F\x94\x91") == "\"Zürich 東京 \xF0\x9F\x94\x91\"");
}

TEST_CASE("json text: bytes that are not UTF-8 become the replacement character", "[audit][I16]") {
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(quoted_text("a\x80z") == "\"a" + bad + "z\"");
  CHECK(quoted_text("\xC0\xAF") == "\"" + bad + bad + "\"");                      // overlong
  CHECK(quoted_text("\xE0\x80\x80") == "\"" + bad + bad + bad + "\"");            // overlong
  CHECK(quoted_text("\xED\xA0\x80") == "\"" + bad + bad + bad + "\"");            // surrogate
  CHECK(quoted_text("\xF4\x90\x80\x80") == "\"" + bad + bad + bad + bad + "\"");  // above U+10FFFF
  CHECK(quoted_text("\xF5") == "\"" + bad + "\"");
  CHECK(quoted_text("end \xE6\x9D") == "\"end " + bad + bad + "\"");  // ends in the middle
}

TEST_CASE("json text: a text is cut before a whole character and says so", "[audit][I16]") {
  const auto fits = ca::json_text("12345", 5);
  CHECK(fits.quoted == "\"12345\"");
  CHECK_FALSE(fits.cut);
  const auto cut = ca::json_text("123456", 5);
  CHECK(cut.quoted == "\"12345\"");
  CHECK(cut.cut);
  CHECK(ca::json_text("1234ü", 5).quoted == "\"1234\"");
  CHECK(ca::json_text("123\n4", 4).quoted == "\"123\"");
  CHECK(ca::json_text("x", 0).quoted == "\"\"");
}

TEST_CASE("json text: every byte and pair of bytes gives JSON that others read", "[audit][I16]") {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const std::string json = quoted_text(text);
      REQUIRE(nlohmann::json::accept(json));
      if (first < 0x80 && second < 0x80) {
        REQUIRE(nlohmann::json::parse(json).get<std::string>() == text);
      }
    }
  }
}
