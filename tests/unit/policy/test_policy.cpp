#include <random>
#include <set>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/policy/actions.hpp"
#include "ca/policy/policy.hpp"
#include "ca/templates/template.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source.hpp"

using ca::PolicyDocument;

namespace {

constexpr const char* kAccount = "123456789012";
constexpr const char* kAuthority =
    "arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555";

ca::Caller caller_named(const std::string& name) {
  ca::Caller caller;
  caller.account = kAccount;
  caller.principal = name;
  caller.principal_arn = "arn:aws:iam::123456789012:user/" + name;
  caller.source_ip = "192.0.2.7";
  return caller;
}

std::string template_arn(const std::string& name) { return "arn:aws:acm-pca:::template/" + name + "/V1"; }

std::string document(const std::string& statements) {
  return R"({"Version":"2012-10-17","Statement":[)" + statements + "]}";
}

// One statement with this condition block.
std::string conditional(const std::string& effect, const std::string& condition) {
  return R"({"Sid":"S","Effect":")" + effect + R"(","Action":"*","Resource":"*","Condition":)" + condition +
         "}";
}

ca::Principal principal_with(const std::vector<std::string>& documents, const std::string& name = "user") {
  ca::Principal principal{name, kAccount, "arn:aws:iam::123456789012:user/" + name, {}};
  int number = 0;
  for (const std::string& text : documents) {
    principal.policies.push_back(PolicyDocument::parse("p" + std::to_string(++number) + ".json", text));
  }
  return principal;
}

using Context = std::map<std::string, std::vector<std::string>>;

ca::Decision decide(const std::vector<std::string>& documents, const std::string& action,
                    const std::string& resource = kAuthority, const Context& context = {}) {
  const ca::PolicyEngine engine{{principal_with(documents)}};
  const ca::Caller caller = caller_named("user");
  return engine.decide({caller, action, resource, context});
}

bool holds(const std::string& condition, const Context& context, const std::string& effect = "Allow") {
  if (effect == "Allow") {
    return decide({document(conditional("Allow", condition))}, "acm-pca:X", kAuthority, context).allowed;
  }
  const std::string all = R"({"Effect":"Allow","Action":"*","Resource":"*"},)";
  return !decide({document(all + conditional("Deny", condition))}, "acm-pca:X", kAuthority, context).allowed;
}

std::string refusal_of(const std::string& json) {
  try {
    (void)PolicyDocument::parse("x.json", json);
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::invalid_policy);
    return error.what();
  }
  FAIL("the document was accepted");
  return {};
}

std::string sample(const std::string& name) { return test::source_text("config/policies/" + name); }

}  // namespace

TEST_CASE("policy: what no statement allows is denied", "[policy][I11]") {
  CHECK(decide({}, "acm-pca:IssueCertificate").reason == "no statement allows it");
  const std::string get = R"({"Sid":"Read","Effect":"Allow","Action":"acm-pca:Get*","Resource":"*"})";
  CHECK_FALSE(decide({document(get)}, "acm-pca:IssueCertificate").allowed);
  const ca::Decision allowed = decide({document(get)}, "acm-pca:GetCertificate");
  CHECK(allowed.allowed);
  CHECK(allowed.reason == "policy p1.json, statement Read");
}

