// The constraint table against the public model of the API, as botocore ships it.
#include <fstream>
#include <map>

#include "daemon/acmpca/operation_shapes.hpp"
#include "tests/support/catch.hpp"

namespace shape = acmpca::shape;
using acmpca::Shape;
using nlohmann::json;

namespace {

// Debian's package of it; newer systems have newer ones.
constexpr const char* kModel =
    "/usr/lib/python3/dist-packages/botocore/data/acm-pca/2017-08-22/service-2.json";

const std::map<std::string, const Shape*> kInputs{
    {"CreateCertificateAuthority", &shape::kCreateCertificateAuthority},
    {"CreateCertificateAuthorityAuditReport", &shape::kCreateCertificateAuthorityAuditReport},
    {"CreatePermission", &shape::kCreatePermission},
    {"DeleteCertificateAuthority", &shape::kDeleteCertificateAuthority},
    {"DeletePermission", &shape::kDeletePermission},
    {"DeletePolicy", &shape::kDeletePolicy},
    {"DescribeCertificateAuthority", &shape::kDescribeCertificateAuthority},
    {"DescribeCertificateAuthorityAuditReport", &shape::kDescribeCertificateAuthorityAuditReport},
    {"GetCertificate", &shape::kGetCertificate},
    {"GetCertificateAuthorityCertificate", &shape::kGetCertificateAuthorityCertificate},
    {"GetCertificateAuthorityCsr", &shape::kGetCertificateAuthorityCsr},
    {"GetPolicy", &shape::kGetPolicy},
    {"ImportCertificateAuthorityCertificate", &shape::kImportCertificateAuthorityCertificate},
    {"IssueCertificate", &shape::kIssueCertificate},
    {"ListCertificateAuthorities", &shape::kListCertificateAuthorities},
    {"ListPermissions", &shape::kListPermissions},
    {"ListTags", &shape::kListTags},
    {"PutPolicy", &shape::kPutPolicy},
    {"RestoreCertificateAuthority", &shape::kRestoreCertificateAuthority},
    {"RevokeCertificate", &shape::kRevokeCertificate},
    {"TagCertificateAuthority", &shape::kTagCertificateAuthority},
    {"UntagCertificateAuthority", &shape::kUntagCertificateAuthority},
    {"UpdateCertificateAuthority", &shape::kUpdateCertificateAuthority},
};

// What the newest model (botocore 1.43) says where Debian's older one differs: "shape.constraint".
const std::map<std::string, json> kNewer{
    {"AWSPolicy.max", 81920},
    {"CustomAttributeList.max", 150},
    {"CustomExtensionList.max", 150},
    {"GeneralNameList.max", 150},
    {"NextToken.max", 43739},
    {"S3Key.min", 0},
    {"Arn.pattern", R"(arn:[\w+=/,.@-]+:acm-pca:[\w+=/,.@-]*:[0-9]*:[\w+=,.@-]+(/[\w+=,.@-]+)*)"},
    {"String253.pattern", R"([-a-zA-Z0-9;/?:@&=+$,%_.!~*()']*)"},  // CnameString today
    {"String3To255.pattern", R"([-a-zA-Z0-9._/]+)"},               // S3BucketName3To255 today
    {"KeyAlgorithm.enum",
     {"RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1", "ML_DSA_44",
      "ML_DSA_65", "ML_DSA_87", "SM2"}},
    {"SigningAlgorithm.enum",
     {"SHA256WITHECDSA", "SHA384WITHECDSA", "SHA512WITHECDSA", "SHA256WITHRSA", "SHA384WITHRSA",
      "SHA512WITHRSA", "SM3WITHSM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87"}},
    {"KeyStorageSecurityStandard.enum",
     {"FIPS_140_2_LEVEL_2_OR_HIGHER", "FIPS_140_2_LEVEL_3_OR_HIGHER", "CCPC_LEVEL_1_OR_HIGHER"}},
};
const std::map<std::string, std::vector<std::string>> kNewerMembers{
    {"CrlConfiguration", {"CrlDistributionPointExtensionConfiguration", "CrlType", "CustomPath"}}};

class Walk {
 public:
  explicit Walk(const json& model) : shapes_{model.at("shapes")} {}

