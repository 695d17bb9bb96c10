#include <future>
#include <nlohmann/json.hpp>

#include "ca/base/base64.hpp"
#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/acmpca/dispatcher.hpp"
#include "daemon/auth/authenticator.hpp"
#include "daemon/http/worker_pool.hpp"
#include "daemon/inventory/service.hpp"
#include "daemon/keys/service.hpp"
#include "daemon/provisioning/service.hpp"
#include "daemon/status/routes.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using nlohmann::json;

namespace {

struct Observed {
  std::string operation, error_name, principal;
};

// The protocols over one authority; callers come with a client certificate.
struct Front {
  test::World world;
  std::vector<Observed> observed;
  ca::Bytes admin{1};
  ca::Bytes provisioner{2};
  ca::Bytes other_admin{3};
  auth::Authenticator authenticator{
      {.regions = {"us-east-1"}},
      {.keys = {},
       .certificates = {{ca::to_hex(ca::sha256(admin)), {"123456789012", "admin"}},
                        {ca::to_hex(ca::sha256(provisioner)), {"123456789012", "provisioner"}},
                        {ca::to_hex(ca::sha256(other_admin)), {"999999999999", "admin"}}},
       .device_principal = std::nullopt},
      world.clock};
  acmpca::Dispatcher dispatcher{*world.service, authenticator, observer()};
  provisioning::Service provisioning{*world.service, authenticator, observer()};
  inventory::Service inventory{*world.service, authenticator, observer()};
  keys::Service keys{*world.service, authenticator, observer()};
  http::Router router;

  Front() {
    acmpca::add_routes(router, dispatcher);
    provisioning::add_routes(router, provisioning);
    inventory::add_routes(router, inventory);
    keys::add_routes(router, keys);
    status::add_routes(router, *world.service, world.clock);
  }

  acmpca::Dispatcher::Observer observer() {
    return [this](const std::string& operation, const std::string& error_name, const std::string& principal,
                  std::chrono::microseconds, const http::HttpRequest&) {
      observed.push_back({operation, error_name, principal});
      throw std::runtime_error{"an observer that fails"};
    };
  }

  http::HttpResponse send(const http::HttpRequest& request) {
    const auto match = router.find(request.method, request.path);
    REQUIRE(match.route != nullptr);
    REQUIRE(match.route->when_full);
    REQUIRE((match.route->when_throttled || request.path.starts_with("/ca/")));
    return match.route->handler(request);
  }

  static http::HttpRequest aws(const std::string& operation, const std::string& body) {
    http::HttpRequest request;
    request.method = "POST";
    request.target = request.path = "/";
    request.headers = {{"X-Amz-Target", "ACMPrivateCA." + operation},
                       {"Content-Type", "application/x-amz-json-1.1"}};
    request.body = body;
    request.request_id = "request";
    return request;
  }

  http::HttpResponse call(const std::string& operation, const json& input) {
    auto request = aws(operation, input.dump());
    request.client_certificate = admin;
    return send(request);
  }

  json served(const std::string& operation, const json& input) {
    const auto response = call(operation, input);
    INFO(response.body);
    REQUIRE(response.status == 200);
    return response.body.empty() ? json(nullptr) : json::parse(response.body);
  }

  std::string error(const std::string& operation, const json& input) {
    const auto response = call(operation, input);
    return response.status == 200 ? "" : json::parse(response.body).at("__type").get<std::string>();
  }
};

std::string blob(const std::string& text) { return ca::to_base64(ca::bytes_of(text)); }

json root_input() {
  return {{"CertificateAuthorityType", "ROOT"},
          {"CertificateAuthorityConfiguration",
           {{"KeyAlgorithm", "EC_prime256v1"},
            {"SigningAlgorithm", "SHA256WITHECDSA"},
            {"Subject", {{"CommonName", "Wire Root"}}}}}};
}

json issue_input(const json& arn, const std::string& csr, const std::string& name) {
  return {{"CertificateAuthorityArn", arn},
          {"Csr", blob(csr)},
          {"SigningAlgorithm", "SHA256WITHECDSA"},
          {"TemplateArn", "arn:aws:acm-pca:::template/" + name + "/V1"},
          {"Validity", {{"Value", 30}, {"Type", "DAYS"}}}};
}

}  // namespace