TEST_CASE("policy: a caller that is no principal is denied", "[policy][I11]") {
  const std::string all = document(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  const ca::PolicyEngine engine{{principal_with({all})}};
  ca::Caller caller = caller_named("somebody");
  CHECK_FALSE(engine.decide({caller, "acm-pca:X", "*", {}}).allowed);
  caller = caller_named("user");
  CHECK(engine.decide({caller, "acm-pca:X", "*", {}}).allowed);
  caller.account = "999999999999";
  CHECK_FALSE(engine.decide({caller, "acm-pca:X", "*", {}}).allowed);
}

TEST_CASE("policy: an explicit deny wins wherever it stands", "[policy][I11]") {
  const std::string allow = document(R"({"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"})");
  const std::string deny = document(R"({"Effect":"Deny","Action":"acm-pca:Issue*","Resource":"*"})");
  for (const auto& documents : {std::vector{allow, deny}, std::vector{deny, allow}}) {
    const ca::Decision decision = decide(documents, "acm-pca:IssueCertificate");
    CHECK_FALSE(decision.allowed);
    CHECK_THAT(decision.reason, Contains("statement 1"));
    CHECK(decide(documents, "acm-pca:GetCertificate").allowed);
  }
}

TEST_CASE("policy: actions match without case and resources with case", "[policy]") {
  const auto allows = [](const std::string& action, const std::string& resource, const std::string& asked) {
    return decide({document(R"({"Effect":"Allow","Action":")" + action + R"(","Resource":")" + resource +
                            "\"}")},
                  asked)
        .allowed;
  };
  CHECK(allows("acm-pca:*", "*", "acm-pca:IssueCertificate"));
  CHECK(allows("ACM-PCA:issuecertificate", "*", "acm-pca:IssueCertificate"));
  CHECK(allows("acm-pca:Issue?ertificate", "*", "acm-pca:IssueCertificate"));
  CHECK_FALSE(allows("acm-pca:*Authority", "*", "acm-pca:IssueCertificate"));
  CHECK_FALSE(allows("acm-pca:Get*", "*", "acm-pca:IssueCertificate"));
  CHECK(allows("*", kAuthority, "acm-pca:X"));
  CHECK(allows("*", "arn:aws:acm-pca:*:123456789012:certificate-authority/*", "acm-pca:X"));
  CHECK_FALSE(allows("*", "arn:aws:acm-pca:*:999999999999:*", "acm-pca:X"));
  CHECK_FALSE(allows("*", "arn:aws:ACM-PCA:*", "acm-pca:X"));
  // A request for all resources is not one for those of an account.
  CHECK_FALSE(
      decide({document(R"({"Effect":"Allow","Action":"*","Resource":"arn:*"})")}, "acm-pca:X", "*").allowed);
}

TEST_CASE("policy: conditions decide as in IAM", "[policy][I11]") {
  const std::string key = "sts:ExternalId";
  const Context leaf = {{key, {"leaf"}}};
  const Context sub = {{key, {"sub"}}};
  const auto block = [&key](const std::string& op, const std::string& value) {
    return "{\"" + op + "\":{\"" + key + "\":" + value + "}}";
  };
  struct Row {
    std::string op, value;
    bool leaf, sub, absent;
  };
  const std::vector<Row> rows = {
      {"StringEquals", R"("leaf")", true, false, false},
      {"StringEquals", R"(["x","leaf"])", true, false, false},
      {"StringEquals", R"("l*")", false, false, false},
      {"StringEquals", R"("LEAF")", false, false, false},
      {"StringNotEquals", R"("leaf")", false, true, true},
      {"StringNotEquals", R"(["leaf","sub"])", false, false, true},
      {"StringLike", R"("l??f")", true, false, false},
      {"StringLike", R"(["s*","x"])", false, true, false},
      {"StringNotLike", R"("s*")", true, false, true},
      {"StringEqualsIfExists", R"("leaf")", true, false, true},
      {"StringLikeIfExists", R"("s*")", false, true, true},
      {"StringNotEqualsIfExists", R"("leaf")", false, true, true},
      {"StringNotLikeIfExists", R"("l*")", false, true, true},
  };
  for (const char* effect : {"Allow", "Deny"}) {
    for (const Row& row : rows) {
      INFO(effect << ' ' << row.op << ' ' << row.value);
      CHECK(holds(block(row.op, row.value), leaf, effect) == row.leaf);
      CHECK(holds(block(row.op, row.value), sub, effect) == row.sub);
      CHECK(holds(block(row.op, row.value), {}, effect) == row.absent);
    }
  }
}