  void compare(const std::string& name, const Shape& ours, const std::string& path) {
    const json& theirs = shapes_.at(name);
    const std::string type = theirs.at("type");
    INFO(path << " is " << name);
    ++compared;
    if (type == "structure") {
      CHECK(ours.kind == Shape::Kind::structure);
      structure(name, theirs, ours, path);
    } else if (type == "list") {
      CHECK(ours.kind == Shape::Kind::list);
      bounds(name, theirs, ours);
      REQUIRE(ours.element != nullptr);
      compare(theirs.at("member").at("shape"), *ours.element, path + "[]");
    } else if (type == "string") {
      CHECK(ours.kind == Shape::Kind::string);
      bounds(name, theirs, ours);
      same(name, "pattern", plain(theirs.value("pattern", "")), std::string{ours.pattern});
      CHECK((ours.matches != nullptr) == !ours.pattern.empty());
      values(name, theirs, ours);
    } else if (type == "blob") {
      CHECK(ours.kind == Shape::Kind::blob);
      bounds(name, theirs, ours);
    } else if (type == "integer" || type == "long") {
      CHECK(ours.kind == Shape::Kind::integer);
      bounds(name, theirs, ours);
    } else {
      CHECK(type == "boolean");
      CHECK(ours.kind == Shape::Kind::boolean);
    }
  }

  int compared = 0;

 private:
  // Some releases of the model write the anchors that every pattern has.
  static std::string plain(std::string pattern) {
    if (pattern.starts_with('^')) {
      pattern.erase(0, 1);
    }
    if (pattern.ends_with('$')) {
      pattern.pop_back();
    }
    for (auto at = pattern.find(R"(\/)"); at != std::string::npos; at = pattern.find(R"(\/)")) {
      pattern.erase(at, 1);
    }
    return pattern;
  }

  static void same(const std::string& name, const std::string& constraint, const json& theirs,
                   const json& ours) {
    const auto newer = kNewer.find(name + "." + constraint);
    INFO(constraint << ": theirs " << theirs.dump() << ", ours " << ours.dump());
    CHECK((ours == theirs || (newer != kNewer.end() && ours == newer->second)));
  }

  static void bounds(const std::string& name, const json& theirs, const Shape& ours) {
    same(name, "min", theirs.value("min", LONG_MIN), ours.min);
    same(name, "max", theirs.value("max", LONG_MAX), ours.max);
  }

  static void values(const std::string& name, const json& theirs, const Shape& ours) {
    json allowed = json::array();
    for (const auto value : ours.values) {
      if (value != "ED25519") {  // an algorithm of ours
        allowed.push_back(std::string{value});
      }
    }
    same(name, "enum", theirs.value("enum", json::array()), allowed);
  }

  void structure(const std::string& name, const json& theirs, const Shape& ours, const std::string& path) {
    const auto required = theirs.value("required", std::vector<std::string>{});
    std::map<std::string, const acmpca::Member*> members;
    for (const auto& member : ours.members) {
      members[std::string{member.name}] = &member;
    }
    for (const auto& [member, reference] : theirs.at("members").items()) {
      INFO("member " << member);
      REQUIRE(members.contains(member));
      CHECK(members[member]->required ==
            (std::find(required.begin(), required.end(), member) != required.end()));
      compare(reference.at("shape"), *members[member]->shape, path + "." + member);
      members.erase(member);
    }
    const auto newer = kNewerMembers.find(name);
    for (const auto& [member, ignored] : members) {
      INFO("a member that the model does not have: " << member);
      CHECK((newer != kNewerMembers.end() &&
             std::find(newer->second.begin(), newer->second.end(), member) != newer->second.end()));
    }
  }

  const json& shapes_;
};

}  // namespace

TEST_CASE("model: every operation, member and constraint of the API model is in our table", "[acmpca]") {
  std::ifstream file{kModel};
  REQUIRE(file);  // python3-botocore
  const json model = json::parse(file);
  Walk walk{model};
  CHECK(model.at("operations").size() == kInputs.size());
  for (const auto& [name, operation] : model.at("operations").items()) {
    INFO(name);
    REQUIRE(kInputs.contains(name));
    walk.compare(operation.at("input").at("shape"), *kInputs.at(name), name);
  }
  CHECK(walk.compared > 200);
}
