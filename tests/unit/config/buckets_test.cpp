#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/unit/config/sound_folder.hpp"

namespace {

std::string bucket(const std::string& members) {
  return std::string{kSound} + "buckets:\n  - {" + members + "}\n";
}

}  // namespace

TEST_CASE("config: buckets have names as in S3 and folders that are there", "[config][I11]") {
  const SoundFolder folder;
  std::filesystem::create_directory(folder.path() / "reports");
  const auto options = folder.load(bucket("name: audit.reports-1, directory: reports"));
  REQUIRE(options.buckets.size() == 1);
  CHECK(options.buckets[0].name == "audit.reports-1");
  CHECK(options.buckets[0].directory == folder.path() / "reports");
  CHECK_FALSE(options.buckets[0].url);
  for (const std::string name :
       {"ab", "Reports", "-reports", "reports.", "a..b", "a/b", "127.0.0.1", "a_b"}) {
    INFO(name);
    CHECK_THAT(folder.problem_at(bucket("name: " + name + ", directory: reports"), "buckets[0].name"),
               Contains("S3 bucket"));
  }
  for (const std::string directory : {"absent", "pin"}) {
    CHECK_THAT(folder.problem_at(bucket("name: reports, directory: " + directory), "buckets[0].directory"),
               Contains("no such folder"));
  }
  CHECK_THAT(folder.problem_at(
                 bucket("name: reports, directory: reports") + "  - {name: reports, directory: reports}\n",
                 "buckets[1].name"),
             Contains("another bucket"));
}

TEST_CASE("config: a bucket's url is http without a slash at the end", "[config]") {
  const SoundFolder folder;
  std::filesystem::create_directory(folder.path() / "crl");
  const auto with_url = [](const std::string& url) {
    return bucket("name: crl, directory: crl, url: \"" + url + "\"");
  };
  for (const std::string url : {"http://crl.example.test", "http://crl.example.test:8080/ca",
                                "http://192.0.2.1/~pki", "http://[2001:db8::1]"}) {
    CHECK(folder.load(with_url(url)).buckets.at(0).url == url);
  }
  for (const std::string url :
       {"https://crl.example.test", "http://", "http:///x", "http://crl.example.test/", "crl.example.test",
        "http://crl.example.test/a b", "http://crl.example.test/?x", "http://user@crl.example.test",
        "http://crl.example.test//x", "ldap://crl.example.test"}) {
    INFO(url);
    CHECK_THAT(folder.problem_at(with_url(url), "buckets[0].url"), Contains("expected http://"));
  }
}

TEST_CASE("config: the earlier section reports is no key any more", "[config]") {
  const SoundFolder folder;
  CHECK_FALSE(folder.problem_at(std::string{kSound} + "reports: {buckets: []}\n", "reports").empty());
}

namespace {

std::string s3_bucket(const std::string& members, const std::string& name = "crl-bucket") {
  return std::string{kSound} + "buckets:\n  - name: " + name + "\n    s3: {" + members + "}\n";
}

constexpr const char* kKey = "access_key_id: AKIAEXAMPLE, secret_access_key_file: pin, ";

}  // namespace

TEST_CASE("config: a bucket on a server has defaults for what can have one", "[config]") {
  const SoundFolder folder;
  const auto options =
      folder.load(s3_bucket(std::string{kKey} + "endpoint: \"https://s3.example.test:9000\""));
  REQUIRE(options.buckets.size() == 1);
  CHECK(options.buckets[0].directory.empty());
  const config::S3Options& s3 = options.buckets[0].s3.value();
  CHECK(s3.endpoint == "https://s3.example.test:9000");
  CHECK(s3.region == "us-east-1");
  CHECK(s3.bucket == "crl-bucket");
  CHECK(s3.access_key_id == "AKIAEXAMPLE");
  CHECK(s3.secret_access_key == folder.path() / "pin");
  CHECK_FALSE(s3.ca_bundle);
  CHECK(s3.path_style);
  CHECK(s3.timeout == std::chrono::seconds{30});
  CHECK(s3.spool == folder.path());
}

