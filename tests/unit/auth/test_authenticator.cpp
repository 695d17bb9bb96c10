#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/sigv4.hpp"
#include "daemon/auth/authenticator.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_clock.hpp"

using ca::Code;
using std::chrono::seconds;

namespace {

constexpr const char* kSecret = "a very secret key";
constexpr const char* kNow = "20261124T120000Z";
constexpr const char* kAccount = "123456789012";

auth::KeyRing key_ring(const char* secret = kSecret) {
  auth::KeyRing ring;
  ring.keys["AKIDEXAMPLE"] = {"AKIDEXAMPLE", std::make_shared<const ca::SecretBytes>(ca::bytes_of(secret)),
                              "provisioner", kAccount};
  return ring;
}

auth::AuthenticatorOptions options() { return {{"eu-central-1", "us-east-1"}, "aws", seconds{300}}; }

// What the client does differently from a well-behaved one when it signs.
struct Signing {
  std::string secret = kSecret;
  std::string id = "AKIDEXAMPLE";
  std::string time = kNow;
  std::string date = "20261124";
  std::string region = "us-east-1";
  std::string service = "acm-pca";
  std::vector<std::string> names = {"content-type", "host", "x-amz-date", "x-amz-target"};
  std::string date_header = "X-Amz-Date";
  std::string date_value;  // empty = time
};

http::HttpRequest unsigned_request(const Signing& with = {}) {
  http::HttpRequest request;
  request.method = "POST";
  request.target = request.path = "/";
  request.headers = {{"Host", "ca.example.com:8443"},
                     {"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", "ACMPrivateCA.IssueCertificate"},
                     {with.date_header, with.date_value.empty() ? with.time : with.date_value}};
  request.body = R"({"CertificateAuthorityArn":"arn"})";
  request.remote_ip = "192.0.2.7";
  request.request_id = "6f1c3f0e-0000-4000-8000-000000000001";
  return request;
}

http::HttpRequest sign(http::HttpRequest request, const Signing& with = {}) {
  const ca::sigv4::Scope scope{with.date, with.region, with.service};
  const std::string hash = ca::to_hex(ca::sha256(ca::bytes_of(request.body)));
  const std::string canonical = ca::sigv4::canonical_request(
      {request.method, request.path, request.query, request.headers, with.names, hash});
  const ca::SecretBytes key = ca::sigv4::signing_key(ca::bytes_of(with.secret), scope);
  const ca::Sha256 signature =
      ca::sigv4::signature(key, ca::sigv4::string_to_sign(with.time, scope, canonical));
  request.headers.emplace_back("Authorization",
                               ca::sigv4::authorization(with.id, scope, with.names, signature));
  return request;
}

http::HttpRequest signed_request(const Signing& with = {}) { return sign(unsigned_request(with), with); }

std::string& header_of(http::HttpRequest& request, const std::string& name) {
  for (auto& [header_name, value] : request.headers) {
    if (header_name == name) {
      return value;
    }
  }
  throw std::logic_error{"the test asks for a header that is not there"};
}

struct Refusal {
  Code code;
  std::string text;
};

// Fails the test when the request is accepted.
Refusal refusal_of(const auth::Authenticator& authenticator, const http::HttpRequest& request) {
  try {
    (void)authenticator.authenticate(request);
  } catch (const ca::Error& error) {
    return {error.code(), error.what()};
  }
  FAIL("the request was accepted");
  return {Code::internal, ""};
}

struct World {
  test::FakeClock clock;
  auth::Authenticator authenticator{options(), key_ring(), clock};
};

}  // namespace

TEST_CASE("auth: a signed request gives the caller of its access key", "[auth][I11]") {
  const World world;
  const ca::Caller caller = world.authenticator.authenticate(signed_request());
  CHECK(caller.account == kAccount);
  CHECK(caller.principal == "provisioner");
  CHECK(caller.principal_arn == "arn:aws:iam::123456789012:user/provisioner");
  CHECK(caller.region == "us-east-1");
  CHECK(caller.access_key_id == "AKIDEXAMPLE");
  CHECK_FALSE(caller.device_id);
  CHECK(caller.source_ip == "192.0.2.7");
  CHECK(caller.request_id == "6f1c3f0e-0000-4000-8000-000000000001");
}

