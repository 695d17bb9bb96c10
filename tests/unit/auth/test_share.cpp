#include "ca/base/digest.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/sigv4.hpp"
#include "daemon/auth/authenticator.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_clock.hpp"

namespace {

constexpr const char* kAccount = "123456789012";
constexpr const char* kTime = "20261124T120000Z";

auth::AuthenticatorOptions options() { return {{"us-east-1"}, "aws", std::chrono::seconds{300}}; }

auth::KeyRing key_ring() {
  auth::KeyRing ring;
  ring.keys["AKIDEXAMPLE"] = {"AKIDEXAMPLE", std::make_shared<const ca::SecretBytes>(ca::bytes_of("secret")),
                              "provisioner", kAccount};
  return ring;
}

http::HttpRequest unsigned_request() {
  http::HttpRequest request;
  request.method = "POST";
  request.target = request.path = "/";
  request.headers = {{"Host", "ca.example.com"}, {"X-Amz-Date", kTime}};
  request.body = "{}";
  request.remote_network = "192.0.2.7";
  return request;
}

struct Signing {
  std::string secret = "secret";
  std::string id = "AKIDEXAMPLE";
  std::string service = "acm-pca";
};

http::HttpRequest sign(http::HttpRequest request, const Signing& with = {}) {
  const std::vector<std::string> names{"host", "x-amz-date"};
  const ca::sigv4::Scope scope{"20261124", "us-east-1", with.service};
  const std::string hash = ca::to_hex(ca::sha256(ca::bytes_of(request.body)));
  const std::string canonical = ca::sigv4::canonical_request(
      {request.method, request.path, request.query, request.headers, names, hash});
  const ca::SecretBytes key = ca::sigv4::signing_key(ca::bytes_of(with.secret), scope);
  const ca::Sha256 signature = ca::sigv4::signature(key, ca::sigv4::string_to_sign(kTime, scope, canonical));
  request.headers.emplace_back("Authorization", ca::sigv4::authorization(with.id, scope, names, signature));
  return request;
}

}  // namespace

TEST_CASE("share: a proved signature uses its principal's share and is proved once", "[auth][I16]") {
  const test::FakeClock clock;
  const auth::Authenticator authenticator{options(), key_ring(), clock};
  auto request = sign(unsigned_request());
  request.remote_network = "192.0.2.7";
  CHECK(authenticator.share_of(request) == "arn:aws:iam::123456789012:user/provisioner");
  REQUIRE(request.proved);
  CHECK(authenticator.authenticate(request).principal == "provisioner");
  CHECK(authenticator.authenticate(request).access_key_id == "AKIDEXAMPLE");
}

TEST_CASE("share: a claim that is not proved uses up the share of where it came from", "[auth][I16]") {
  const test::FakeClock clock;
  const auth::Authenticator authenticator{options(), key_ring(), clock};
  const auto share = [&](http::HttpRequest request) {
    request.remote_network = "192.0.2.7";
    const std::string found = authenticator.share_of(request);
    CHECK_FALSE(request.proved);
    return found;
  };
  CHECK(share(unsigned_request()) == "network 192.0.2.7");
  CHECK(share(sign(unsigned_request(), {.secret = "another"})) == "network 192.0.2.7");
  CHECK(share(sign(unsigned_request(), {.id = "AKIDUNKNOWN"})) == "network 192.0.2.7");
  auto other_body = sign(unsigned_request());
  other_body.body += " ";
  CHECK(share(other_body) == "network 192.0.2.7");
  auto garbage = unsigned_request();
  garbage.headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 garbage");
  CHECK(share(garbage) == "network 192.0.2.7");
  CHECK_FALSE(authenticator.names_known_caller(garbage));
  CHECK(authenticator.names_known_caller(sign(unsigned_request(), {.secret = "another"})));
  CHECK_FALSE(authenticator.names_known_caller(sign(unsigned_request(), {.id = "AKIDUNKNOWN"})));
}

TEST_CASE("share: a signature for the one API uses nobody's share of the other and is proved for none",
          "[auth][I11][I16]") {
  const test::FakeClock clock;
  const auth::Authenticator authenticator{options(), key_ring(), clock};
  auto request = sign(unsigned_request(), {.service = "sts"});
  CHECK(authenticator.share_of(request) == "network 192.0.2.7");
  CHECK(authenticator.share_of(request, auth::Service::sts) == "arn:aws:iam::123456789012:user/provisioner");
  CHECK_FALSE(request.proved);
}

TEST_CASE("share: certificates count by their principal or by themselves", "[auth][I16]") {
  const test::FakeClock clock;
  auth::KeyRing ring = key_ring();
  const ca::Bytes listed{1};
  ring.certificates[ca::to_hex(ca::sha256(listed))] = {kAccount, "provisioner"};
  const auth::Authenticator authenticator{options(), ring, clock};
  const auto share = [&](const ca::Bytes& certificate) {
    http::HttpRequest request = unsigned_request();
    request.client_certificate = certificate;
    return authenticator.share_of(request);
  };
  CHECK(share(listed) == "arn:aws:iam::123456789012:user/provisioner");
  CHECK(share({2}) == "certificate " + ca::to_hex(ca::sha256(ca::Bytes{2})));
  CHECK(share({2}) != share({3}));
}