TEST_CASE("policy: all conditions of a statement must hold", "[policy][I11]") {
  const std::string both =
      R"({"StringEquals":{"sts:ExternalId":"leaf","aws:SourceIp":"192.0.2.7"},"StringLike":{"chancery:DeviceId":"t-*"}})";
  CHECK(holds(both, {{"sts:ExternalId", {"leaf"}}, {"chancery:DeviceId", {"t-7"}}}));
  CHECK_FALSE(holds(both, {{"sts:ExternalId", {"leaf"}}, {"chancery:DeviceId", {"x-7"}}}));
  CHECK_FALSE(holds(both, {{"sts:ExternalId", {"sub"}}, {"chancery:DeviceId", {"t-7"}}}));
  CHECK_FALSE(holds(both, {{"sts:ExternalId", {"leaf"}}}));
}

TEST_CASE("policy: several values must all be granted and one is enough to be refused", "[policy][I11]") {
  const std::string condition = R"({"StringEquals":{"chancery:DeviceId":"mine"}})";
  const Context mixed = {{"chancery:DeviceId", {"mine", "yours"}}};
  CHECK_FALSE(holds(condition, mixed, "Allow"));
  CHECK(holds(condition, mixed, "Deny"));
}

TEST_CASE("policy: who the caller is comes from the caller alone", "[policy][I11]") {
  const std::string arn = R"({"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/user"}})";
  CHECK(holds(arn, {}));
  CHECK(holds(arn, {{"aws:PrincipalArn", {"other"}}}));
  const std::string account = R"({"StringEquals":{"AWS:principalaccount":"999999999999"}})";
  CHECK_FALSE(holds(account, {{"aws:PrincipalAccount", {"999999999999"}}}));
}

TEST_CASE("policy: a refusal speaks as AWS does", "[policy]") {
  const std::string deny = document(R"({"Effect":"Deny","Action":"*","Resource":"*"})");
  const ca::PolicyEngine engine{{principal_with({}, "nothing"), principal_with({deny}, "denied")}};
  const auto text = [&engine](const std::string& name) -> std::string {
    const ca::Caller caller = caller_named(name);
    try {
      engine.require({caller, "acm-pca:IssueCertificate", "arn:x", {}});
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::access_denied);
      return error.what();
    }
    return "allowed";
  };
  CHECK(text("nothing") ==
        "User: arn:aws:iam::123456789012:user/nothing is not authorized to perform: acm-pca:IssueCertificate "
        "on "
        "resource: arn:x because no identity-based policy allows the acm-pca:IssueCertificate action");
  CHECK(
      text("denied") ==
      "User: arn:aws:iam::123456789012:user/denied is not authorized to perform: acm-pca:IssueCertificate on "
      "resource: arn:x with an explicit deny in an identity-based policy: policy p1.json, statement 1");
}