TEST_CASE("auth: one changed byte of what was signed is refused", "[auth][I11]") {
  const World world;
  http::HttpRequest request = unsigned_request();
  request.path = "/provision/thermostat";
  request.query = "a=1";
  request = sign(request);
  REQUIRE_NOTHROW(world.authenticator.authenticate(request));
  SECTION("method") { request.method = "PUT"; }
  SECTION("path") { request.path.back() = 'T'; }
  SECTION("path with a byte more") { request.path += '/'; }
  SECTION("query") { request.query = "a=2"; }
  SECTION("signed header") { header_of(request, "X-Amz-Target").back() = 'f'; }
  SECTION("host") { header_of(request, "Host").back() = '4'; }
  SECTION("signed header that is repeated") { request.headers.emplace_back("content-type", "text/plain"); }
  SECTION("time") { header_of(request, "X-Amz-Date") = "20261124T120001Z"; }
  SECTION("body") { request.body[3] = 'E'; }
  SECTION("body with a byte more") { request.body += '\n'; }
  SECTION("last digit of the signature") {
    char& last = header_of(request, "Authorization").back();
    last = last == '0' ? '1' : '0';
  }
  SECTION("first digit of the signature") {
    std::string& value = header_of(request, "Authorization");
    char& first = value[value.find("Signature=") + 10];
    first = first == '0' ? '1' : '0';
  }
  SECTION("region of the scope") {
    std::string& value = header_of(request, "Authorization");
    value.replace(value.find("us-east-1"), 9, "eu-central-1");
  }
  SECTION("secret") { request = sign(unsigned_request(), Signing{.secret = "a very secret kez"}); }
  const Refusal refusal = refusal_of(world.authenticator, request);
  CHECK(refusal.code == Code::invalid_signature);
  CHECK_THAT(refusal.text, StartsWith("The request signature we calculated does not match"));
}

TEST_CASE("auth: a header that was not signed may come and go", "[auth]") {
  const World world;
  http::HttpRequest request = signed_request();
  request.headers.emplace_back("amz-sdk-request", "attempt=2; max=3");
  CHECK_NOTHROW(world.authenticator.authenticate(request));
}

TEST_CASE("auth: the window is inclusive at both edges", "[auth][I11]") {
  World world;
  const http::HttpRequest request = signed_request();
  SECTION("oldest") {
    world.clock.advance(seconds{300});
    CHECK_NOTHROW(world.authenticator.authenticate(request));
    world.clock.advance(seconds{1});
    const Refusal refusal = refusal_of(world.authenticator, request);
    CHECK(refusal.code == Code::invalid_signature);
    CHECK(refusal.text ==
          "Signature expired: 20261124T120000Z is now earlier than 20261124T120001Z (20261124T120501Z - 5 "
          "min.)");
  }
  SECTION("newest") {
    world.clock.advance(-seconds{300});
    CHECK_NOTHROW(world.authenticator.authenticate(request));
    world.clock.advance(-seconds{1});
    const Refusal refusal = refusal_of(world.authenticator, request);
    CHECK(refusal.code == Code::invalid_signature);
    CHECK(refusal.text ==
          "Signature not yet current: 20261124T120000Z is still later than 20261124T115959Z "
          "(20261124T115459Z + "
          "5 min.)");
  }
}

TEST_CASE("auth: a scope of another service or region or day is refused", "[auth][I11]") {
  const World world;
  Signing with;
  std::string text;
  SECTION("service") {
    with.service = "s3";
    text = "Credential should be scoped to correct service: 'acm-pca'.";
  }
  SECTION("region") {
    with.region = "us-west-2";
    text = "Credential should be scoped to a valid region.";
  }
  SECTION("day") {
    with.date = "20261123";
    text = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP";
  }
  const Refusal refusal = refusal_of(world.authenticator, signed_request(with));
  CHECK(refusal.code == Code::invalid_signature);
  CHECK(refusal.text == text);
}

TEST_CASE("auth: an unknown access key and any session token are refused alike", "[auth][I11]") {
  const World world;
  http::HttpRequest request;
  SECTION("unknown key") { request = signed_request(Signing{.id = "AKIDUNKNOWN"}); }
  SECTION("unknown key that knows the stand-in secret") {
    request = signed_request(
        Signing{.secret = "no access key has this secret", .id = "AKIDUNKNOWN", .region = "eu-central-1"});
  }
  SECTION("known key in another case") { request = signed_request(Signing{.id = "akidexample"}); }
  SECTION("session token") {
    request = unsigned_request();
    request.headers.emplace_back("X-Amz-Security-Token", "tok");
    request = sign(request, Signing{.names = {"content-type", "host", "x-amz-date", "x-amz-security-token",
                                              "x-amz-target"}});
  }
  const Refusal refusal = refusal_of(world.authenticator, request);
  CHECK(refusal.code == Code::unrecognized_client);
  CHECK(refusal.text == "The security token included in the request is invalid");
}

