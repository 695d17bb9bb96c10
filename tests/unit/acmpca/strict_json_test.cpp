#include "daemon/acmpca/strict_json.hpp"

#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"

using nlohmann::json;

namespace {

bool refused(const std::string& text) {
  try {
    (void)acmpca::parse_object(text);
  } catch (const ca::Error& error) {
    return error.code() == ca::Code::malformed_request;
  }
  return false;
}

std::string nested(int levels) {
  std::string text = "{\"a\":";
  for (int i = 1; i < levels; ++i) {
    text += '[';
  }
  text += '1';
  text += std::string(static_cast<std::size_t>(levels - 1), ']');
  return text + "}";
}

}  // namespace

TEST_CASE("json: one object in any white space and order is read", "[acmpca]") {
  CHECK(acmpca::parse_object(" {\"b\" : 1,\n\"a\":[true,null,{\"b\":2}]} ") ==
        json{{"a", {true, nullptr, {{"b", 2}}}}, {"b", 1}});
  CHECK(acmpca::parse_object("{}").empty());
}

TEST_CASE("json: what two readers could understand differently is refused", "[acmpca][I16]") {
  for (const char* text : {"",
                           " ",
                           "[]",
                           "1",
                           "\"x\"",
                           "null",
                           "{\"a\":1,\"a\":2}",
                           "{\"x\":{\"a\":1,\"a\":1}}",
                           "{\"x\":[{\"a\":1,\"a\":1}]}",
                           "{\"a\":1,\"\\u0061\":2}",
                           "{\"a\":\"\\u0000\"}",
                           "{\"\\u0000\":1}",
                           "{} {}",
                           "{}x",
                           "{\"a\":1,}",
                           "{'a':1}",
                           "{\"a\":NaN}",
                           "{\"a\":1e999}",
                           "{\"a\":01}",
                           "/* c */ {}",
                           "{\"a\":\"\xFF\"}",
                           "{\"a\":\"\\ud800\"}",
                           "{"}) {
    CAPTURE(text);
    CHECK(refused(text));
  }
  CHECK(refused(std::string{"{}\0", 3}));
  CHECK(refused(std::string{"{}\0{}", 5}));
}

TEST_CASE("json: equal names in different objects are no duplicates", "[acmpca]") {
  CHECK_NOTHROW(acmpca::parse_object("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}"));
}

TEST_CASE("json: depth is bounded", "[acmpca][I16]") {
  CHECK_NOTHROW(acmpca::parse_object(nested(acmpca::kMaxJsonDepth)));
  CHECK(refused(nested(acmpca::kMaxJsonDepth + 1)));
  CHECK(refused(std::string(60000, '[')));
  CHECK(refused(nested(30000)));
}

TEST_CASE("json: the content type must be that of the protocol", "[acmpca]") {
  CHECK(acmpca::is_amz_json("application/x-amz-json-1.1"));
  CHECK(acmpca::is_amz_json("Application/X-Amz-Json-1.1 ; charset=utf-8"));
  for (const char* wrong : {"", "application/json", "application/x-amz-json-1.0", "x"}) {
    CAPTURE(wrong);
    CHECK_FALSE(acmpca::is_amz_json(wrong));
  }
}
