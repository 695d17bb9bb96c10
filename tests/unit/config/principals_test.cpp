#include "config/principals.hpp"

#include "config/problem.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source.hpp"
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
  const std::string policies = test::source("config/policies/");
  for (const char* name : {"administrator", "provisioning", "auditor", "spire"}) {
    CAPTURE(name);
    CHECK(folder.problems(with("all.json", policies + name + ".json")).empty());
  }
}

TEST_CASE("principals: a role has a trust policy, a longest session and its own ARN", "[config]") {
  const Folder folder;
  folder.write("trust.json", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",)"
                             R"("Action":"sts:AssumeRole"}]})");
  const std::string role =
      "roles:\n  - {name: issuer, account: \"012345678901\", trust: trust.json, policies: [all.json]";
  const auto file = folder.load(kSound + role + ", max_session: 2h}\n");
  REQUIRE(file.roles.size() == 1);
  CHECK(file.roles[0].principal.arn == "arn:aws:iam::012345678901:role/issuer");
  CHECK(file.roles[0].max_session == std::chrono::hours{2});
  CHECK(file.policy_principals().size() == 2);
  CHECK(folder.problems(kSound + role + ", max_session: 13h}\n").find("max_session") != std::string::npos);
  CHECK(
      folder
          .problems(kSound +
                    std::string{"roles:\n  - {name: admin, account: \"012345678901\", trust: trust.json}\n"})
          .find("another principal or role") != std::string::npos);
  CHECK(folder.problems(kSound + std::string{"roles:\n  - {name: issuer, account: \"012345678901\"}\n"})
            .find("trust") != std::string::npos);
  // An identity policy is no trust policy.
  CHECK(folder
            .problems(kSound +
                      std::string{"roles:\n  - {name: issuer, account: \"012345678901\", trust: all.json}\n"})
            .find("all.json") != std::string::npos);
}

TEST_CASE("principals: a session key that others can read is refused", "[config][I18]") {
  const Folder folder;
  const auto file = folder.write("session.key", "0123456789abcdef0123456789abcdef\n");
  CHECK(folder.load(std::string{"session_key_file: session.key\n"} + kSound).session_key == file);
  std::filesystem::permissions(file, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  CHECK(folder.problems(std::string{"session_key_file: session.key\n"} + kSound).find("chmod 600") !=
        std::string::npos);
}
