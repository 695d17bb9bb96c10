#include "ca/base/error.hpp"
#include "daemon/sts/form.hpp"
#include "tests/support/catch.hpp"

namespace {

bool refused(const std::string& body) {
  try {
    (void)sts::parse_form(body);
  } catch (const ca::Error& error) {
    return error.code() == ca::Code::malformed_request;
  }
  return false;
}

}  // namespace

TEST_CASE("sts: a form is decoded as the query protocol encodes it", "[sts]") {
  const auto form = sts::parse_form("Action=AssumeRole&RoleArn=arn%3Aaws%3aiam&Name=a+b%2B&Empty=");
  CHECK(form.size() == 4);
  CHECK(form.at("RoleArn") == "arn:aws:iam");
  CHECK(form.at("Name") == "a b+");
  CHECK(form.at("Empty").empty());
  CHECK(sts::parse_form("").empty());
  CHECK(sts::parse_form("x=%41").at("x") == "A");  // at the very end
}

TEST_CASE("sts: what is no form is refused", "[sts][I16]") {
  for (const char* body : {"Action", "=x", "&", "a=1&", "a=1&&b=2", "a=%", "a=%4", "a=%4g", "a=%00", "a=%7f",
                           "a=1&a=2", "a=1&%61=2"}) {
    CAPTURE(body);
    CHECK(refused(body));
  }
  std::string many = "p0=x";
  for (int i = 1; i < 64; ++i) {
    many += "&p" + std::to_string(i) + "=x";
  }
  CHECK(sts::parse_form(many).size() == 64);
  CHECK(refused(many + "&one=more"));
}
