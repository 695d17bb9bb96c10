#include "daemon/sts/documents.hpp"
#include "daemon/sts/errors.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("sts: text never becomes markup", "[sts][I16]") {
  CHECK(sts::xml_text("<a b=\"c\">&\x01") == "&lt;a b=&quot;c&quot;&gt;&amp;?");
  const auto response = sts::error_response(ca::Code::constraint_violation, "</Message><x>", "id");
  CHECK(response.body.find("<x>") == std::string::npos);
  CHECK(response.body.find("<Code>ValidationError</Code><Message>&lt;/Message&gt;&lt;x&gt;</Message>") !=
        std::string::npos);
}

TEST_CASE("sts: a result stands in the frame of the query protocol", "[sts]") {
  const auto response = sts::result_response("GetCallerIdentity", {{"Arn", "a", {}}}, "id");
  CHECK(response.content_type == "text/xml");
  CHECK(response.body ==
        "<GetCallerIdentityResponse "
        "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
        "<Arn>a</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>"
        "</GetCallerIdentityResponse>");
}

TEST_CASE("sts: what failed inside is not told, and goes to the log", "[sts][I18]") {
  for (const auto& [code, name, status] : {std::tuple{ca::Code::internal, "InternalFailure", 500},
                                           std::tuple{ca::Code::unavailable, "ServiceUnavailable", 503},
                                           std::tuple{ca::Code::throttled, "Throttling", 400}}) {
    const auto response = sts::error_response(code, "the inside", "id");
    CHECK(response.status == status);
    CHECK(response.body.find(name) != std::string::npos);
    CHECK(response.body.find("the inside") == std::string::npos);
    CHECK(response.cause.find("the inside") != std::string::npos);
  }
}