TEST_CASE("wire: a root is made and activated and issues and revokes over the API", "[acmpca]") {
  Front front;
  const json arn = front.served("CreateCertificateAuthority", root_input()).at("CertificateAuthorityArn");
  const json only{{"CertificateAuthorityArn", arn}};
  const std::string csr = front.served("GetCertificateAuthorityCsr", only).at("Csr");
  const json own =
      front.served("IssueCertificate", issue_input(arn, csr, "RootCACertificate")).at("CertificateArn");
  const json root =
      front.served("GetCertificate", {{"CertificateAuthorityArn", arn}, {"CertificateArn", own}});
  CHECK_FALSE(root.contains("CertificateChain"));
  const auto imported =
      front.call("ImportCertificateAuthorityCertificate",
                 {{"CertificateAuthorityArn", arn}, {"Certificate", blob(root.at("Certificate"))}});
  CHECK(imported.status == 200);
  CHECK(imported.body.empty());
  CHECK(front.served("GetCertificateAuthorityCertificate", only) == root);

  const json described = front.served("DescribeCertificateAuthority", only).at("CertificateAuthority");
  CHECK(described.at("Status") == "ACTIVE");
  CHECK(described.at("CertificateAuthorityConfiguration") ==
        root_input().at("CertificateAuthorityConfiguration"));
  CHECK(described.at("Serial").get<std::string>().find_first_not_of("0123456789") == std::string::npos);
  CHECK(described.at("NotAfter").is_number_integer());
  CHECK(front.served("ListCertificateAuthorities", json::object())
            .at("CertificateAuthorities")
            .at(0)
            .at("Arn") == arn);
  CHECK(front.served("ListCertificateAuthorities", {{"ResourceOwner", "OTHER_ACCOUNTS"}})
            .at("CertificateAuthorities")
            .empty());

  CHECK(front.error("IssueCertificate", issue_input(arn, csr, "EndEntityCertificate")) ==
        "MalformedCSRException");
  const json leaf =
      front.served("IssueCertificate", issue_input(arn, test::make_csr(), "EndEntityCertificate"))
          .at("CertificateArn");
  const std::string serial = leaf.get<std::string>().substr(leaf.get<std::string>().rfind('/') + 1);
  const json revoke{{"CertificateAuthorityArn", arn},
                    {"CertificateSerial", serial},
                    {"RevocationReason", "KEY_COMPROMISE"}};
  CHECK(front.served("RevokeCertificate", revoke).is_null());
  CHECK(front.error("RevokeCertificate", revoke) == "RequestAlreadyProcessedException");

  CHECK(front.served("UpdateCertificateAuthority", {{"CertificateAuthorityArn", arn}, {"Status", "DISABLED"}})
            .is_null());
  CHECK(front.error("IssueCertificate", issue_input(arn, csr, "EndEntityCertificate")) ==
        "InvalidStateException");
  CHECK(front.error("UpdateCertificateAuthority", only) == "InvalidArgsException");
  CHECK(front.observed.front().operation == "CreateCertificateAuthority");
  CHECK(front.observed.front().principal == "admin");
  CHECK(front.observed.front().error_name.empty());
  CHECK(front.observed.back().error_name == "InvalidArgsException");
}

TEST_CASE("wire: the first gate that fails answers and nothing is thrown", "[acmpca][I16]") {
  Front front;
  const auto name = [&](http::HttpRequest request) {
    const auto response = front.send(request);
    return json::parse(response.body).at("__type").get<std::string>();
  };
  auto request = Front::aws("ListCertificates", "not json");
  CHECK(name(request) == "UnknownOperationException");
  request.headers.clear();
  CHECK(name(request) == "UnknownOperationException");

  request = Front::aws("DescribeCertificateAuthority", "{}");
  request.client_certificate = front.admin;
  request.headers.emplace_back("x-amz-target", "ACMPrivateCA.DeleteCertificateAuthority");
  CHECK(name(request) == "IncompleteSignatureException");

  request = Front::aws("DescribeCertificateAuthority", "not json");
  CHECK(name(request) == "MissingAuthenticationTokenException");
  request.client_certificate = ca::Bytes{9};
  CHECK(name(request) == "UnrecognizedClientException");
  request.client_certificate = front.admin;
  CHECK(name(request) == "SerializationException");
  request.body = "{}";
  CHECK(name(request) == "ValidationException");
  request.headers[1].second = "application/json";
  CHECK(name(request) == "SerializationException");
  CHECK(front.error("DescribeCertificateAuthority",
                    {{"CertificateAuthorityArn", "arn:aws:acm-pca:us-east-1:123456789012:x/y"}}) ==
        "InvalidArnException");
  CHECK(front.error("DescribeCertificateAuthority",
                    {{"CertificateAuthorityArn",
                      "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/"
                      "11111111-2222-4333-8444-555555555555"}}) == "ResourceNotFoundException");
}

