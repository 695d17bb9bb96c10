#include "ca/base/key_name.hpp"
#include "tests/support/catch.hpp"

using ca::KeyName;

namespace {

const std::string kId = "11111111-2222-4333-8444-555555555555";

}  // namespace

TEST_CASE("key name: what is written is read back", "[base]") {
  CHECK(KeyName{kId, 1}.text() == kId);
  CHECK(KeyName{kId, 2}.text() == kId + "-2");
  for (const std::uint64_t number : {1U, 2U, 9U, 10U, 4000000000U}) {
    const auto read = KeyName::parse(KeyName{kId, number}.text());
    REQUIRE(read);
    CHECK(read->authority_id == kId);
    CHECK(read->key_number == number);
  }
}

TEST_CASE("key name: each name has one form", "[base]") {
  for (const std::string& text :
       {std::string{}, kId.substr(1), kId + "-", kId + "-0", kId + "-1", kId + "-02", kId + "-2 ",
        kId + "-+2", kId + "--2", kId + "-2-3", kId + "x2", kId + "2", kId + "-99999999999999999999",
        "x" + kId.substr(1), kId + "-2/", kId + "-a"}) {
    CAPTURE(text);
    CHECK_FALSE(KeyName::parse(text));
  }
}