TEST_CASE("auth: headers that decide must be signed", "[auth][I11]") {
  const World world;
  Signing with;
  std::string shown;
  SECTION("host") {
    with.names = {"content-type", "x-amz-date", "x-amz-target"};
    shown = "Host";
  }
  SECTION("x-amz-date") {
    with.names = {"content-type", "host", "x-amz-target"};
    shown = "X-Amz-Date";
  }
  SECTION("x-amz-target") {
    with.names = {"content-type", "host", "x-amz-date"};
    shown = "X-Amz-Target";
  }
  SECTION("date") {
    with.date_header = "Date";
    with.names = {"content-type", "host", "x-amz-target"};
    shown = "Date";
  }
  const Refusal refusal = refusal_of(world.authenticator, signed_request(with));
  CHECK(refusal.code == Code::invalid_signature);
  CHECK(refusal.text == "'" + shown + "' must be a 'SignedHeader' in the AWS Authorization.");
}

TEST_CASE("auth: the Date header serves when there is no X-Amz-Date", "[auth]") {
  const World world;
  Signing with{.names = {"content-type", "date", "host", "x-amz-target"}, .date_header = "Date"};
  SECTION("basic ISO 8601") { CHECK_NOTHROW(world.authenticator.authenticate(signed_request(with))); }
  SECTION("HTTP date") {
    with.date_value = "Tue, 24 Nov 2026 12:00:00 GMT";
    CHECK_NOTHROW(world.authenticator.authenticate(signed_request(with)));
  }
  SECTION("HTTP date that is no date") {
    with.date_value = "Tue, 31 Nov 2026 12:00:00 GMT";
    CHECK(refusal_of(world.authenticator, signed_request(with)).code == Code::incomplete_signature);
  }
}

TEST_CASE("auth: a stated payload hash must be that of the body", "[auth][I11]") {
  const World world;
  http::HttpRequest request = unsigned_request();
  const std::string hash = ca::to_hex(ca::sha256(ca::bytes_of(request.body)));
  const auto stating = [&request](const std::string& value) {
    http::HttpRequest stated = request;
    stated.headers.emplace_back("X-Amz-Content-Sha256", value);
    return sign(stated, Signing{.names = {"host", "x-amz-content-sha256", "x-amz-date", "x-amz-target"}});
  };
  CHECK_NOTHROW(world.authenticator.authenticate(stating(hash)));
  for (const std::string& wrong :
       {std::string{"UNSIGNED-PAYLOAD"}, std::string{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, std::string{},
        std::string(64, '0')}) {
    const Refusal refusal = refusal_of(world.authenticator, stating(wrong));
    CHECK(refusal.code == Code::invalid_signature);
    CHECK_THAT(refusal.text, Contains("X-Amz-Content-Sha256"));
  }
}

TEST_CASE("auth: a path that is not in its normal form is refused", "[auth][I11]") {
  const World world;
  for (const char* path : {"/provision/../", "//", "/a/./b", "/a//b", "", "a"}) {
    http::HttpRequest request = unsigned_request();
    request.path = path;
    INFO(path);
    CHECK(refusal_of(world.authenticator, sign(request)).code == Code::malformed_request);
  }
}

TEST_CASE("auth: a malformed Authorization header is refused without repeating it", "[auth][I18]") {
  const World world;
  http::HttpRequest well_formed = signed_request();
  const std::string good = header_of(well_formed, "Authorization");
  const std::string signature = good.substr(good.find("Signature=") + 10);
  const auto replaced = [&good](const std::string& what, const std::string& by) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), by);
  };
  const std::vector<std::string> wrong = {
      "",
      "Bearer " + signature,
      "AWS4-HMAC-SHA256",
      "AWS4-HMAC-SHA256 " + signature,
      "aws4-hmac-sha256" + good.substr(16),
      replaced("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
      replaced("Credential=", "Credentials="),
      replaced("Credential=AKIDEXAMPLE", "Credential="),
      replaced("AKIDEXAMPLE", "AKID-EXAMPLE"),
      replaced("AKIDEXAMPLE", std::string(129, 'A')),
      replaced("/20261124/", "/2026112x/"),
      replaced("/us-east-1/", "//"),
      replaced("aws4_request", "aws5_request"),
      replaced("/aws4_request", ""),
      replaced("host;x-amz-date", "x-amz-date;host"),
      replaced("host;x-amz-date", "host;host;x-amz-date"),
      replaced("host;", "Host;"),
      replaced("host;", "host;;"),
      replaced("x-amz-target,", "x-amz-target;x-not-there,"),
      replaced(signature, signature.substr(1)),
      replaced(signature, "A" + signature.substr(1)),
      good + ", Signature=" + signature,
      good + ", Extra=1",
  };
  for (const std::string& value : wrong) {
    http::HttpRequest request = signed_request();
    header_of(request, "Authorization") = value;
    INFO(value);
    const Refusal refusal = refusal_of(world.authenticator, request);
    CHECK(refusal.code == Code::incomplete_signature);
    CHECK(refusal.text.find(signature.substr(1, 16)) == std::string::npos);
  }
}

