#include "config/principals.hpp"

#include "config/problem.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/config/temporary_folder.hpp"

namespace {

constexpr const char* kPolicy =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"acm-pca:*","Resource":"*"}]})";
constexpr const char* kSound = R"(accounts:
  - id: "012345678901"
principals:
  - name: admin
    account: "012345678901"
    access_keys:
      - id: CHANCERYADMIN0001
        secret_file: admin.secret
    policies: [all.json]
)";

class Folder : public TemporaryFolder {
 public:
  Folder() {
    write("admin.secret", "s3cr3t\n");
    write("all.json", kPolicy);
  }
  [[nodiscard]] config::PrincipalsFile load(const std::string& text) const {
    return config::load_principals(write("principals.yaml", text), "aws");
  }
  [[nodiscard]] std::string problems(const std::string& text) const {
    try {
      (void)load(text);
    } catch (const config::Invalid& invalid) {
      return invalid.what();
    }
    return "";
  }
};

std::string with(const std::string& from, const std::string& to) {
  std::string text = kSound;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("principals: a sound file gives principals with parsed policies", "[config]") {
  const Folder folder;
  const auto file = folder.load(kSound);
  REQUIRE(file.principals.size() == 1);
  const auto& admin = file.principals[0];
  CHECK(admin.principal.arn == "arn:aws:iam::012345678901:user/admin");
  CHECK(admin.principal.policies.size() == 1);
  REQUIRE(admin.access_keys.size() == 1);
  CHECK(admin.access_keys[0].secret == folder.path() / "admin.secret");
  CHECK(file.policy_principals().size() == 1);
}

TEST_CASE("principals: a secret that others can read is refused", "[config][I18]") {
  const Folder folder;
  std::filesystem::permissions(folder.path() / "admin.secret", std::filesystem::perms{0640});
  CHECK_THAT(folder.problems(kSound), Contains("can be read by others"));
  CHECK_THAT(folder.problems(with("admin.secret", "none.secret")), Contains("No such file"));
}

TEST_CASE("principals: a secret in the file itself is refused and not repeated", "[config][I18]") {
  const Folder folder;
  const auto text = folder.problems(with("secret_file: admin.secret", "secret: wJalrXUtnFEMI"));
  CHECK_THAT(text, Contains("unknown key"));
  CHECK(text.find("wJalrXUtnFEMI") == std::string::npos);
}

TEST_CASE("principals: two live access keys are allowed and a third is not", "[config]") {
  const Folder folder;
  const std::string second = "      - {id: CHANCERYADMIN0002, secret_file: admin.secret}\n";
  const std::string third = "      - {id: CHANCERYADMIN0003, secret_file: admin.secret}\n";
  CHECK(folder.problems(with("    policies", second + "    policies")).empty());
  CHECK_THAT(folder.problems(with("    policies", second + third + "    policies")), Contains("at most two"));
}

TEST_CASE("principals: one access key id or certificate never stands for two principals", "[config][I11]") {
  const Folder folder;
  const std::string other =
      "  - {name: b, account: \"012345678901\", access_keys: [{id: CHANCERYADMIN0001, secret_file: "
      "admin.secret}]}\n";
  CHECK_THAT(folder.problems(kSound + other), Contains("used twice"));
  const std::string print(64, 'a');
  const std::string certificates = "  - {name: b, account: \"012345678901\", certificates: [" + print +
                                   "]}\n" + "  - {name: c, account: \"012345678901\", certificates: [" +
                                   print + "]}\n";
  CHECK_THAT(folder.problems(kSound + certificates), Contains("stands for two principals"));
}

TEST_CASE("principals: fingerprints are accepted in both usual forms", "[config]") {
  const Folder folder;
  std::string colons = "AB";
  for (int i = 1; i < 32; ++i) colons += ":AB";
  const auto file = folder.load(
      std::string{kSound} + "  - {name: b, account: \"012345678901\", certificates: ['" + colons + "']}\n");
  CHECK(file.principals[1].certificates.at(0)[31] == 0xAB);
  CHECK_THAT(folder.problems(std::string{kSound} +
                             "  - {name: b, account: \"012345678901\", certificates: [abc]}\n"),
             Contains("64 hex digits"));
}

TEST_CASE("principals: an unlisted account or a repeated name is refused", "[config][I15]") {
  const Folder folder;
  CHECK_THAT(folder.problems(with("    account: \"012345678901\"", "    account: \"999999999999\"")),
             Contains("not listed under accounts"));
  CHECK_THAT(folder.problems(with("  - id: \"012345678901\"", "  - id: \"1234\"")), Contains("12 digits"));
  CHECK_THAT(folder.problems(std::string{kSound} +
                             "  - {name: admin, account: \"012345678901\", device_principal: true}\n"),
             Contains("has this name"));
}

TEST_CASE("principals: a principal without proof of identity is refused", "[config][I11]") {
  const Folder folder;
  CHECK_THAT(folder.problems(std::string{kSound} + "  - {name: b, account: \"012345678901\"}\n"),
             Contains("no way to prove"));
}

TEST_CASE("principals: a broken policy file is named with what is wrong", "[config][I11]") {
  const Folder folder;
  folder.write("all.json", "{\"Version\":");
  CHECK_THAT(folder.problems(kSound), Contains("all.json"));
  CHECK_THAT(folder.problems(with("all.json", "none.json")), Contains("none.json"));
}

TEST_CASE("principals: the policies of the tree are sound", "[config]") {
  const Folder folder;
  const std::string policies = std::string{CHANCERY_TEST_SOURCE_DIR} + "/../../../config/policies/";
  for (const char* name : {"administrator", "provisioning", "auditor", "spire"}) {
    CAPTURE(name);
    CHECK(folder.problems(with("all.json", policies + name + ".json")).empty());
  }
}