TEST_CASE("policy: replaced principals decide at once and two of one name are refused", "[policy][I11]") {
  const std::string all = document(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  ca::PolicyEngine engine{{principal_with({all})}};
  const ca::Caller caller = caller_named("user");
  const ca::AuthorizationRequest request{caller, "acm-pca:X", "*", {}};
  CHECK(engine.decide(request).allowed);
  CHECK_NOTHROW(engine.require(request));
  CHECK_THROWS_AS(engine.replace({principal_with({}), principal_with({})}), ca::Error);
  CHECK(engine.decide(request).allowed);
  engine.replace({principal_with({})});
  CHECK_FALSE(engine.decide(request).allowed);
}

TEST_CASE("policy: a document that would not be honoured is refused with its place", "[policy][I11]") {
  const auto statement = [](const std::string& extra) {
    return document(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"Two","Effect":"Deny")" + extra +
                    "}");
  };
  const std::string rest = R"(,"Action":"*","Resource":"*")";
  struct Row {
    std::string json, text;
  };
  const std::vector<Row> rows = {
      {statement(rest + R"(,"Conditions":{})"),
       "policy x.json, statement 2 (Two): unknown element 'Conditions'"},
      {statement(rest + R"(,"Principal":"*")"), "'Principal' belongs to resource policies"},
      {statement(rest + R"(,"NotPrincipal":"*")"), "'NotPrincipal' is not supported"},
      {statement(rest + R"(,"NotAction":"*")"), "'Action' and 'NotAction' stand beside each other"},
      {statement(rest + R"(,"NotResource":"*")"), "'Resource' and 'NotResource' stand beside each other"},
      {statement(R"(,"NotAction":"s3:*","Resource":"*")"), "action 's3:*' matches no operation"},
      {statement(rest + R"(,"Condition":{"BinaryEquals":{"aws:SourceIp":"x"}})"),
       "unknown condition operator 'BinaryEquals'"},
      {statement(rest + R"(,"Condition":{"IfExists":{"aws:SourceIp":"x"}})"),
       "unknown condition operator 'IfExists'"},
      {statement(rest + R"(,"Condition":{"NullIfExists":{"aws:SourceIp":"true"}})"),
       "unknown condition operator 'NullIfExists'"},
      {statement(rest + R"(,"Condition":{"ForSomeValues:StringEquals":{"aws:SourceIp":"x"}})"),
       "unknown condition operator"},
      {statement(rest + R"(,"Condition":{"Bool":{"aws:SourceIp":"true"}})"),
       "the operator of Bool on aws:SourceIp says nothing about such a key"},
      {statement(rest + R"(,"Condition":{"NumericEquals":{"acm-pca:TemplateArn":7}})"),
       "says nothing about such a key"},
      {statement(rest + R"(,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}})"),
       "has not the operator's form"},
      {statement(rest + R"(,"Condition":{"NumericLessThan":{"chancery:ValidityDays":"many"}})"),
       "has not the operator's form"},
      {statement(rest + R"(,"Condition":{"DateLessThan":{"aws:CurrentTime":"2026-02-30T00:00:00Z"}})"),
       "has not the operator's form"},
      {statement(rest + R"(,"Condition":{"Null":{"aws:SourceIp":"maybe"}})"), "has not the operator's form"},
      {statement(rest + R"(,"Condition":{"ArnLike":{"acm-pca:TemplateArn":"*"}})"),
       "has not the operator's form"},
      {statement(rest + R"(,"Condition":{"StringEquals":{"aws:ResourceTag/":"x"}})"),
       "unknown condition key 'aws:ResourceTag/'"},
      {statement(rest + R"(,"Condition":{"StringEquals":{"aws:UserAgent":"x"}})"),
       "unknown condition key 'aws:UserAgent'"},
      {statement(rest + R"(,"Condition":{"StringEquals":{"aws:SourceIp":{}}})"),
       "the value of aws:SourceIp must be a string"},
      {statement(rest + R"(,"Condition":{"StringEquals":{"aws:SourceIp":[]}})"),
       "the value of aws:SourceIp is an empty list"},
      {statement(rest + R"(,"Condition":{"StringEquals":{"aws:SourceIp":"${aws:SourceIp}"}})"),
       "policy variable"},
      {statement(rest + R"(,"Condition":{"StringEquals":{}})"), "at least one condition key"},
      {statement(rest + R"(,"Condition":{"StringEquals":"x"})"), "at least one condition key"},
      {statement(rest + R"(,"Condition":[])"), "at least one operator"},
      {statement(R"(,"Resource":"*")"), "'Action' is missing"},
      {statement(R"(,"Action":"*")"), "'Resource' is missing"},
      {statement(R"(,"Action":[],"Resource":"*")"), "'Action' is an empty list"},
      {statement(R"(,"Action":["*",1],"Resource":"*")"), "'Action' must be a string"},
      {statement(R"(,"Action":"acmpca:Issue*","Resource":"*")"), "action 'acmpca:Issue*' matches no"},
      {statement(R"(,"Action":"acm-pca:","Resource":"*")"), "action 'acm-pca:' matches no"},
      {statement(R"(,"Action":"","Resource":"*")"), "action '' matches no"},
      {statement(R"(,"Action":"s3:GetObject","Resource":"*")"), "action 's3:GetObject' matches no"},
      {statement(R"(,"Action":"acm-pca:IsueCertificate","Resource":"*")"),
       "statement 2 (Two): action 'acm-pca:IsueCertificate' matches no operation"},
      {statement(R"(,"Action":["acm-pca:GetCertificate","acm-pca:issueCertificates"],"Resource":"*")"),
       "action 'acm-pca:issueCertificates' matches no"},
      {statement(R"(,"Action":"acm-pca:Isue*","Resource":"*")"), "action 'acm-pca:Isue*' matches no"},
      {statement(R"(,"Action":"chancery:Read*","Resource":"*")"), "action 'chancery:Read*' matches no"},
      {statement(R"(,"Action":"*","Resource":"certificate-authority/1")"),
       "resource 'certificate-authority/1' must be"},
      {statement(rest + R"(,"Effect":"Allow")"), "element 'Effect' is repeated"},
      {document(R"({"Effect":"deny","Action":"*","Resource":"*"})"),
       "statement 1: 'Effect' must be 'Allow' or 'Deny'"},
      {document(R"({"Action":"*","Resource":"*"})"), "'Effect' is missing"},
      {document(R"({"Sid":"a b","Effect":"Deny","Action":"*","Resource":"*"})"), "'Sid' must be"},
      {document(R"("x")"), "a statement must be an object"},
      {document(""), "'Statement' must be a statement or a list of at least one"},
      {R"({"Version":"2008-10-17","Statement":[]})", "policy x.json: 'Version' must be '2012-10-17'"},
      {R"({"Statement":[]})", "'Version' is missing"},
      {R"({"Version":"2012-10-17"})", "'Statement' is missing"},
      {R"({"Version":"2012-10-17","Statement":[],"Extra":1})", "unknown element 'Extra'"},
      {"[]", "a policy must be a JSON object"},
      {"", "not JSON, at byte"},
      {"{}x", "not JSON, at byte"},
      {"{\"a\":\"\xff\"}", "not JSON, at byte"},
      {R"({"Version":1e999})", "not JSON"},
      {std::string(20, '['), "nested deeper"},
      {std::string(128 * 1024 + 1, ' '), "larger than 128 KiB"},
  };
  for (const Row& row : rows) {
    INFO(row.json.substr(0, 300));
    CHECK_THAT(refusal_of(row.json), Contains(row.text));
  }
  const std::string twice = R"({"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"})";
  CHECK_THAT(refusal_of(document(twice + "," + twice)), Contains("two statements have the Sid 'A'"));
}