TEST_CASE("auth: commas without spaces and other order of the parameters are fine", "[auth]") {
  const World world;
  http::HttpRequest request = signed_request();
  std::string& value = header_of(request, "Authorization");
  std::erase(value, ' ');
  value.insert(16, " ");
  CHECK_NOTHROW(world.authenticator.authenticate(request));
}

TEST_CASE("auth: a missing parameter is named", "[auth]") {
  const World world;
  http::HttpRequest request = signed_request();
  header_of(request, "Authorization") = "AWS4-HMAC-SHA256 SignedHeaders=host";
  CHECK(refusal_of(world.authenticator, request).text ==
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
        "parameter.");
}

TEST_CASE("auth: headers that must be single are refused when repeated", "[auth][I11]") {
  const World world;
  for (const char* name : {"Authorization", "X-Amz-Date", "x-amz-target"}) {
    http::HttpRequest request = signed_request();
    request.headers.emplace_back(name, "AWS4-HMAC-SHA256 x");
    INFO(name);
    CHECK(refusal_of(world.authenticator, request).code == Code::incomplete_signature);
  }
}

TEST_CASE("auth: no date or a wrong one is an incomplete signature", "[auth]") {
  const World world;
  for (const char* date : {"", "2026-11-24T12:00:00Z", "20261124T120000", "20261324T120000Z",
                           "20260231T120000Z", "20261124T240000Z", "20261124T12000xZ"}) {
    http::HttpRequest request = signed_request();
    header_of(request, "X-Amz-Date") = date;
    INFO(date);
    CHECK(refusal_of(world.authenticator, request).code == Code::incomplete_signature);
  }
  http::HttpRequest request = signed_request();
  std::erase_if(request.headers, [](const auto& header) { return header.first == "X-Amz-Date"; });
  CHECK(refusal_of(world.authenticator, request).code == Code::incomplete_signature);
}

TEST_CASE("auth: a signature in the query string is refused", "[auth][I11]") {
  const World world;
  for (const char* query :
       {"X-Amz-Signature=0", "a=1&x-amz-algorithm=AWS4-HMAC-SHA256", "X-Amz-%43redential=x"}) {
    http::HttpRequest request = unsigned_request();
    request.query = query;
    INFO(query);
    CHECK(refusal_of(world.authenticator, request).code == Code::incomplete_signature);
    CHECK(refusal_of(world.authenticator, sign(request)).code == Code::incomplete_signature);
  }
}

TEST_CASE("auth: nothing that proves a caller is a missing authentication token", "[auth][I11]") {
  const World world;
  const Refusal refusal = refusal_of(world.authenticator, unsigned_request());
  CHECK(refusal.code == Code::missing_authentication);
  CHECK(refusal.text == "Missing Authentication Token");
}