TEST_CASE("wire: who is not allowed is told so", "[acmpca][I11]") {
  Front front;
  auto request = Front::aws("CreateCertificateAuthority", root_input().dump());
  request.client_certificate = front.provisioner;
  const auto response = front.send(request);
  CHECK(response.status == 400);
  CHECK(json::parse(response.body).at("__type") == "AccessDeniedException");
  CHECK(front.observed.back().principal == "provisioner");
}

TEST_CASE("wire: pools by operation and the answer of a full one", "[acmpca]") {
  using acmpca::Dispatcher;
  for (const char* name :
       {"IssueCertificate", "CreateCertificateAuthority", "ImportCertificateAuthorityCertificate"}) {
    CHECK(Dispatcher::pool_of(Front::aws(name, "{}")) == http::Pool::issue);
  }
  for (const char* name :
       {"RevokeCertificate", "UpdateCertificateAuthority", "DeleteCertificateAuthority",
        "RestoreCertificateAuthority", "TagCertificateAuthority", "UntagCertificateAuthority", "PutPolicy",
        "DeletePolicy", "CreatePermission", "DeletePermission"}) {
    CHECK(Dispatcher::pool_of(Front::aws(name, "{}")) == http::Pool::change);
  }
  CHECK(Dispatcher::pool_of(Front::aws("GetCertificate", "{}")) == http::Pool::read);
  CHECK(Dispatcher::pool_of(Front::aws("Nonsense", "{}")) == http::Pool::read);
  CHECK(json::parse(Dispatcher::throttled({}).body) ==
        json{{"__type", "ThrottlingException"}, {"message", "Rate exceeded"}});
}

TEST_CASE("wire: who has proved nothing takes no thread from those who wait for the token", "[acmpca][I16]") {
  Front front;
  for (const char* path : {"/", "/provision"}) {
    CAPTURE(path);
    const http::Route& route = *front.router.find("POST", path).route;
    auto request = Front::aws("IssueCertificate", "{}");
    request.path = path;
    CHECK(route.pool(request) == http::Pool::read);
    request.client_certificate = front.admin;
    CHECK(route.pool(request) == http::Pool::issue);
    request.client_certificate.reset();
    request.proved = std::make_shared<const ca::Caller>();
    CHECK(route.pool(request) == http::Pool::issue);
  }
}

TEST_CASE("wire: a body may be as large as its operation needs when a known caller is named",
          "[acmpca][I16]") {
  Front front;
  const auto bound = [&](const std::string& operation, const std::optional<ca::Bytes>& certificate) {
    auto head = Front::aws(operation, "");
    head.client_certificate = certificate;
    return front.router.find("POST", "/").route->body_bound(head);
  };
  CHECK(bound("ImportCertificateAuthorityCertificate", front.admin) >= 4 * (32768 + 2097152) / 3);
  CHECK(bound("ImportCertificateAuthorityCertificate", front.admin) < 3 * 1024 * 1024);
  CHECK(bound("PutPolicy", front.admin) == 128 * 1024);
  CHECK(bound("IssueCertificate", front.admin) == 64 * 1024);
  CHECK(bound("Nonsense", front.admin) == 64 * 1024);
  for (const auto& stranger : {std::optional<ca::Bytes>{}, std::optional{ca::Bytes{9}}}) {
    CHECK(bound("ImportCertificateAuthorityCertificate", stranger) == 64 * 1024);
    CHECK(bound("PutPolicy", stranger) == 64 * 1024);
  }
  CHECK(front.router.find("POST", "/").route->max_body ==
        bound("ImportCertificateAuthorityCertificate", front.admin));
  const auto refused = front.dispatcher.too_large(Front::aws("PutPolicy", ""));
  CHECK(refused.status == 413);
  CHECK(json::parse(refused.body) == json{{"__type", "RequestEntityTooLargeException"},
                                          {"message", "The body is larger than 65536 bytes"}});
}

