#include "daemon/s3/signed_request.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"

// The signatures are botocore's (S3SigV4Auth) for the same requests; the first is published in the Amazon S3
// API Reference too, with a Range header that we never send.
namespace {

const ca::SecretBytes kSecret{ca::bytes_of("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
constexpr const char* kKeyId = "AKIAIOSFODNN7EXAMPLE";
const ca::Seconds kTime{std::chrono::seconds{1369353600}};  // 2013-05-24T00:00:00Z

s3::SignedRequest sign(const s3::Location& location, const s3::RequestToSign& request) {
  return s3::signed_request(location, request, kTime, kKeyId, kSecret);
}

std::string header(const s3::SignedRequest& request, const std::string& name) {
  const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == request.headers.end() ? "" : found->second;
}

}  // namespace

TEST_CASE("s3: a GET in the virtual-hosted style is signed as botocore signs it", "[s3]") {
  const auto request =
      sign({"https://s3.amazonaws.com", "us-east-1", "examplebucket", false},
           {.method = "GET", .key = "test.txt", .content_type = "", .payload = ca::sha256({})});
  CHECK(request.url == "https://examplebucket.s3.amazonaws.com/test.txt");
  CHECK(header(request, "Host") == "examplebucket.s3.amazonaws.com");
  CHECK(header(request, "x-amz-date") == "20130524T000000Z");
  CHECK(header(request, "x-amz-content-sha256") ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(header(request, "Authorization") ==
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
        "Signature=df548e2ce037944d03f3e68682813b093763996d597cf890ca3d9037fd231eb4");
}

TEST_CASE("s3: a PUT in the path style is signed as botocore signs it", "[s3]") {
  const auto request = sign({"https://s3.example.test:9000", "eu-central-1", "reports"},
                            {.method = "PUT",
                             .key = "audit-report/a/b.csv",
                             .content_type = "text/csv; charset=utf-8",
                             .payload = ca::sha256(ca::bytes_of("one,two\n"))});
  CHECK(request.url == "https://s3.example.test:9000/reports/audit-report/a/b.csv");
  CHECK(header(request, "Host") == "s3.example.test:9000");
  CHECK_THAT(header(request, "Authorization"),
             Contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, "
                      "Signature=b16447894b01af3f05416b3cec0a8376c658d693f83661b1bf865c5f8743b4f0"));
}

TEST_CASE("s3: every character of a key is escaped once, in the URL as in what is signed", "[s3]") {
  constexpr const char* kKey = "crl/a b;?:@&=+$,%_.!~*()'/Z.crl";
  constexpr const char* kEscaped = "/crl/a%20b%3B%3F%3A%40%26%3D%2B%24%2C%25_.%21~%2A%28%29%27/Z.crl";
  const auto hosted = sign({"https://s3.example.test", "us-east-1", "crls", false},
                           {.method = "PUT",
                            .key = kKey,
                            .content_type = "application/pkix-crl",
                            .payload = ca::sha256(ca::Bytes(100, 'x'))});
  CHECK(hosted.url == std::string{"https://crls.s3.example.test"} + kEscaped);
  CHECK_THAT(header(hosted, "Authorization"),
             Contains("Signature=4afeb03d4923448a597e689cfd00fb0816f42847441eb225655377efc862bd51"));
  const auto plain = sign({"http://127.0.0.1", "us-east-1", "crls"},
                          {.method = "PUT", .key = kKey, .content_type = "", .payload = ca::sha256({})});
  CHECK(plain.url == std::string{"http://127.0.0.1/crls"} + kEscaped);
  CHECK_THAT(header(plain, "Authorization"),
             Contains("Signature=6d20a2794ad5a2a77304b793d33211d98fa5a3901dc174422f363ff51a341f5a"));
}

TEST_CASE("s3: the scheme's own port is not named in what is signed", "[s3]") {
  const auto host = [](const std::string& endpoint) {
    return header(sign({endpoint, "us-east-1", "crls"},
                       {.method = "GET", .key = "x", .content_type = "", .payload = ca::sha256({})}),
                  "Host");
  };
  CHECK(host("https://s3.example.test:443") == "s3.example.test");
  CHECK(host("http://s3.example.test:80") == "s3.example.test");
  CHECK(host("http://s3.example.test:443") == "s3.example.test:443");
  CHECK(host("http://[::1]:9000") == "[::1]:9000");
}
