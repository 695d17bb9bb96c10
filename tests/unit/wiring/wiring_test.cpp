#include <algorithm>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "ca/base/error.hpp"
#include "daemon/wiring/buckets.hpp"
#include "daemon/wiring/key_ring.hpp"
#include "daemon/wiring/module_options.hpp"
#include "daemon/wiring/observation.hpp"
#include "daemon/wiring/process.hpp"
#include "tests/support/catch.hpp"

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "chancery-wiring-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream{path_ / name} << text;
    return path_ / name;
  }
  [[nodiscard]] std::filesystem::path absent() const { return path_ / "absent"; }

 private:
  std::filesystem::path path_;
};

config::PrincipalsFile one_principal(const std::filesystem::path& secret) {
  config::PrincipalOptions admin;
  admin.principal.name = "admin";
  admin.principal.account = "123456789012";
  admin.access_keys = {{"CHANCERYADMIN0001", secret}};
  admin.certificates = {{0xAB, 0xCD}};
  return {{"123456789012"}, {admin}};
}

}  // namespace

TEST_CASE("key ring: a secret is the one line of its file", "[wiring][I18]") {
  const Folder folder;
  const auto ring = wiring::read_key_ring(one_principal(folder.write("secret", "wJalrXUtnFEMI\n")));
  const auto& key = ring.keys.at("CHANCERYADMIN0001");
  CHECK(ca::text_of(key.secret->view()) == "wJalrXUtnFEMI");
  CHECK(key.principal == "admin");
  CHECK(key.account == "123456789012");
  const std::string fingerprint = "abcd" + std::string(60, '0');
  CHECK(ring.certificates.at(fingerprint) == std::pair<std::string, std::string>{"123456789012", "admin"});
  CHECK_FALSE(ring.device_principal.has_value());
}

