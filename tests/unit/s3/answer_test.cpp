#include "daemon/s3/answer.hpp"

#include "tests/support/catch.hpp"

using ca::Code;

namespace {

s3::Answer answer(long status, const std::string& body = "") {
  const ca::ByteView bytes = ca::bytes_of(body);
  return {.status = status, .headers = {}, .body = {bytes.begin(), bytes.end()}};
}

std::string document(const std::string& code) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code +
         "</Code><Message>secret words</Message><Resource>/x</Resource><RequestId>R-1</RequestId></Error>";
}

}  // namespace

TEST_CASE("s3: an error document is read for its code and its request", "[s3]") {
  const auto read = s3::parse_error_document(document("NoSuchBucket"));
  CHECK(read.code == "NoSuchBucket");
  CHECK(read.request_id == "R-1");
  const auto spaced = s3::parse_error_document("<Error xmlns=\"x\">\n  <Code>A</Code>\n</Error>");
  CHECK(spaced.code == "A");
  CHECK(spaced.request_id.empty());
}

TEST_CASE("s3: what is not an error document, or not a code, is not repeated", "[s3][I16]") {
  for (const std::string& xml :
       {std::string{}, std::string{"<html>not found</html>"}, std::string{"<Code>Outside</Code>"},
        std::string{"<Error><Code></Code>"}, std::string{"<Error><Code>"}, std::string{"<Error"},
        document("a b"), document("a\nlevel=error"), document("\"x"), document("\x1b[31m"), document("&lt;b"),
        document(std::string(65, 'A')), document(std::string{"a\0b", 3})}) {
    INFO(xml);
    CHECK(s3::parse_error_document(xml).code.empty());
  }
}

TEST_CASE("s3: what may pass is told from what a person must change", "[s3]") {
  const auto code = [](long status, const std::string& s3_code) {
    return s3::error_of("PUT", answer(status, s3_code.empty() ? "" : document(s3_code))).code();
  };
  for (const long status : {500L, 502L, 503L, 504L, 507L, 408L, 409L, 429L, 0L, 204L}) {
    INFO(status);
    CHECK(code(status, "") == Code::unavailable);
  }
  CHECK(code(503, "SlowDown") == Code::unavailable);
  CHECK(code(400, "RequestTimeout") == Code::unavailable);
  CHECK(code(403, "RequestTimeTooSkewed") == Code::unavailable);
  CHECK(code(307, "TemporaryRedirect") == Code::unavailable);
  CHECK(code(403, "") == Code::access_denied);
  CHECK(code(401, "") == Code::access_denied);
  CHECK(code(403, "SignatureDoesNotMatch") == Code::access_denied);
  CHECK(code(403, "InvalidAccessKeyId") == Code::access_denied);
  CHECK(code(403, "Unheard.Of") == Code::access_denied);
  CHECK(code(404, "NoSuchBucket") == Code::resource_not_found);
  CHECK(code(404, "") == Code::resource_not_found);
  CHECK(code(301, "PermanentRedirect") == Code::invalid_request);
  CHECK(code(302, "") == Code::invalid_request);
  CHECK(code(400, "InvalidDigest") == Code::invalid_request);
  CHECK(code(501, "NotImplemented") == Code::invalid_request);
  CHECK(code(400, "EntityTooLarge") == Code::payload_too_large);
}

TEST_CASE("s3: the text names what to do and nothing that came from outside unchecked", "[s3][I18]") {
  auto refused = answer(403, document("SignatureDoesNotMatch"));
  const std::string text = s3::error_of("PUT of x", refused).what();
  CHECK(text ==
        "PUT of x: the server answered 403 SignatureDoesNotMatch (request R-1): correct access_key_id "
        "or the file that secret_access_key_file names");
  refused.headers = {{"x-amz-request-id", "from\nheader"}};
  CHECK(s3::error_of("PUT of x", refused).what() == text);
  refused.headers = {{"x-amz-request-id", "FROM.HEADER="}};
  CHECK_THAT(s3::error_of("PUT of x", refused).what(), Contains("(request FROM.HEADER=)"));
  auto moved = answer(301, document("PermanentRedirect"));
  moved.headers = {{"x-amz-bucket-region", "eu-west-1"}};
  CHECK_THAT(s3::error_of("PUT of x", moved).what(), Contains("its region is eu-west-1"));
  moved.headers = {{"x-amz-bucket-region", "<script>"}};
  CHECK_THAT(s3::error_of("PUT of x", moved).what(), !Contains("script"));
  // The same trouble twice is the same text: it is logged once.
  CHECK(std::string{s3::error_of("PUT of x", answer(503, document("SlowDown"))).what()} ==
        "PUT of x: the server answered 503 SlowDown");
}

TEST_CASE("s3: an absent object is not an absent bucket", "[s3]") {
  CHECK(s3::says_no_such_key(answer(404, document("NoSuchKey"))));
  CHECK_FALSE(s3::says_no_such_key(answer(404, document("NoSuchBucket"))));
  CHECK_FALSE(s3::says_no_such_key(answer(404)));
  CHECK_FALSE(s3::says_no_such_key(answer(200, document("NoSuchKey"))));
}
