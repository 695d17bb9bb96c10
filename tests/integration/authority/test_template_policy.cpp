#include "ca/base/error.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

using test::World;

namespace {

ca::Principal with(const std::string& name, const std::string& statements) {
  return {name,
          "123456789012",
          "arn:aws:iam::123456789012:user/" + name,
          {ca::PolicyDocument::parse(name + ".json",
                                     R"({"Version":"2012-10-17","Statement":[)" + statements + "]}")}};
}

constexpr const char* kAllowAll = R"({"Effect":"Allow","Action":"*","Resource":"*"})";

std::string deny_when(const std::string& condition) {
  return std::string{kAllowAll} +
         R"(,{"Effect":"Deny","Action":"acm-pca:IssueCertificate","Resource":"*","Condition":{)" + condition +
         "}}";
}

std::string allow_when(const std::string& condition) {
  return R"({"Effect":"Allow","Action":"acm-pca:IssueCertificate","Resource":"*","Condition":{)" + condition +
         "}}";
}

// May do everything but issue certificates of authorities.
ca::Principal everything_but_authorities() {
  return {"admin",
          "123456789012",
          "arn:aws:iam::123456789012:user/admin",
          {ca::PolicyDocument::parse("leaves.json", R"({"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"*","Resource":"*"},
            {"Effect":"Deny","Action":"acm-pca:IssueCertificate","Resource":"*","Condition":{"StringLike":
              {"acm-pca:TemplateArn":"arn:aws:acm-pca:::template/*CACertificate*"}}}]})")}};
}

}  // namespace

TEST_CASE("issue: a deny on a template holds for every spelling of its ARN", "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  world.policy->replace({everything_but_authorities()});
  const int signatures = world.signer.signatures;
  auto order = world.order(root, test::make_csr());
  const auto code_for = [&](const std::string& template_arn) {
    INFO(template_arn);
    order.template_arn = template_arn;
    return World::code_of([&] { (void)world.service->issue(World::caller(), order); });
  };
  CHECK(code_for("arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen3/V1") ==
        ca::Code::access_denied);
  for (const char* partition : {"aws-cn", "aws-us-gov", "x", "aws-"}) {
    CHECK(code_for(std::string{"arn:"} + partition +
                   ":acm-pca:::template/SubordinateCACertificate_PathLen3/V1") == ca::Code::invalid_args);
  }
  CHECK(code_for("arn:aws:acm-pca:us-east-1:123456789012:template/SubordinateCACertificate_PathLen3/V1") ==
        ca::Code::invalid_args);
  CHECK(code_for("arn:AWS:acm-pca:::template/SubordinateCACertificate_PathLen3/V1") ==
        ca::Code::invalid_args);
  CHECK(world.signer.signatures == signatures);
  order.template_arn = "arn:aws:acm-pca:::template/EndEntityCertificate/V1";
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
}

TEST_CASE("issue: a policy sees the names that the certificate would have", "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  const auto allowed = [&](const std::string& tmpl, const std::string& dns, const ca::ApiPassthrough& api) {
    auto order = world.order(root, test::make_csr({.common_name = "device-7", .dns_name = dns}), tmpl);
    order.api = api;
    try {
      (void)world.service->issue(World::caller(), order);
      return true;
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::access_denied);
      return false;
    }
  };
  const ca::ApiPassthrough names{ca::encode_subject({.common_name = "admin"}),
                                 {test::san({test::dns("A.Prod.example"), test::uri("spiffe://prod/x")})}};
  const char* const kBase = "EndEntityCertificate";
  const char* const kPassing = "EndEntityCertificate_APIPassthrough";

  world.policy->replace(
      {with("admin", deny_when(R"("StringLike":{"chancery:SubjectAlternativeNames":"*.prod.example"})"))});
  CHECK(allowed(kBase, "a.test.example", names));  // what a template does not take is in no certificate
  CHECK_FALSE(allowed(kBase, "a.PROD.example", {}));
  CHECK_FALSE(allowed(kPassing, "a.test.example", names));
  CHECK(allowed(kPassing, "a.prod.example", {std::nullopt, {test::san({test::dns("a.test.example")})}}));

  world.policy->replace({with("admin", deny_when(R"("StringEquals":{"chancery:CommonName":"admin"})"))});
  CHECK(allowed(kPassing, "", {}));
  CHECK_FALSE(allowed(kPassing, "", names));

  world.policy->replace(
      {with("admin", allow_when(R"("StringLike":{"chancery:SubjectAlternativeNames":"*.test.example"})"))});
  CHECK(allowed(kPassing, "a.test.example", {}));
  CHECK_FALSE(allowed(kPassing, "a.prod.example", {}));
  CHECK_FALSE(allowed(kPassing, "a.test.example", names));
  CHECK_FALSE(allowed(kPassing, "", {}));
}

