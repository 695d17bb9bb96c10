#include "ca/base/error.hpp"
#include "ca/policy/policy.hpp"
#include "tests/support/catch.hpp"

using ca::PolicyDocument;
using Why = ca::Decision::Why;

namespace {

constexpr const char* kOwner = "111111111111";
constexpr const char* kGuest = "222222222222";
constexpr const char* kAuthority =
    "arn:aws:acm-pca:us-east-1:111111111111:certificate-authority/11111111-2222-3333-4444-555555555555";
constexpr const char* kAllowAll = R"({"Effect":"Allow","Action":"*","Resource":"*"})";
constexpr const char* kDenyIssue = R"({"Effect":"Deny","Action":"acm-pca:IssueCertificate","Resource":"*"})";

std::string document(const std::string& statements) {
  return R"({"Version":"2012-10-17","Statement":[)" + statements + "]}";
}

std::string shared(const std::string& principal, const std::string& effect = "Allow") {
  return document(R"({"Sid":"1","Effect":")" + effect + R"(","Principal":)" + principal +
                  R"(,"Action":"acm-pca:IssueCertificate","Resource":")" + kAuthority + R"("})");
}

// The user "app" of an account with these statements, and what is decided about one CA of the owner.
struct Case {
  std::string account = kGuest;
  std::string statements = kAllowAll;  // empty: no policy
  std::string resource_policy{};       // empty: none
  std::string session_policy{};
  std::string action = "acm-pca:IssueCertificate";
  bool must_allow = false;  // as a role's trust policy must

  [[nodiscard]] ca::Decision decide() const {
    ca::Principal principal{"app", account, "arn:aws:iam::" + account + ":user/app", {}};
    if (!statements.empty()) {
      principal.policies.push_back(PolicyDocument::parse("identity.json", document(statements)));
    }
    const ca::PolicyEngine engine{{principal}};
    ca::Caller caller;
    caller.account = account;
    caller.principal = "app";
    caller.principal_arn = principal.arn;
    if (!session_policy.empty()) {
      caller.session_arn = "arn:aws:sts::" + account + ":assumed-role/app/s";
      caller.session_policy =
          std::make_shared<const PolicyDocument>(PolicyDocument::parse("session", document(session_policy)));
    }
    std::optional<PolicyDocument> resource;
    if (!resource_policy.empty()) {
      resource = PolicyDocument::parse_resource("resource policy", resource_policy);
    }
    return engine.decide({.caller = caller,
                          .action = action,
                          .resource = kAuthority,
                          .resource_account = kOwner,
                          .resource_policy = resource ? &*resource : nullptr,
                          .resource_policy_must_allow = must_allow});
  }
};

std::string refusal_of(const std::string& json) {
  try {
    (void)PolicyDocument::parse_resource("x", json);
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::invalid_policy);
    return error.what();
  }
  FAIL("the document was accepted");
  return {};
}

}  // namespace

TEST_CASE("resource policy: between accounts both sides must allow", "[policy][I11][I15]") {
  const std::string guest = R"({"AWS":"222222222222"})";
  CHECK(Case{.resource_policy = shared(guest)}.decide().allowed);
  CHECK(Case{.resource_policy = shared(R"({"AWS":"arn:aws:iam::222222222222:root"})")}.decide().allowed);
  CHECK(Case{.resource_policy = shared(R"({"AWS":"arn:aws:iam::222222222222:user/app"})")}.decide().allowed);
  CHECK(Case{.resource_policy = shared(R"("*")")}.decide().allowed);
  CHECK(Case{.resource_policy = ""}.decide().why == Why::not_allowed_by_resource);
  CHECK(Case{.resource_policy = shared(R"({"AWS":"333333333333"})")}.decide().why ==
        Why::not_allowed_by_resource);
  CHECK(Case{.resource_policy = shared(R"({"AWS":"arn:aws:iam::222222222222:user/other"})")}.decide().why ==
        Why::not_allowed_by_resource);
  CHECK(Case{.resource_policy = shared(R"({"Service":"acm.amazonaws.com"})")}.decide().why ==
        Why::not_allowed_by_resource);
  CHECK(Case{.statements = "", .resource_policy = shared(guest)}.decide().why ==
        Why::not_allowed_by_identity);
  CHECK(Case{.resource_policy = shared(guest), .action = "acm-pca:RevokeCertificate"}.decide().why ==
        Why::not_allowed_by_resource);
}

TEST_CASE("resource policy: within the account one side is enough when it names the caller",
          "[policy][I11]") {
  const std::string self = R"({"AWS":"arn:aws:iam::111111111111:user/app"})";
  CHECK(Case{.account = kOwner}.decide().allowed);
  CHECK(Case{.account = kOwner, .statements = "", .resource_policy = shared(self)}.decide().allowed);
  CHECK(Case{.account = kOwner, .statements = "", .resource_policy = shared(R"({"AWS":"111111111111"})")}
            .decide()
            .why == Why::not_allowed_by_identity);
}