TEST_CASE("policy: each operation of the API is an action and nothing else is", "[policy][I11]") {
  const std::set<std::string_view> actions(ca::all_actions().begin(), ca::all_actions().end());
  CHECK(actions.size() == 30);
  CHECK(ca::all_actions().size() == 30);
  for (const std::string_view action : actions) {
    INFO(action);
    CHECK((action.starts_with("acm-pca:") || action.starts_with("sts:") ||
           action == "chancery:ListCertificates" || action.ends_with("AuthorityKey") ||
           action == "chancery:ListAuthorityKeys"));
    for (const std::string& pattern : {std::string{action}, ca::ascii_lower(action)}) {
      const std::string json = R"({"Effect":"Allow","Action":")" + pattern + R"(","Resource":"*"})";
      CHECK(decide({document(json)}, std::string{action}, "*").allowed);
    }
    const std::string more =
        R"({"Effect":"Allow","Action":")" + std::string{action} + R"(x","Resource":"*"})";
    CHECK_THAT(refusal_of(document(more)), Contains("matches no operation"));
  }
}

TEST_CASE("policy: a template that does not exist is refused, whatever the operator", "[policy][I11]") {
  const auto read = [](const std::string& op, const std::string& value) {
    return PolicyDocument::parse(
        "x.json", document(R"({"Effect":"Deny","Action":"*","Resource":"*","Condition":{")" + op +
                           R"(":{"ACM-PCA:TemplateArn":[")" + template_arn("RootCACertificate") + "\",\"" +
                           value + R"("]}}})"));
  };
  const std::string arn = "arn:aws:acm-pca:::template/";
  for (const char* op :
       {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLikeIfExists",
        "ArnEquals", "ArnNotEquals", "ArnLike", "ForAllValues:ArnNotLike"}) {
    INFO(op);
    for (const std::string& value :
         {arn + "EndEntytyCertificate/V1", arn + "EndEntityCertificate/V2", arn + "EndEntityCertificate",
          std::string{"arn:aws:acm-pca:us-east-1::template/EndEntityCertificate/V1"},
          arn + "*Subbordinate*/V1"}) {
      INFO(value);
      CHECK_THROWS_WITH(read(op, value), Contains("matches no certificate template") &&
                                             Contains("policy x.json, statement 1"));
    }
    CHECK_NOTHROW(read(op, arn + "EndEntityCertificate/V1"));
    CHECK_NOTHROW(read(op, "arn:aws-iso:acm-pca:::template/BlankRootCACertificate_APIPassthrough/V1"));
  }
  // Only Like and the ARN operators read patterns.
  for (const std::string& pattern : {arn + "*CACertificate*", std::string{"arn:*:*:*:*:*"},
                                     std::string{"arn:aws-*:acm-pca:::template/EndEntity?ertificate/V1"}}) {
    INFO(pattern);
    for (const char* op : {"StringLike", "StringNotLike", "ArnLike", "ArnNotEquals"}) {
      CHECK_NOTHROW(read(op, pattern));
    }
    CHECK_THROWS_WITH(read("StringEquals", pattern), Contains("matches no certificate template"));
  }
  CHECK_THROWS_WITH(read("StringEquals", ""), Contains("matches no certificate template"));
}

