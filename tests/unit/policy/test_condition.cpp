#include "ca/policy/condition.hpp"
#include "tests/support/catch.hpp"

namespace {

using Values = std::vector<std::string>;

// Whether the operator holds for one Allow statement.
bool holds(const std::string& op, const std::string& key, const Values& policy, const Values& request) {
  auto condition = ca::parse_operator(op);
  REQUIRE(condition);
  condition->key = ca::find_condition_key(key).value();
  REQUIRE(ca::fits(condition->comparison, condition->key.type));
  condition->values = policy;
  for (const std::string& value : policy) {
    REQUIRE(ca::is_value_of(condition->comparison, value));
  }
  return ca::holds(*condition, true, request);
}

constexpr const char* kDays = "chancery:ValidityDays";
constexpr const char* kNames = "chancery:SubjectAlternativeNames";
constexpr const char* kTime = "aws:CurrentTime";
constexpr const char* kIp = "aws:SourceIp";
constexpr const char* kArn = "aws:PrincipalArn";

}  // namespace

TEST_CASE("condition: numbers are compared as numbers", "[policy][I11]") {
  struct Row {
    const char* op;
    bool below, equal, above, absent;
  };
  const Row rows[] = {{"NumericEquals", false, true, false, false},
                      {"NumericNotEquals", true, false, true, true},
                      {"NumericLessThan", true, false, false, false},
                      {"NumericLessThanEquals", true, true, false, false},
                      {"NumericGreaterThan", false, false, true, false},
                      {"NumericGreaterThanEquals", false, true, true, false},
                      {"NumericLessThanEqualsIfExists", true, true, false, true}};
  for (const Row& row : rows) {
    INFO(row.op);
    CHECK(holds(row.op, kDays, {"90"}, {"9"}) == row.below);
    CHECK(holds(row.op, kDays, {"90"}, {"90.0"}) == row.equal);
    CHECK(holds(row.op, kDays, {"90"}, {"365"}) == row.above);
    CHECK(holds(row.op, kDays, {"90"}, {}) == row.absent);
  }
}

TEST_CASE("condition: dates are instants in both forms", "[policy][I11]") {
  const Values now{"2026-11-24T12:00:00Z"};
  CHECK(holds("DateLessThan", kTime, {"2026-11-24T12:00:01Z"}, now));
  CHECK_FALSE(holds("DateLessThan", kTime, {"2026-11-24T12:00:00Z"}, now));
  CHECK(holds("DateLessThanEquals", kTime, {"1795521600"}, now));
  CHECK(holds("DateEquals", kTime, {"1795521600"}, now));
  CHECK(holds("DateGreaterThan", kTime, {"2026-11-24"}, now));
  CHECK(holds("DateGreaterThanEquals", kTime, {"2026-11-24T12:00:00Z"}, now));
  CHECK(holds("DateNotEquals", kTime, {"2026-11-25"}, now));
  for (const char* wrong : {"", "2026-11-24T12:00:00", "2026-13-01", "2026-02-30", "2026-11-24T24:00:00Z",
                            "x", "2026-11-24T12:60:00Z", "2026/11/24", "-026-11-24"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ca::parse_date(wrong));
  }
}

TEST_CASE("condition: addresses lie inside their network and in no other family", "[policy][I11]") {
  CHECK(holds("IpAddress", kIp, {"192.0.2.0/24"}, {"192.0.2.7"}));
  CHECK_FALSE(holds("IpAddress", kIp, {"192.0.2.0/24"}, {"192.0.3.7"}));
  CHECK(holds("IpAddress", kIp, {"192.0.2.6/31"}, {"192.0.2.7"}));
  CHECK_FALSE(holds("IpAddress", kIp, {"192.0.2.6"}, {"192.0.2.7"}));
  CHECK(holds("IpAddress", kIp, {"10.0.0.0/8", "2001:db8::/32"}, {"2001:db8:1::7"}));
  CHECK_FALSE(holds("IpAddress", kIp, {"2001:db8::/32"}, {"2001:db9::7"}));
  CHECK(holds("IpAddress", kIp, {"0.0.0.0/0"}, {"203.0.113.1"}));
  CHECK_FALSE(holds("IpAddress", kIp, {"0.0.0.0/0"}, {"2001:db8::1"}));
  CHECK(holds("NotIpAddress", kIp, {"192.0.2.0/24"}, {"192.0.3.7"}));
  CHECK_FALSE(holds("NotIpAddress", kIp, {"192.0.2.0/24"}, {"192.0.2.7"}));
  CHECK(holds("NotIpAddress", kIp, {"192.0.2.0/24"}, {}));
  for (const char* wrong :
       {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "2001:db8::/129", "host"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ca::IpNetwork::parse(wrong));
  }
}

