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