TEST_CASE("policy: a single statement and lists and an id are read", "[policy]") {
  const PolicyDocument policy = PolicyDocument::parse(
      "x.json",
      R"({"Version":"2012-10-17","Id":"any","Statement":{"Effect":"Allow","Action":["acm-pca:GetCertificate","acm-pca:Issue*"],
      "Resource":["arn:a","arn:b"],"Condition":{"StringLikeIfExists":{"acm-pca:templatearn":["*/V1","*EndEntity*"]}}}})");
  CHECK(policy.name() == "x.json");
  REQUIRE(policy.statements().size() == 1);
  const PolicyDocument::Statement& statement = policy.statements().front();
  CHECK(statement.allow);
  CHECK(statement.actions == std::vector<std::string>{"acm-pca:GetCertificate", "acm-pca:Issue*"});
  CHECK(statement.resources == std::vector<std::string>{"arn:a", "arn:b"});
  REQUIRE(statement.conditions.size() == 1);
  CHECK(statement.conditions[0].text() == "StringLikeIfExists on acm-pca:TemplateArn");
  CHECK(statement.conditions[0].values == std::vector<std::string>{"*/V1", "*EndEntity*"});
}

namespace {

// Random statements over a small world, so that they often meet.
class StatementMaker {
 public:
  std::string statement(const std::string& effect) {
    std::string text =
        R"({"Effect":")" + effect + "\",\"" + pick({"Action", "Action", "Action", "NotAction"}) + "\":\"" +
        pick({"*", "acm-pca:*", "acm-pca:Issue*", "acm-pca:Get*", "acm-pca:?et*", "acm-pca:Revoke*"}) +
        R"(","Resource":")" + pick({"*", "arn:a", "arn:*", "arn:?"}) + '"';
    if (next(2) == 0) {
      text += R"(,"Condition":{")" + pick({"", "", "ForAllValues:", "ForAnyValue:"}) +
              pick({"StringEquals", "StringNotEquals", "StringLike", "StringNotLike"}) +
              pick({"", "IfExists"}) + R"(":{")" + pick({"sts:ExternalId", "chancery:DeviceId"}) + R"(":")" +
              pick({"a", "b", "?", "*"}) + R"("}})";
    }
    return text + "}";
  }
  std::string pick(const std::vector<std::string>& from) { return from[next(from.size())]; }
  std::size_t next(std::size_t below) { return random_() % below; }

 private:
  std::mt19937 random_{20261124};
};

