#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/auth/authenticator.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_clock.hpp"

using ca::Code;

namespace {

const ca::Bytes kOperatorCertificate = {0x30, 0x03, 0x02, 0x01, 0x01};
const ca::Bytes kDeviceCertificate = {0x30, 0x03, 0x02, 0x01, 0x02};
const ca::Bytes kForeignDeviceCertificate = {0x30, 0x03, 0x02, 0x01, 0x03};
constexpr const char* kAccount = "123456789012";

auth::KeyRing key_ring() {
  auth::KeyRing ring;
  ring.certificates[ca::to_hex(ca::sha256(kOperatorCertificate))] = {kAccount, "operator"};
  ring.device_principal = {kAccount, "devices"};
  return ring;
}

std::optional<auth::DeviceIdentity> find_device(const ca::Bytes& leaf) {
  if (leaf == kDeviceCertificate) {
    return auth::DeviceIdentity{kAccount, "thermostat-7"};
  }
  if (leaf == kForeignDeviceCertificate) {
    return auth::DeviceIdentity{"999999999999", "thermostat-8"};
  }
  return std::nullopt;
}

http::HttpRequest request_with(const ca::Bytes& leaf) {
  http::HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.headers = {{"Host", "ca.example.com"}};
  request.remote_ip = "192.0.2.7";
  request.client_certificate = leaf;
  return request;
}

Code refusal_of(const auth::Authenticator& authenticator, const http::HttpRequest& request) {
  try {
    (void)authenticator.authenticate(request);
  } catch (const ca::Error& error) {
    return error.code();
  }
  FAIL("the request was accepted");
  return Code::internal;
}

const auth::AuthenticatorOptions kOptions{{"eu-central-1", "us-east-1"}, "aws", std::chrono::seconds{300}};

}  // namespace

TEST_CASE("auth: a known client certificate gives its principal in our own region", "[auth][I11]") {
  const test::FakeClock clock;
  const auth::Authenticator authenticator{kOptions, key_ring(), clock, find_device};
  const ca::Caller caller = authenticator.authenticate(request_with(kOperatorCertificate));
  CHECK(caller.principal_arn == "arn:aws:iam::123456789012:user/operator");
  CHECK(caller.region == "eu-central-1");
  CHECK(caller.access_key_id.empty());
  CHECK_FALSE(caller.device_id);
}

TEST_CASE("auth: a device comes as the principal of devices and speaks for itself only", "[auth][I11]") {
  const test::FakeClock clock;
  const auth::Authenticator authenticator{kOptions, key_ring(), clock, find_device};
  const ca::Caller caller = authenticator.authenticate(request_with(kDeviceCertificate));
  CHECK(caller.principal == "devices");
  REQUIRE(caller.device_id);
  CHECK(*caller.device_id == "thermostat-7");
}

TEST_CASE("auth: a certificate that belongs to nobody here is refused", "[auth][I11]") {
  const test::FakeClock clock;
  const auth::Authenticator authenticator{kOptions, key_ring(), clock, find_device};
  CHECK(refusal_of(authenticator, request_with({0x30, 0x00})) == Code::unrecognized_client);
  CHECK(refusal_of(authenticator, request_with({})) == Code::unrecognized_client);
  // The device of another account does not become a principal of this one.
  CHECK(refusal_of(authenticator, request_with(kForeignDeviceCertificate)) == Code::unrecognized_client);

  auth::KeyRing no_devices = key_ring();
  no_devices.device_principal.reset();
  const auth::Authenticator without_principal{kOptions, no_devices, clock, find_device};
  CHECK(refusal_of(without_principal, request_with(kDeviceCertificate)) == Code::unrecognized_client);
  const auth::Authenticator without_search{kOptions, key_ring(), clock};
  CHECK(refusal_of(without_search, request_with(kDeviceCertificate)) == Code::unrecognized_client);
}

TEST_CASE("auth: a certificate does not help a request whose Authorization header is bad", "[auth][I11]") {
  const test::FakeClock clock;
  const auth::Authenticator authenticator{kOptions, key_ring(), clock, find_device};
  http::HttpRequest request = request_with(kOperatorCertificate);
  request.headers.emplace_back("authorization", "");
  CHECK(refusal_of(authenticator, request) == Code::incomplete_signature);
}

TEST_CASE("auth: a search for devices that fails is not a refusal of the device", "[auth]") {
  const test::FakeClock clock;
  const auth::Authenticator authenticator{kOptions, key_ring(), clock,
                                          [](const ca::Bytes&) -> std::optional<auth::DeviceIdentity> {
                                            throw ca::Error{Code::unavailable, "the inventory is away"};
                                          }};
  CHECK(refusal_of(authenticator, request_with(kDeviceCertificate)) == Code::unavailable);
}