TEST_CASE("condition: the parts of an ARN are matched one by one", "[policy][I11]") {
  const Values user{"arn:aws:iam::123456789012:user/team/device"};
  CHECK(holds("ArnLike", kArn, {"arn:aws:iam::*:user/team/*"}, user));
  CHECK(holds("ArnEquals", kArn, {"arn:aws:iam::123456789012:user/*"}, user));
  CHECK_FALSE(holds("ArnLike", kArn, {"arn:*:user/team/device:::"}, user));
  CHECK_FALSE(holds("ArnLike", kArn, {"arn:aws:iam::999999999999:user/*"}, user));
  CHECK(holds("ArnNotLike", kArn, {"arn:aws:iam::*:role/*"}, user));
  CHECK_FALSE(holds("ArnNotEquals", kArn, {"arn:aws:iam::*:user/*"}, user));
}

TEST_CASE("condition: case counts unless the operator says otherwise", "[policy]") {
  CHECK(holds("StringEqualsIgnoreCase", "chancery:DeviceId", {"sn-7"}, {"SN-7"}));
  CHECK_FALSE(holds("StringEquals", "chancery:DeviceId", {"sn-7"}, {"SN-7"}));
  CHECK_FALSE(holds("StringNotEqualsIgnoreCase", "chancery:DeviceId", {"sn-7"}, {"SN-7"}));
}

TEST_CASE("condition: absence and truth have operators of their own", "[policy][I11]") {
  CHECK(holds("Null", kNames, {"true"}, {}));
  CHECK_FALSE(holds("Null", kNames, {"true"}, {"dns:a"}));
  CHECK(holds("Null", kNames, {"false"}, {"dns:a"}));
  CHECK_FALSE(holds("Null", kNames, {"false"}, {}));
  CHECK(holds("Bool", "aws:SecureTransport", {"true"}, {"true"}));
  CHECK_FALSE(holds("Bool", "aws:SecureTransport", {"false"}, {"true"}));
}

TEST_CASE("condition: sets of values", "[policy][I11]") {
  const Values mine{"dns:*.mine.example"};
  const Values good{"dns:a.mine.example", "dns:b.mine.example"};
  const Values mixed{"dns:a.mine.example", "dns:evil.example"};
  const Values bad{"dns:evil.example"};
  struct Row {
    const char* op;
    bool good, mixed, bad, none;
  };
  const Row rows[] = {{"StringLike", true, false, false, false},
                      {"StringNotLike", false, false, true, true},
                      {"ForAllValues:StringLike", true, false, false, true},
                      {"ForAnyValue:StringLike", true, true, false, false},
                      {"ForAllValues:StringNotLike", false, false, true, true},
                      {"ForAnyValue:StringNotLike", false, true, true, false},
                      {"ForAnyValue:StringLikeIfExists", true, true, false, true}};
  for (const Row& row : rows) {
    INFO(row.op);
    CHECK(holds(row.op, kNames, mine, good) == row.good);
    CHECK(holds(row.op, kNames, mine, mixed) == row.mixed);
    CHECK(holds(row.op, kNames, mine, bad) == row.bad);
    CHECK(holds(row.op, kNames, mine, {}) == row.none);
  }
}

TEST_CASE("condition: every key has one spelling and tags keep theirs", "[policy]") {
  CHECK(ca::find_condition_key("ACM-PCA:templatearn")->name == "acm-pca:TemplateArn");
  CHECK(ca::find_condition_key("aws:resourcetag/Team")->name == "aws:ResourceTag/Team");
  CHECK(ca::find_condition_key("aws:RequestTag/a/b")->name == "aws:RequestTag/a/b");
  CHECK_FALSE(ca::find_condition_key("aws:ResourceTag/"));
  CHECK_FALSE(ca::find_condition_key("aws:UserAgent"));
  CHECK_FALSE(ca::find_condition_key(""));
}