std::string joined(const std::vector<std::string>& statements) {
  std::string text;
  for (const std::string& statement : statements) {
    text += (text.empty() ? "" : ",") + statement;
  }
  return document(text);
}

}  // namespace

TEST_CASE("policy: one Deny more never allows more and one Allow more never allows less", "[policy][I11]") {
  StatementMaker make;
  int changed_by_deny = 0;
  int changed_by_allow = 0;
  for (int round = 0; round < 1500; ++round) {
    std::vector<std::string> statements;
    for (std::size_t i = 0, count = 1 + make.next(4); i < count; ++i) {
      statements.push_back(make.statement(make.next(4) == 0 ? "Deny" : "Allow"));
    }
    std::vector<std::string> denying = statements;
    const auto at = static_cast<std::ptrdiff_t>(make.next(statements.size() + 1));
    denying.insert(denying.begin() + at, make.statement("Deny"));
    std::vector<std::string> allowing = statements;
    allowing.insert(allowing.begin() + at, make.statement("Allow"));

    const std::string action =
        make.pick({"acm-pca:IssueCertificate", "acm-pca:GetCertificate", "acm-pca:RevokeCertificate"});
    const std::string resource = make.pick({"arn:a", "arn:b", "*"});
    Context context;
    if (make.next(3) > 0) {
      context["sts:ExternalId"] = {make.pick({"a", "b", "cc"})};
    }
    if (make.next(3) > 0) {
      context["chancery:DeviceId"] = {make.pick({"a", "b"}), make.pick({"a", "cc"})};
    }
    const bool before = decide({joined(statements)}, action, resource, context).allowed;
    const bool with_deny = decide({joined(denying)}, action, resource, context).allowed;
    const bool with_allow = decide({joined(allowing)}, action, resource, context).allowed;
    INFO(joined(denying) << ' ' << action << ' ' << resource);
    CHECK((before || !with_deny));
    // An Allow more may not overrule a Deny, but takes nothing away.
    CHECK((with_allow || !before));
    changed_by_deny += before != with_deny ? 1 : 0;
    changed_by_allow += before != with_allow ? 1 : 0;
  }
  // The world is small enough that the property was really put to the test.
  CHECK(changed_by_deny > 50);
  CHECK(changed_by_allow > 50);
}

TEST_CASE("policy: the samples are read and the provisioning sample grants leaf templates only",
          "[policy][I11]") {
  for (const char* name : {"administrator.json", "auditor.json", "provisioning.json", "spire.json"}) {
    CHECK_NOTHROW(PolicyDocument::parse(name, sample(name)));
  }
  const auto issues = [](const std::string& policy, const std::string& name) {
    return decide({sample(policy)}, "acm-pca:IssueCertificate", kAuthority,
                  {{"acm-pca:TemplateArn", {template_arn(name)}}})
        .allowed;
  };
  CHECK(issues("provisioning.json", "EndEntityCertificate"));
  CHECK(issues("provisioning.json", "EndEntityClientAuthCertificate"));
  int authorities = 0;
  for (const ca::Template& tmpl : ca::all_templates()) {
    const std::string name{tmpl.name};
    INFO(name);
    authorities += tmpl.is_ca ? 1 : 0;
    if (tmpl.is_ca || tmpl.csr_passthrough) {
      CHECK_FALSE(issues("provisioning.json", name));
    }
    CHECK(issues("spire.json", name) == (name == "SubordinateCACertificate_PathLen0"));
  }
  CHECK(authorities == 35);  // rows 27 to 61 of the table
  CHECK_FALSE(decide({sample("provisioning.json")}, "acm-pca:IssueCertificate").allowed);
  CHECK_FALSE(issues("auditor.json", "EndEntityCertificate"));
  CHECK(decide({sample("auditor.json")}, "acm-pca:ListCertificateAuthorities", "*").allowed);
}