TEST_CASE("issue: a policy sees in how many days the certificate would end", "[authority][I10][I11]") {
  World world;
  const auto root = world.active_root();
  world.policy->replace(
      {with("admin", allow_when(R"("NumericLessThanEquals":{"chancery:ValidityDays":"30"})"))});
  const auto code_for = [&](long days) {
    auto order = world.order(root, test::make_csr());
    order.validity.value = days;
    return World::code_of([&] {
      (void)world.service->issue(World::caller(), order);
      throw ca::Error{ca::Code::conflict, "issued"};
    });
  };
  CHECK(code_for(30) == ca::Code::conflict);
  CHECK(code_for(31) == ca::Code::access_denied);
  auto order = world.order(root, test::make_csr());
  order.validity = {
      .value =
          (ca::to_seconds(world.clock.now()).time_since_epoch() + std::chrono::hours{24 * 30 + 1}).count(),
      .type = ca::ValidityRequest::Type::absolute};
  CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) ==
        ca::Code::access_denied);
}

TEST_CASE("provision: a policy sees the names and the validity of the profile", "[provision][I11]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto code_for = [&](const std::string& policy) {
    world.policy->replace({with("admin", policy)});
    ca::ProvisioningOrder order;
    order.device_id = "SN-1";
    order.csr_pem = test::make_csr({.common_name = "SN-1", .dns_name = "SN-1.devices.example"});
    return World::code_of([&] {
      (void)world.service->provision(World::caller(), order);
      throw ca::Error{ca::Code::conflict, "issued"};
    });
  };
  CHECK(code_for(kAllowAll) == ca::Code::conflict);
  CHECK(code_for(deny_when(R"("StringEquals":{"chancery:CommonName":"SN-1"})")) == ca::Code::access_denied);
  CHECK(code_for(deny_when(R"("StringEquals":{"chancery:CommonName":"SN-2"})")) == ca::Code::conflict);
  CHECK(code_for(deny_when(R"("StringLike":{"chancery:SubjectAlternativeNames":"sn-1.*"})")) ==
        ca::Code::access_denied);
  CHECK(code_for(allow_when(R"("NumericLessThanEquals":{"chancery:ValidityDays":"90"})")) ==
        ca::Code::conflict);
  CHECK(code_for(allow_when(R"("NumericLessThan":{"chancery:ValidityDays":"90"})")) ==
        ca::Code::access_denied);
  CHECK(code_for(deny_when(R"("StringEquals":{"chancery:DeviceId":"SN-1"})")) == ca::Code::access_denied);
}

TEST_CASE("issue: who may not ask does not learn what is wrong with a request", "[authority][I15]") {
  World world;
  const auto root = world.active_root();
  world.policy->replace(
      {with("admin", R"({"Effect":"Allow","Action":"acm-pca:GetCertificate","Resource":"*"})")});
  auto order = world.order(root, "no PEM at all");
  CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) ==
        ca::Code::access_denied);
  order.template_arn = "arn:aws:acm-pca:::template/NoSuchCertificate/V1";
  CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) ==
        ca::Code::access_denied);
  world.policy->replace({with("admin", kAllowAll)});
  CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) ==
        ca::Code::invalid_args);
}

TEST_CASE("issue: a wildcard for host names, with the form beside it, lets no URI through",
          "[authority][policy][I11]") {
  World world;
  const auto root = world.active_root();
  world.policy->replace({{"admin",
                          "123456789012",
                          "arn:aws:iam::123456789012:user/admin",
                          {ca::PolicyDocument::parse("hosts.json", R"({"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"acm-pca:IssueCertificate","Resource":"*","Condition":{
              "ForAllValues:StringLike":{"chancery:SubjectAlternativeNames":"*.example"},
              "ForAllValues:StringEquals":{"chancery:SubjectAlternativeNameForms":"dns"},
              "Null":{"chancery:SubjectAlternativeNames":"false"}}}]})")}}});
  const auto issues = [&](std::vector<ca::GeneralName> names) {
    auto order = world.order(root, test::make_csr(), "EndEntityCertificate_APIPassthrough");
    if (!names.empty()) {
      order.api.extensions = {{ca::oid::kSubjectAltName, false, ca::encode_general_names(names)}};
    }
    try {
      (void)world.service->issue(World::caller(), order);
      return true;
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::access_denied);
      return false;
    }
  };
  const auto name = [](ca::GeneralName::Kind kind, const std::string& text) {
    return ca::GeneralName{kind, {text.begin(), text.end()}};
  };
  CHECK(issues({name(ca::GeneralName::Kind::dns, "a.example")}));
  CHECK_FALSE(issues({name(ca::GeneralName::Kind::uri, "spiffe://evil/a.example")}));
  CHECK_FALSE(issues({name(ca::GeneralName::Kind::dns, "a.example"),
                      name(ca::GeneralName::Kind::uri, "spiffe://evil/a.example")}));
  CHECK_FALSE(issues({}));
}
