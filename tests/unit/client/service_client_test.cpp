#include "daemon/client/service_client.hpp"

#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"

namespace {

client::Service service(const std::string& endpoint = "https://ca.example:8443") {
  return {
      .endpoint = endpoint,
      .region = "us-east-1",
      .credentials = {"AKIDEXAMPLE",
                      std::make_shared<const ca::SecretBytes>(ca::bytes_of("a secret of the client")), ""},
      .transfer = {}};
}

std::string header(const http_client::Request& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

client::Reply reply(long status, const std::string& body, const http_client::Headers& headers = {}) {
  const ca::ByteView bytes = ca::bytes_of(body);
  return client::read_reply({.status = status, .headers = headers, .body = {bytes.begin(), bytes.end()}});
}

std::string refusal(const std::string& text, const std::string& profile) {
  try {
    (void)client::parse_credentials(text, profile, "FILE");
  } catch (const ca::Error& error) {
    return error.what();
  }
  FAIL("accepted");
  return "";
}

}  // namespace

TEST_CASE("calls: everything that is sent beside the signature is signed", "[client]") {
  const ca::Seconds time{std::chrono::seconds{1'790'000'000}};
  auto as_role = service("https://ca.example:443");
  as_role.credentials.session_token = "token";
  const auto request = client::signed_call(
      as_role, {.method = "POST", .path = "/", .query = "", .target = "ACMPrivateCA.X", .body = "{}"}, time);
  CHECK(header(request, "Host") == "ca.example");
  CHECK(header(request, "X-Amz-Date") == "20260921T141320Z");
  CHECK_THAT(header(request, "Authorization"),
             Contains("Credential=AKIDEXAMPLE/20260921/us-east-1/acm-pca/aws4_request") &&
                 Contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target"));
  const auto get = client::signed_call(
      service(), {.method = "GET", .path = "/certificates", .query = "a=b", .target = "", .body = ""}, time);
  CHECK(get.url == "https://ca.example:8443/certificates?a=b");
  CHECK(header(get, "Host") == "ca.example:8443");
  CHECK_THAT(header(get, "Authorization"), Contains("SignedHeaders=host;x-amz-date,"));
}

TEST_CASE("calls: an endpoint is https and a host", "[client]") {
  CHECK_NOTHROW(client::check_endpoint("https://ca.example:8443"));
  for (const char* wrong : {"", "http://ca.example", "ca.example", "https://", "https://a/b", "https://a?b",
                            "https://user@a", "https://a b"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(client::check_endpoint(wrong), ca::Error);
  }
}

TEST_CASE("calls: a refusal is read in both forms, and what may pass is told", "[client]") {
  CHECK(reply(200, "{}").error.empty());
  const auto aws = reply(400, R"({"__type":"RequestAlreadyProcessedException","message":"done"})");
  CHECK(aws.error == "RequestAlreadyProcessedException");
  CHECK(aws.detail == "done");
  CHECK_FALSE(aws.may_pass());
  CHECK(reply(400, R"({"__type":"com.amazon#ThrottlingException"})").may_pass());
  const auto problem = reply(403, R"({"code":"access_denied","detail":"no","status":403})");
  CHECK(problem.error == "access_denied");
  CHECK(problem.detail == "no");
  CHECK_FALSE(problem.may_pass());
  const auto busy = reply(503, "", {{"retry-after", "3"}});
  CHECK(busy.may_pass());
  CHECK(busy.error == "status 503");
  CHECK(busy.retry_after_seconds == 3);
  CHECK(reply(503, "<html>", {{"retry-after", "99999"}}).retry_after_seconds == 60);
  CHECK(reply(503, "", {{"retry-after", "soon"}}).retry_after_seconds == 0);
  CHECK(reply(400, R"({"__type":7,"code":[]})").error == "status 400");
}

TEST_CASE("credentials: a profile of the file is read as AWS's clients read it", "[client]") {
  const std::string text =
      "[default]\naws_access_key_id = AKID1\n\n# [admin]\n[ admin ]\r\n  AWS_ACCESS_KEY_ID=AKID2\r\n"
      "aws_secret_access_key = se=cret \naws_session_token=t\nregion = x\n[last]\n";
  const auto read = client::parse_credentials(text, "admin", "FILE");
  CHECK(read.access_key_id == "AKID2");
  CHECK(ca::text_of(read.secret->view()) == "se=cret");
  CHECK(read.session_token == "t");
  CHECK_THAT(refusal(text, "other"), Contains("FILE has no profile 'other'"));
  CHECK_THAT(refusal(text, "default"), Contains("has not both"));
  CHECK_THAT(refusal(text, "last"), Contains("has not both"));
  CHECK_THAT(refusal(text, "default"), !Contains("AKID"));
}

TEST_CASE("credentials: what is named on the command line comes before the environment", "[client]") {
  const auto environment = [](const char* name) -> std::optional<std::string> {
    const std::string wanted{name};
    if (wanted == "AWS_ACCESS_KEY_ID" || wanted == "AWS_SECRET_ACCESS_KEY") {
      return "from the environment";
    }
    return wanted == "AWS_SHARED_CREDENTIALS_FILE" ? std::optional<std::string>{"/nonexistent/file"}
                                                   : std::nullopt;
  };
  CHECK(client::find_credentials({}, environment).access_key_id == "from the environment");
  try {
    (void)client::find_credentials({.profile = "admin", .file = {}}, environment);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK_THAT(error.what(), Contains("/nonexistent/file"));
  }
}