TEST_CASE("key ring: a file that holds no secret is named and its text is not shown", "[wiring][I18]") {
  const Folder folder;
  const auto refused = [&](const std::filesystem::path& file) -> std::string {
    try {
      (void)wiring::read_key_ring(one_principal(file));
    } catch (const ca::Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(refused(folder.absent()), Contains("absent"));
  CHECK_THAT(refused(folder.write("empty", "\n")), Contains("one line"));
  const auto two_lines = refused(folder.write("two", "wJalrXUtnFEMI\nsecond\n"));
  CHECK_THAT(two_lines, Contains("one line"));
  CHECK(two_lines.find("wJalrXUtnFEMI") == std::string::npos);
  CHECK_THAT(refused(folder.write("long", std::string(300, 'x'))), Contains("256"));
}

TEST_CASE("reload: sections that only a restart can apply are named", "[wiring]") {
  const config::Options running;
  CHECK(wiring::restart_needed(running, running).empty());
  config::Options wanted;
  wanted.pools.issue.threads = 99;
  wanted.listeners.status.port = 1;
  CHECK(wiring::restart_needed(running, wanted) == std::vector<std::string>{"listeners", "pools"});
  config::Options buckets;
  buckets.buckets = {{.name = "reports", .directory = "/srv/reports", .url = "http://crl.example.test"}};
  CHECK(wiring::restart_needed(running, buckets) == std::vector<std::string>{"buckets"});
  const ca::SystemClock clock;
  const auto made = wiring::make_buckets(buckets, clock, [] { return false; });
  REQUIRE(made.size() == 1);
  CHECK(made[0]->name() == "reports");
  CHECK(made[0]->url() == "http://crl.example.test");
  config::Options profiles;
  profiles.profiles.emplace_back();
  profiles.principals = "/etc/other.yaml";
  CHECK(wiring::restart_needed(running, profiles).empty());
}

TEST_CASE("profiles: an authority that is no ARN is refused", "[wiring]") {
  config::Options options;
  options.profiles.emplace_back();
  options.profiles[0].authority = "somewhere";
  CHECK_THROWS_AS(wiring::provisioning_profiles(options), ca::Error);
}

TEST_CASE("totals: a counter grows by what is new and never falls", "[wiring]") {
  ops::Metrics metrics;
  wiring::Totals totals{metrics};
  totals.report("chancery_things_total", "things", 3);
  totals.report("chancery_things_total", "things", 5);
  totals.report("chancery_things_total", "things", 4);
  CHECK_THAT(metrics.render(), Contains("chancery_things_total 5"));
}

namespace {

ca::AuthorityService::Status::AuthorityKey key(const std::string& name, const std::string& token,
                                               ca::KeyVerdict::State state, const std::string& detail = "") {
  return {"arn:" + name, token, {state, detail}};
}

const ops::Check& named(const std::vector<ops::Check>& checks, const std::string& name) {
  const auto found =
      std::find_if(checks.begin(), checks.end(), [&](const ops::Check& check) { return check.name == name; });
  REQUIRE(found != checks.end());
  return *found;
}

const ops::Check kUp{"token:issuing", true, "up", false};
const ops::Check kOtherDown{"token:other", false, "down: no such slot", false};

}  // namespace

TEST_CASE("readiness: a refused key is named and stops its own authority only", "[wiring][I14]") {
  ca::AuthorityService::Status status;
  status.keys = {
      key("one", "issuing", ca::KeyVerdict::State::usable),
      key("two", "issuing", ca::KeyVerdict::State::unusable, "CKA_EXTRACTABLE is true"),
      key("three", "other", ca::KeyVerdict::State::unknown),
  };
  const auto checks = wiring::signing_checks(status, {kUp, kOtherDown}, "issuing");
  CHECK(named(checks, "signing").ok);
  CHECK(named(checks, "signing").decides);
  CHECK(named(checks, "signing").detail == "1 of 3 authorities can issue");
  CHECK(named(checks, "authority:arn:two").detail == "CKA_EXTRACTABLE is true");
  CHECK(named(checks, "authority:arn:three").detail == "token:other is down: no such slot");
  CHECK_FALSE(named(checks, "authority:arn:two").decides);
  CHECK(checks.size() == 3);  // who can sign is not listed
}

TEST_CASE("readiness: a token that is up is not enough when no key may be used", "[wiring][I14]") {
  ca::AuthorityService::Status status;
  status.keys = {key("one", "issuing", ca::KeyVerdict::State::unusable, "the key is missing"),
                 key("two", "issuing", ca::KeyVerdict::State::unknown)};
  const auto checks = wiring::signing_checks(status, {kUp}, "issuing");
  CHECK_FALSE(named(checks, "signing").ok);
  CHECK(named(checks, "authority:arn:one").detail == "the key is missing");
  CHECK(named(checks, "authority:arn:two").detail == "its key is not checked yet");
}

TEST_CASE("readiness: an authority that could not issue now does not count", "[wiring][I10]") {
  ca::AuthorityService::Status status;
  status.keys = {key("one", "issuing", ca::KeyVerdict::State::usable),
                 key("two", "issuing", ca::KeyVerdict::State::usable)};
  status.keys[0].closed = "its certificate ended at 2026-01-01T00:00:00Z";
  auto checks = wiring::signing_checks(status, {kUp}, "issuing");
  CHECK(named(checks, "signing").ok);
  CHECK(named(checks, "signing").detail == "1 of 2 authorities can issue");
  CHECK(named(checks, "authority:arn:one").detail == "its certificate ended at 2026-01-01T00:00:00Z");
  status.keys[1].closed = "its certificate is not valid before 2027-01-01T00:00:00Z";
  checks = wiring::signing_checks(status, {kUp}, "issuing");
  CHECK_FALSE(named(checks, "signing").ok);
  CHECK(named(checks, "signing").detail == "0 of 2 authorities can issue");
}

TEST_CASE("readiness: while every authority waits for its certificate the token for new keys decides",
          "[wiring]") {
  ca::AuthorityService::Status status;
  status.keys = {key("one", "issuing", ca::KeyVerdict::State::usable)};
  status.keys[0].in_service = false;
  status.keys[0].closed = "it waits for its certificate";
  CHECK(named(wiring::signing_checks(status, {kUp, kOtherDown}, "issuing"), "signing").ok);
  CHECK_FALSE(named(wiring::signing_checks(status, {kUp, kOtherDown}, "other"), "signing").ok);
  CHECK(named(wiring::signing_checks(status, {kUp}, "issuing"), "authority:arn:one").detail ==
        "it waits for its certificate");
}

TEST_CASE("readiness: an OCSP signer in trouble is named and decides nothing", "[wiring][I14]") {
  ca::OcspResponder::Status status;
  status.authorities = {{"arn:one", 0, {}, ""}, {"arn:two", 0, {}, "a signature did not verify"}};
  const auto checks = wiring::ocsp_checks(status);
  REQUIRE(checks.size() == 1);
  CHECK(named(checks, "ocsp:arn:two").detail == "a signature did not verify");
  CHECK_FALSE(checks[0].ok);
  CHECK_FALSE(checks[0].decides);
}

TEST_CASE("readiness: without authorities the token for new keys decides", "[wiring]") {
  const ca::AuthorityService::Status status;
  CHECK(named(wiring::signing_checks(status, {kUp, kOtherDown}, "issuing"), "signing").ok);
  CHECK_FALSE(named(wiring::signing_checks(status, {kUp, kOtherDown}, "other"), "signing").ok);
}

TEST_CASE("descriptors: connections that do not fit are told what to do", "[wiring][I16]") {
  CHECK_FALSE(wiring::descriptor_warning(4096, 3 * 4096 + 256).has_value());
  const auto warning = wiring::descriptor_warning(4096, 3 * 4096 + 255);
  REQUIRE(warning.has_value());
  CHECK_THAT(*warning,
             Contains("hard limit is 12543") && Contains("LimitNOFILE=") && Contains("at most 4095"));
  CHECK_THAT(wiring::descriptor_warning(4096, 10).value(), Contains("at most 0"));
}

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

TEST_CASE("pidfile: a second daemon is refused and leaves the first one's file alone", "[wiring]") {
  const Folder folder;
  const auto file = folder.absent();
  const std::string number = std::to_string(::getpid());
  {
    const wiring::PidFile first{file};
    std::string refusal;
    try {
      const wiring::PidFile second{file};
    } catch (const ca::Error& error) {
      refusal = error.what();
    }
    CHECK(refusal == "pidfile " + file.string() + ": is held by process " + number +
                         ": one pidfile for each daemon, change pidfile");
    CHECK(text_of(file) == number + "\n");
  }
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("pidfile: one that a crash left is taken over, whatever is in it", "[wiring][I19]") {
  const Folder folder;
  const auto file = folder.write("pid", "123456789\nand more\n");
  const wiring::PidFile pidfile{file};
  CHECK(text_of(file) == std::to_string(::getpid()) + "\n");
}

TEST_CASE("pidfile: what stands in its place at the end is not removed", "[wiring]") {
  const Folder folder;
  const auto file = folder.absent();
  {
    const wiring::PidFile pidfile{file};
    std::filesystem::remove(file);
    (void)folder.write("absent", "somebody else's\n");
  }
  CHECK(text_of(file) == "somebody else's\n");
}

TEST_CASE("pidfile: a place where it cannot be written is named", "[wiring]") {
  const Folder folder;
  CHECK_THROWS_WITH(wiring::PidFile{folder.absent() / "pid"},
                    "pidfile " + (folder.absent() / "pid").string() + ": No such file or directory");
}