TEST_CASE("auth: no refusal tells a secret or a signature", "[auth][I18]") {
  World world;
  http::HttpRequest request = signed_request();
  const std::string value = header_of(request, "Authorization");
  const std::string sent = value.substr(value.find("Signature=") + 10);
  SECTION("wrong body") { request.body += ' '; }
  SECTION("too late") { world.clock.advance(std::chrono::hours{1}); }
  SECTION("unknown key") { request = signed_request(Signing{.id = "AKIDUNKNOWN"}); }
  SECTION("session token") { request.headers.emplace_back("X-Amz-Security-Token", kSecret); }
  SECTION("other algorithm") { header_of(request, "Authorization") = std::string{"Bearer "} + kSecret; }
  const Refusal refusal = refusal_of(world.authenticator, request);
  CHECK(refusal.text.find(kSecret) == std::string::npos);
  CHECK(refusal.text.find(sent) == std::string::npos);
  // Nor the signature that would have been right: no run of 64 hexadecimal digits at all.
  std::size_t run = 0;
  for (const char c : refusal.text) {
    run = std::string_view{"0123456789abcdef"}.find(c) == std::string_view::npos ? 0 : run + 1;
    CHECK(run < 64);
  }
}

TEST_CASE("auth: a replaced key ring forgets the old secret at once", "[auth][I11]") {
  World world;
  const http::HttpRequest request = signed_request();
  REQUIRE_NOTHROW(world.authenticator.authenticate(request));
  world.authenticator.replace(key_ring("another secret"));
  CHECK(refusal_of(world.authenticator, request).code == Code::invalid_signature);
  CHECK_NOTHROW(world.authenticator.authenticate(signed_request(Signing{.secret = "another secret"})));

  auth::KeyRing broken = key_ring();
  broken.keys["AKIDEXAMPLE"].secret.reset();
  CHECK_THROWS_AS(world.authenticator.replace(broken), ca::Error);
  CHECK_NOTHROW(world.authenticator.authenticate(signed_request(Signing{.secret = "another secret"})));
  world.authenticator.replace({});
  CHECK(refusal_of(world.authenticator, request).code == Code::unrecognized_client);
}

TEST_CASE("auth: more keys than the cache holds all work", "[auth]") {
  const test::FakeClock clock;
  auth::KeyRing ring;
  const auto secret = std::make_shared<const ca::SecretBytes>(ca::bytes_of(kSecret));
  for (int i = 0; i < 200; ++i) {
    const std::string id = "AKID" + std::to_string(i);
    ring.keys[id] = {id, secret, "user" + std::to_string(i), kAccount};
  }
  const auth::Authenticator authenticator{options(), ring, clock};
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 200; ++i) {
      const std::string id = "AKID" + std::to_string(i);
      CHECK(authenticator.authenticate(signed_request(Signing{.id = id})).principal ==
            "user" + std::to_string(i));
    }
  }
}

TEST_CASE("auth: requests that curl signs are accepted", "[auth]") {
  // Captured from curl 7.88 --aws-sigv4 aws:amz:us-east-1:acm-pca --user AKIDEXAMPLE:secret.
  World world;
  world.authenticator.replace(key_ring("secret"));
  world.clock.advance(-(std::chrono::hours{5} + std::chrono::minutes{25}));
  http::HttpRequest request;
  request.method = "POST";
  request.headers = {
      {"Host", "127.0.0.1:18987"}, {"X-Amz-Date", "20261124T063505Z"}, {"User-Agent", "curl/7.88.1"}};
  const std::string start =
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, ";
  SECTION("operation") {
    request.path = "/";
    request.body = "{}";
    request.headers.emplace_back("X-Amz-Target", "ACMPrivateCA.ListCertificateAuthorities");
    request.headers.emplace_back("Content-Type", "application/x-amz-json-1.1");
    request.headers.emplace_back("Authorization",
                                 start +
                                     "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="
                                     "2d51254615aa6583e3e38b92a8f9070dff284f68a87e71e08792ac352622bed1");
  }
  SECTION("path") {
    request.path = "/provision/thermostat";
    request.body = R"({"device_id":"a"})";
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("Authorization",
                                 start +
                                     "SignedHeaders=content-type;host;x-amz-date, Signature="
                                     "583e9ee84a2323bc895df7924e4ede3d806b2ddbfa2de3e26fc6be936ed2e31a");
  }
  CHECK(world.authenticator.authenticate(request).principal == "provisioner");
}

TEST_CASE("auth: options that cannot work are refused", "[auth]") {
  const test::FakeClock clock;
  CHECK_THROWS_AS(
      (auth::Authenticator{auth::AuthenticatorOptions{{}, "aws", seconds{300}}, key_ring(), clock}),
      ca::Error);
  CHECK_THROWS_AS(
      (auth::Authenticator{auth::AuthenticatorOptions{{"r"}, "aws", seconds{0}}, key_ring(), clock}),
      ca::Error);
}
