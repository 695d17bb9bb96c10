#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using test::World;

namespace {

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
