
#include "ca/policy/policy.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source.hpp"

namespace {

// What the sample of the tree decides about an authority of the own account.
bool allows(const std::string& sample, const std::string& action) {
  const std::string json = test::source_text("config/policies/" + sample);
  ca::Principal principal{"user", "123456789012", "arn:aws:iam::123456789012:user/user", {}};
  principal.policies = {ca::PolicyDocument::parse(sample, json)};
  const ca::PolicyEngine engine{{principal}};
  ca::Caller caller;
  caller.account = "123456789012";
  caller.principal = "user";
  caller.principal_arn = principal.arn;
  return engine
      .decide({.caller = caller,
               .action = action,
               .resource = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/"
                           "11111111-2222-4333-8444-555555555555"})
      .allowed;
}

}  // namespace

TEST_CASE("samples: an authority's keys are the administrator's, and the auditor sees them",
          "[policy][I11]") {
  for (const char* action : {"chancery:ListAuthorityKeys", "chancery:PrepareAuthorityKey",
                             "chancery:ActivateAuthorityKey", "chancery:DiscardAuthorityKey"}) {
    CAPTURE(action);
    CHECK(allows("administrator.json", action));
    CHECK(allows("auditor.json", action) == (std::string_view{action} == "chancery:ListAuthorityKeys"));
    CHECK_FALSE(allows("provisioning.json", action));
    CHECK_FALSE(allows("spire.json", action));
  }
}

TEST_CASE("samples: who lists certificates, who revokes, and who does neither", "[policy][I11]") {
  CHECK(allows("administrator.json", "chancery:ListCertificates"));
  CHECK(allows("administrator.json", "acm-pca:RevokeCertificate"));
  CHECK(allows("auditor.json", "chancery:ListCertificates"));
  CHECK_FALSE(allows("auditor.json", "acm-pca:RevokeCertificate"));
  for (const char* sample : {"provisioning.json", "spire.json"}) {
    CAPTURE(sample);
    CHECK_FALSE(allows(sample, "chancery:ListCertificates"));
    CHECK_FALSE(allows(sample, "acm-pca:RevokeCertificate"));
  }
}