TEST_CASE("resource policy: an explicit deny on either side wins", "[policy][I11]") {
  const std::string guest = R"({"AWS":"222222222222"})";
  CHECK(Case{.statements = std::string{kAllowAll} + "," + kDenyIssue, .resource_policy = shared(guest)}
            .decide()
            .why == Why::denied_by_identity);
  CHECK(Case{.account = kOwner, .resource_policy = shared(R"("*")", "Deny")}.decide().why ==
        Why::denied_by_resource);
  const std::string both = document(
      R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},)"
      R"({"Effect":"Deny","Principal":{"AWS":"222222222222"},"Action":"acm-pca:Issue*","Resource":"*"})");
  CHECK(Case{.resource_policy = both}.decide().why == Why::denied_by_resource);
  CHECK(Case{.resource_policy = both, .action = "acm-pca:GetCertificate"}.decide().allowed);
}

TEST_CASE("session policy: a session may do no more than it was cut down to", "[policy][I11]") {
  const Case base{.account = kOwner};
  auto cut = base;
  cut.session_policy = R"({"Effect":"Allow","Action":"acm-pca:Get*","Resource":"*"})";
  CHECK(cut.decide().why == Why::not_allowed_by_session);
  cut.action = "acm-pca:GetCertificate";
  CHECK(cut.decide().allowed);
  cut.statements = "";
  CHECK(cut.decide().why == Why::not_allowed_by_identity);  // and no more than its role
  cut.statements = kAllowAll;
  cut.session_policy += std::string{","} + R"({"Effect":"Deny","Action":"*","Resource":"*"})";
  CHECK(cut.decide().why == Why::denied_by_session);
}

TEST_CASE("resource policy: a document that would not be honoured is refused", "[policy][I11]") {
  CHECK_THAT(refusal_of(document(kAllowAll)), Contains("'Principal' is missing"));
  for (const char* principal : {R"("somebody")", R"({})", R"({"AWS":[]})", R"({"AWS":"22222222222"})",
                                R"({"Federated":"x"})", R"({"AWS":"arn:aws:iam::222222222222:user/*"})",
                                R"({"AWS":"arn:aws:s3:::bucket"})", R"({"CanonicalUser":"x"})", "7"}) {
    CAPTURE(principal);
    CHECK_THAT(refusal_of(shared(principal)), Contains("rincipal"));
  }
  CHECK_NOTHROW(PolicyDocument::parse_resource(
      "x", document(R"({"Sid":"1","Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"acm-pca:Get*",
      "Resource":"*"},{"Sid":"1","Effect":"Allow","Principal":"*","Action":"acm-pca:IssueCertificate",
      "Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}})")));
}

TEST_CASE("resource policy: an organization is nobody's here", "[policy][I15]") {
  const std::string organization = document(R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",
      "Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}})");
  CHECK(Case{.resource_policy = organization}.decide().why == Why::not_allowed_by_resource);
}

TEST_CASE("trust policy: it speaks of its role and of nothing else", "[policy][I11]") {
  CHECK_NOTHROW(PolicyDocument::parse_trust(
      "trust",
      document(R"({"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"})")));
  CHECK_THROWS_AS(
      PolicyDocument::parse_trust(
          "trust",
          document(R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"})")),
      ca::Error);
}

TEST_CASE("policy: an explanation names every statement and why it did not apply", "[policy]") {
  ca::Principal principal{"app", kOwner, "arn:aws:iam::111111111111:user/app", {}};
  principal.policies.push_back(PolicyDocument::parse(
      "provisioning.json",
      document(R"({"Sid":"Leaves","Effect":"Allow","Action":"acm-pca:IssueCertificate","Resource":"*",
               "Condition":{"StringEquals":{"acm-pca:TemplateArn":"arn:aws:acm-pca:::template/EndEntityCertificate/V1"}}},
               {"Sid":"Reads","Effect":"Allow","Action":"acm-pca:Get*","Resource":"*"})")));
  const ca::PolicyEngine engine{{principal}};
  ca::Caller caller;
  caller.account = kOwner;
  caller.principal = "app";
  const auto lines = engine.explain({.caller = caller,
                                     .action = "acm-pca:IssueCertificate",
                                     .resource = kAuthority,
                                     .context = {{"acm-pca:TemplateArn", {"root"}}}});
  CHECK(lines == std::vector<std::string>{
                     "policy provisioning.json, statement Leaves (Allow): its condition does not hold: "
                     "StringEquals on acm-pca:TemplateArn",
                     "policy provisioning.json, statement Reads (Allow): speaks of other actions",
                     "denied: no statement allows it"});
}

TEST_CASE("policy: what a trust policy does not allow is not allowed within the account either",
          "[policy][I11]") {
  CHECK(Case{.account = kOwner}.decide().allowed);
  CHECK(Case{.account = kOwner, .must_allow = true}.decide().why == Why::not_allowed_by_resource);
  const std::string other = shared(R"({"AWS":"222222222222"})");
  CHECK(Case{.account = kOwner, .resource_policy = other, .must_allow = true}.decide().why ==
        Why::not_allowed_by_resource);
  // The account alone is trusted: its own policies must allow too. The caller itself is trusted: they need
  // not.
  const std::string account = shared(R"({"AWS":"111111111111"})");
  CHECK(Case{.account = kOwner, .resource_policy = account, .must_allow = true}.decide().allowed);
  CHECK(Case{.account = kOwner, .statements = "", .resource_policy = account, .must_allow = true}
            .decide()
            .why == Why::not_allowed_by_identity);
  const std::string itself = shared(R"({"AWS":"arn:aws:iam::111111111111:user/app"})");
  CHECK(Case{.account = kOwner, .statements = "", .resource_policy = itself, .must_allow = true}
            .decide()
            .allowed);
}