TEST_CASE("config: a bucket on a server says all that it can say", "[config]") {
  const SoundFolder folder;
  std::filesystem::create_directory(folder.path() / "spool");
  const auto options =
      folder.load(s3_bucket(std::string{kKey} +
                            "endpoint: \"http://s3.example.test\", allow_plain_http: true, region: eu-1, "
                            "bucket: remote-name, ca_bundle: tls.pem, path_style: false, timeout: 5s, "
                            "spool: spool"));
  const config::S3Options& s3 = options.buckets.at(0).s3.value();
  CHECK(s3.region == "eu-1");
  CHECK(s3.bucket == "remote-name");
  CHECK(s3.ca_bundle == folder.path() / "tls.pem");
  CHECK_FALSE(s3.path_style);
  CHECK(s3.timeout == std::chrono::seconds{5});
  CHECK(s3.spool == folder.path() / "spool");
}

TEST_CASE("config: plain http to a bucket's server stays on this machine unless it is said",
          "[config][I18]") {
  const SoundFolder folder;
  const auto complaint = [&](const std::string& endpoint, const std::string& more = "") {
    return folder.problem_at(s3_bucket(kKey + more + "endpoint: \"" + endpoint + "\""),
                             "buckets[0].s3.endpoint");
  };
  for (const std::string endpoint :
       {"http://127.0.0.1:9000", "http://localhost", "http://[::1]:9000", "https://s3.example.test",
        "https://192.0.2.1:9000", "https://[2001:db8::1]"}) {
    INFO(endpoint);
    CHECK(complaint(endpoint).empty());
  }
  for (const std::string endpoint :
       {"http://s3.example.test", "http://192.0.2.1:9000", "http://127.0.0.1.example.test", "http://[::2]",
        "http://localhost.example.test"}) {
    INFO(endpoint);
    CHECK_THAT(complaint(endpoint), Contains("plain http"));
    CHECK(complaint(endpoint, "allow_plain_http: true, ").empty());
  }
  for (const std::string endpoint :
       {"s3.example.test", "ftp://s3.example.test", "https://", "https://s3.example.test/",
        "https://s3.example.test/x", "https://key@s3.example.test", "https://s3.example.test:0",
        "https://s3.example.test:70000", "https://s3.example.test:", "https://s3 example",
        "https://s3.example.test?x", "HTTPS://s3.example.test"}) {
    INFO(endpoint);
    CHECK_THAT(complaint(endpoint), Contains("expected https://"));
  }
}

TEST_CASE("config: everything that is wrong with a bucket on a server is said at once", "[config]") {
  const SoundFolder folder;
  (void)folder.write("open.secret", "x", std::filesystem::perms{0644});
  const auto problems = folder.problems(s3_bucket(
      "endpoint: \"http://s3.example.test\", region: \"US East\", bucket: A, access_key_id: \"a b\", "
      "secret_access_key_file: open.secret, ca_bundle: absent.pem, timeout: 1ms, spool: absent, secret: x"));
  std::vector<std::string> keys;
  for (const auto& problem : problems) {
    keys.push_back(problem.key);
  }
  for (const std::string key : {"endpoint", "region", "bucket", "access_key_id", "secret_access_key_file",
                                "ca_bundle", "timeout", "spool", "secret"}) {
    CHECK_THAT(keys, Catch::Matchers::VectorContains("buckets[0].s3." + key));
  }
  CHECK_THAT(
      folder.problem_at(s3_bucket(std::string{kKey} + "endpoint: \"https://x\", path_style: false", "a.b.c"),
                        "buckets[0].s3.path_style"),
      Contains("dots"));
}

TEST_CASE("config: a bucket has either a directory or a server", "[config]") {
  const SoundFolder folder;
  CHECK_THAT(folder.problem_at(bucket("name: reports"), "buckets[0].name"), Contains("either"));
  CHECK_THAT(
      folder.problem_at(s3_bucket(std::string{kKey} + "endpoint: \"https://x\"") + "    directory: .\n",
                        "buckets[0].name"),
      Contains("either"));
}
