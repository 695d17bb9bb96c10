#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/sigv4.hpp"
#include "ca/policy/policy_document.hpp"
#include "daemon/auth/authenticator.hpp"
#include "daemon/auth/signed_request.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_clock.hpp"

using ca::Code;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

constexpr const char* kAccount = "123456789012";

std::shared_ptr<const ca::SecretBytes> key_of(const std::string& text) {
  return std::make_shared<const ca::SecretBytes>(ca::bytes_of(text));
}

auth::KeyRing ring_with(std::shared_ptr<const ca::SecretBytes> session_key) {
  auth::KeyRing ring;
  ring.roles = {{kAccount, "issuer"}};
  ring.session_key = std::move(session_key);
  return ring;
}

struct World {
  test::FakeClock clock;
  auth::Authenticator authenticator{
      {{"us-east-1"}, "aws", seconds{300}}, ring_with(key_of("0123456789abcdef0123456789abcdef")), clock};

  [[nodiscard]] auth::SessionCredentials open(const std::string& policy = "") const {
    return authenticator.open_session({.account = kAccount,
                                       .role = "issuer",
                                       .name = "nightly",
                                       .policy = policy,
                                       .expires = ca::to_seconds(clock.now()) + hours{1}});
  }

  [[nodiscard]] http::HttpRequest signed_with(const auth::SessionCredentials& with,
                                              std::vector<std::string> names = {
                                                  "host", "x-amz-date", "x-amz-security-token"}) const {
    http::HttpRequest request;
    request.method = "POST";
    request.target = request.path = "/";
    const std::string time = auth::basic_iso8601(ca::to_seconds(clock.now()));
    request.headers = {
        {"Host", "ca.example"}, {"X-Amz-Date", time}, {"X-Amz-Security-Token", with.session_token}};
    const ca::sigv4::Scope scope{time.substr(0, 8), "us-east-1", "acm-pca"};
    const std::string canonical =
        ca::sigv4::canonical_request({request.method, request.path, request.query, request.headers, names,
                                      ca::to_hex(ca::sha256(ca::bytes_of(request.body)))});
    const ca::SecretBytes key = ca::sigv4::signing_key(ca::bytes_of(with.secret_access_key), scope);
    request.headers.emplace_back(
        "Authorization", ca::sigv4::authorization(
                             with.access_key_id, scope, names,
                             ca::sigv4::signature(key, ca::sigv4::string_to_sign(time, scope, canonical))));
    return request;
  }

  [[nodiscard]] std::optional<Code> refusal(const http::HttpRequest& request) const {
    try {
      (void)authenticator.authenticate(request);
    } catch (const ca::Error& error) {
      return error.code();
    }
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("session: its credentials give the role's caller, named by the session", "[auth][I11]") {
  const World world;
  const auto credentials = world.open();
  CHECK(credentials.access_key_id.size() == 20);
  CHECK(credentials.access_key_id.starts_with("ASIA"));
  CHECK(credentials.secret_access_key.size() == 40);
  const ca::Caller caller = world.authenticator.authenticate(world.signed_with(credentials));
  CHECK(caller.account == kAccount);
  CHECK(caller.principal == "issuer");
  CHECK(caller.principal_arn == "arn:aws:iam::123456789012:role/issuer");
  CHECK(caller.session_arn == "arn:aws:sts::123456789012:assumed-role/issuer/nightly");
  CHECK(caller.session_policy == nullptr);
}

TEST_CASE("session: its policy comes with every request", "[auth][I11]") {
  const World world;
  const auto credentials = world.open(
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"acm-pca:Get*","Resource":"*"}]})");
  const ca::Caller caller = world.authenticator.authenticate(world.signed_with(credentials));
  REQUIRE(caller.session_policy != nullptr);
  CHECK(caller.session_policy->statements().size() == 1);
}

TEST_CASE("session: it ends at its second, and only its holder is told", "[auth][I11]") {
  World world;
  const auto credentials = world.open();
  world.clock.advance(hours{1} - seconds{1});
  CHECK(world.refusal(world.signed_with(credentials)) == std::nullopt);
  world.clock.advance(seconds{1});
  CHECK(world.refusal(world.signed_with(credentials)) == Code::expired_token);
  auto stolen = credentials;
  stolen.secret_access_key.back() = stolen.secret_access_key.back() == 'A' ? 'B' : 'A';
  CHECK(world.refusal(world.signed_with(stolen)) == Code::invalid_signature);
}

TEST_CASE("session: no changed byte of a token is accepted", "[auth][I11]") {
  const World world;
  const auto credentials = world.open();
  const ca::Bytes token = ca::from_base64(credentials.session_token);
  for (std::size_t at = 0; at < token.size(); ++at) {
    ca::Bytes changed = token;
    changed[at] ^= 1U;
    auto forged = credentials;
    forged.session_token = ca::to_base64(changed);
    REQUIRE(world.refusal(world.signed_with(forged)) == Code::unrecognized_client);
  }
}

TEST_CASE("session: a token that was not signed with the request is refused", "[auth][I11]") {
  const World world;
  CHECK(world.refusal(world.signed_with(world.open(), {"host", "x-amz-date"})) == Code::invalid_signature);
}

TEST_CASE("session: another key, a key of its own and a role that is gone refuse it", "[auth][I11]") {
  World world;
  const auto request = world.signed_with(world.open());
  CHECK(world.refusal(request) == std::nullopt);
  world.authenticator.replace(ring_with(key_of("another key that is long enough..")));
  CHECK(world.refusal(request) == Code::unrecognized_client);
  world.authenticator.replace(ring_with(nullptr));
  CHECK(world.refusal(request) == Code::unrecognized_client);
  auto without = ring_with(key_of("0123456789abcdef0123456789abcdef"));
  without.roles.clear();
  world.authenticator.replace(without);
  CHECK(world.refusal(request) == Code::unrecognized_client);
  world.authenticator.replace(ring_with(key_of("0123456789abcdef0123456789abcdef")));
  CHECK(world.refusal(request) == std::nullopt);
}

TEST_CASE("session: a short session key is refused, the old ring stays", "[auth][I11]") {
  World world;
  const auto request = world.signed_with(world.open());
  CHECK_THROWS_AS(world.authenticator.replace(ring_with(key_of("too short"))), ca::Error);
  CHECK(world.refusal(request) == std::nullopt);
}