TEST_CASE("wire: a token that does not come back stops no revocation and no disabling", "[acmpca][I7][I16]") {
  Front front;
  const auto root = front.world.active_root();
  const json arn = root.text();
  const json leaf =
      front.served("IssueCertificate", issue_input(arn, test::make_csr(), "EndEntityCertificate"))
          .at("CertificateArn");
  http::WorkerPool issue{{.name = "issue", .threads = 1, .max_queued = 4}};
  http::WorkerPool change{{.name = "change", .threads = 1, .max_queued = 4}};
  const auto send = [&](const std::string& operation, const json& input) {
    auto request = Front::aws(operation, input.dump());
    request.client_certificate = front.admin;
    auto answer = std::make_shared<std::promise<int>>();
    const bool issues = front.router.find("POST", "/").route->pool(request) == http::Pool::issue;
    REQUIRE((issues ? issue : change).try_post([&front, request, answer] {
      answer->set_value(front.send(request).status);
    }));
    return answer->get_future();
  };
  std::promise<void> hangs;
  std::promise<void> comes_back;
  front.world.signer.after_next_signature([&] {
    hangs.set_value();
    comes_back.get_future().wait();
  });
  auto stuck = send("IssueCertificate", issue_input(arn, test::make_csr(), "EndEntityCertificate"));
  hangs.get_future().wait();
  auto behind = send("IssueCertificate", issue_input(arn, test::make_csr(), "EndEntityCertificate"));

  const std::string serial = leaf.get<std::string>().substr(leaf.get<std::string>().rfind('/') + 1);
  auto revoked = send("RevokeCertificate", {{"CertificateAuthorityArn", arn},
                                            {"CertificateSerial", serial},
                                            {"RevocationReason", "KEY_COMPROMISE"}});
  auto disabled =
      send("UpdateCertificateAuthority", {{"CertificateAuthorityArn", arn}, {"Status", "DISABLED"}});
  const std::chrono::seconds patience{60};
  CHECK(revoked.wait_for(patience) == std::future_status::ready);
  CHECK(disabled.wait_for(patience) == std::future_status::ready);
  CHECK(behind.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
  comes_back.set_value();
  CHECK(revoked.get() == 200);
  CHECK(disabled.get() == 200);
  CHECK(stuck.get() == 200);
  CHECK(behind.get() == 400);  // disabled meanwhile
}

TEST_CASE("provision: errors are problem documents and never an exception", "[provisioning][I16]") {
  Front front;
  http::HttpRequest request;
  request.method = "POST";
  request.path = "/provision";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"({"device_id":"d","csr":"x"})";
  CHECK(front.send(request).status == 401);
  request.client_certificate = front.admin;
  CHECK(front.send(request).status == 404);
  CHECK(front.observed.back().operation == "Provision");
  CHECK(front.observed.back().error_name == "resource_not_found");
  request.body = "{";
  CHECK(front.send(request).status == 400);
  request.method = "GET";
  request.path = "/provision/1cbe485a21fe5f6ab1fc4ab12dc3eb03";
  CHECK(front.send(request).status == 404);
  CHECK(front.router.find("POST", "/provision").route->when_full(request).status == 503);
  CHECK(front.router.find("POST", "/provision").route->when_throttled(request).status == 429);
}

TEST_CASE("provision: a device gets its certificate and the same one when it asks again",
          "[provisioning][I12]") {
  Front front;
  front.world.service->replace_profiles({front.world.profile(front.world.active_root())});
  http::HttpRequest request;
  request.method = "POST";
  request.path = "/provision";
  request.headers = {{"Content-Type", "application/json"}};
  request.client_certificate = front.admin;
  request.body = json{{"device_id", "device-7"}, {"csr", test::make_csr()}}.dump();
  const auto first = front.send(request);
  INFO(first.body);
  REQUIRE(first.status == 200);
  const json issued = json::parse(first.body);
  CHECK(front.send(request).body == first.body);

  http::HttpRequest poll;
  poll.method = "GET";
  const std::string arn = issued.at("certificate_arn");
  poll.path = "/provision/" + arn.substr(arn.rfind('/') + 1);
  poll.client_certificate = front.admin;
  CHECK(front.send(poll).body == first.body);

  request.body = json{{"device_id", "device-8"}, {"csr", test::make_csr()}}.dump();
  CHECK(front.send(request).status == 403);
}

TEST_CASE("provision: while the token is away the device is told where to ask", "[provisioning][I19]") {
  Front front;
  front.world.service->replace_profiles({front.world.profile(front.world.active_root())});
  http::HttpRequest request;
  request.method = "POST";
  request.path = "/provision";
  request.headers = {{"Content-Type", "application/json"}};
  request.client_certificate = front.admin;
  request.body = json{{"device_id", "device-7"}, {"csr", test::make_csr()}}.dump();
  front.world.signer.set_away(true);
  const auto accepted = front.send(request);
  INFO(accepted.body);
  REQUIRE(accepted.status == 202);
  http::HttpRequest poll;
  poll.method = "GET";
  poll.path = "/provision/" + json::parse(accepted.body).at("id").get<std::string>();
  poll.client_certificate = front.admin;
  CHECK(front.send(poll).status == 202);
  front.world.signer.set_away(false);
  CHECK(test::World::eventually([&] { return front.send(poll).status == 200; }));
}

TEST_CASE("status: the certificate of an authority is public and cached by its tag", "[status]") {
  Front front;
  const auto arn = front.world.active_root();
  http::HttpRequest request;
  request.method = "GET";
  request.path = "/ca/" + arn.id + ".cer";
  const auto response = front.send(request);
  REQUIRE(response.status == 200);
  CHECK(response.content_type == "application/pkix-cert");
  CHECK(ca::text_of(*front.world.service->public_certificate({arn.id, 1})) == response.body);
  REQUIRE(response.headers.at(0).first == "ETag");
  request.headers = {{"If-None-Match", response.headers.at(0).second}};
  CHECK(front.send(request).status == 304);
  CHECK(front.send(request).body.empty());
  for (const char* path :
       {"/ca/", "/ca/.cer", "/ca/x.cer", "/ca/../../etc/passwd.cer",
        "/ca/11111111-2222-4333-8444-555555555555.cer", "/ca/11111111-2222-4333-8444-555555555555"}) {
    CAPTURE(path);
    request.path = path;
    const auto missing = front.send(request);
    CHECK(missing.status == 404);
    CHECK(missing.content_type == "application/problem+json");
    CHECK(json::parse(missing.body).at("code") == "resource_not_found");
  }
}

namespace {

http::HttpResponse list(Front& front, const ca::Bytes& who, const std::string& query) {
  http::HttpRequest request;
  request.method = "GET";
  request.path = "/certificates";
  request.query = query;
  request.request_id = "request";
  request.client_certificate = who;
  return front.send(request);
}

}  // namespace

TEST_CASE("certificates: an authority's certificates are listed page by page", "[inventory]") {
  Front front;
  const auto root = front.world.active_root();
  std::vector<std::string> expected;
  for (int i = 0; i < 5; ++i) {
    expected.push_back(
        front.world.service->issue(test::World::caller(), front.world.order(root, test::make_csr()))
            .serial.colon_hex());
  }
  const std::string query =
      "authority=" + root.text() + "&template=EndEntityCertificate&state=ISSUED&limit=2";
  std::vector<std::string> seen;
  for (std::string cursor; seen.size() < 100;) {
    const auto response = list(front, front.admin, query + cursor);
    REQUIRE(response.status == 200);
    const json page = json::parse(response.body);
    for (const json& each : page.at("certificates")) {
      seen.push_back(each.at("serial"));
    }
    if (!page.contains("next_cursor")) {
      break;
    }
    cursor = "&cursor=" + page.at("next_cursor").get<std::string>();
  }
  CHECK(seen == expected);
  CHECK(front.observed.back().operation == "ListCertificates");
  CHECK(list(front, front.admin, "authority=" + root.text() + "&colour=red").status == 400);
  CHECK(list(front, front.admin, "authority=" + root.text() + "&cursor=1").status == 400);
  CHECK(list(front, ca::Bytes{9}, query).status == 401);
}

TEST_CASE("certificates: who is not allowed, or is of another account, sees none", "[inventory][I11][I15]") {
  Front front;
  const auto root = front.world.active_root();
  auto absent = root;
  absent.id = ca::random_uuid();
  const std::size_t refused = front.world.events("request.refused");
  for (const auto& who : {front.provisioner, front.other_admin}) {
    auto there = list(front, who, "authority=" + root.text());
    auto nowhere = list(front, who, "authority=" + absent.text());
    CHECK(there.status == 403);
    CHECK_THAT(there.body, Contains("chancery:ListCertificates"));
    there.body.replace(there.body.find(root.id), root.id.size(), absent.id);
    CHECK(there.body == nowhere.body);
  }
  CHECK(test::World::eventually([&] { return front.world.events("request.refused") == refused + 4; }));
  CHECK(list(front, front.admin, "authority=" + absent.text()).status == 404);
}
