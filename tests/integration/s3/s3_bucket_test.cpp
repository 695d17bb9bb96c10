#include "daemon/s3/s3_bucket.hpp"

#include <atomic>
#include <cstdlib>

#include "tests/integration/s3/canned_server.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_clock.hpp"

using ca::Code;
using test::answer;
using test::CannedServer;
using namespace std::chrono_literals;

namespace {

constexpr const char* kStored = "ETag: \"e\"\r\n";
constexpr const char* kSecret = "the secret of the bucket";

struct World {
  explicit World(std::vector<std::string> answers) : server{std::move(answers)} {
    std::string name = (std::filesystem::temp_directory_path() / "chancery-s3-XXXXXX").string();
    spool = ::mkdtemp(name.data());
  }
  ~World() { std::filesystem::remove_all(spool); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] s3::S3BucketOptions options() {
    return {.name = "crls",
            .url = "http://crl.example.test",
            .location = {.endpoint = server.endpoint(), .region = "us-east-1", .bucket = "there"},
            .access_key_id = "AKIAEXAMPLE",
            .secret =
                [this] {
                  ++secrets_read;
                  return std::make_shared<const ca::SecretBytes>(ca::bytes_of(kSecret));
                },
            .spool = spool,
            .transfer = {
                .ca_bundle = std::nullopt, .timeout = 20s, .is_ending = [this] { return ending.load(); }}};
  }

  CannedServer server;
  std::filesystem::path spool;
  test::FakeClock clock;
  std::atomic<bool> ending{false};
  int secrets_read = 0;
};

std::string complaint(const std::function<void()>& call, Code code) {
  try {
    call();
  } catch (const ca::Error& error) {
    CHECK(ca::name_of(error.code()) == ca::name_of(code));
    CHECK_THAT(error.what(), !Contains(kSecret));
    return error.what();
  }
  FAIL("nothing was thrown");
  return "";
}

std::string error_document(const std::string& code) { return "<Error><Code>" + code + "</Code></Error>"; }

}  // namespace

TEST_CASE("s3 bucket: a PUT has the whole object, its type and its signed hash", "[s3]") {
  World world{{answer("200 OK", "", kStored)}};
  s3::S3Bucket bucket{world.options(), world.clock};
  CHECK(bucket.name() == "crls");
  CHECK(bucket.url() == "http://crl.example.test");
  bucket.put("crl/a.crl", ca::bytes_of("contents"), "application/pkix-crl");
  REQUIRE(world.server.requests().size() == 1);
  const std::string request = world.server.requests()[0];
  CHECK_THAT(request, StartsWith("PUT /there/crl/a.crl HTTP/1.1\r\n"));
  CHECK_THAT(request, Contains("\r\nContent-Type: application/pkix-crl\r\n") &&
                          Contains("\r\nContent-Length: 8\r\n") &&
                          Contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date"));
  CHECK_THAT(request, Catch::Matchers::EndsWith("\r\n\r\ncontents"));
  CHECK_THAT(request, !Contains(kSecret));
}

TEST_CASE("s3 bucket: what is written in pieces is sent as one, and leaves nothing behind", "[s3][I16]") {
  World world{{answer("200 OK", "", kStored), answer("200 OK", "", kStored)}};
  s3::S3Bucket bucket{world.options(), world.clock};
  std::string all;
  const auto upload = bucket.begin("report.csv", "text/csv");
  for (int i = 0; i < 300; ++i) {
    const std::string piece(10'000, static_cast<char>('a' + i % 26));
    upload->write(piece);
    all += piece;
  }
  CHECK(std::filesystem::is_empty(world.spool));  // nameless
  CHECK(upload->keep() == ca::sha256(ca::bytes_of(all)));
  CHECK(upload->size() == all.size());
  { bucket.begin("given-up", "")->write("half"); }
  REQUIRE(world.server.requests().size() == 1);
  CHECK(world.server.requests()[0].ends_with(all));
  bucket.begin("empty", "")->keep();
  CHECK_THAT(world.server.requests().at(1), Contains("\r\nContent-Length: 0\r\n"));
}

TEST_CASE("s3 bucket: a GET gives what is there, nothing for what is absent, and no more than was asked for",
          "[s3][I16]") {
  World world{{answer("200 OK", "12345"), answer("404 Not Found", error_document("NoSuchKey")),
               answer("404 Not Found", error_document("NoSuchBucket")), answer("200 OK", "123456"),
               answer("403 Forbidden", error_document("AccessDenied")),
               "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}};
  s3::S3Bucket bucket{world.options(), world.clock};
  CHECK(bucket.get("a", 5) == ca::Bytes{'1', '2', '3', '4', '5'});
  CHECK_FALSE(bucket.get("a", 5));
  (void)complaint([&] { (void)bucket.get("a", 5); }, Code::resource_not_found);
  CHECK_THAT(complaint([&] { (void)bucket.get("a", 5); }, Code::payload_too_large), Contains("more than 5"));
  CHECK_THAT(complaint([&] { (void)bucket.get("a", 5); }, Code::access_denied), Contains("AccessDenied"));
  (void)complaint([&] { (void)bucket.get("a", 50); }, Code::unavailable);
  CHECK(world.secrets_read == 6);  // one that changed holds at once
}

TEST_CASE("s3 bucket: a 200 without an ETag is not one of S3", "[s3]") {
  World world{{answer("200 OK", "<html>Please log in</html>")}};
  s3::S3Bucket bucket{world.options(), world.clock};
  CHECK_THAT(complaint([&] { bucket.put("a", {}, ""); }, Code::unavailable), Contains("ETag"));
}

TEST_CASE("s3 bucket: keys are checked before anything is sent", "[s3][I15]") {
  World world{{}};
  s3::S3Bucket bucket{world.options(), world.clock};
  (void)complaint([&] { bucket.put("../x", {}, ""); }, Code::invalid_request);
  (void)complaint([&] { (void)bucket.get("/x", 5); }, Code::invalid_request);
  (void)complaint([&] { (void)bucket.begin("a//x", ""); }, Code::invalid_request);
  CHECK(world.server.requests().empty());
}

TEST_CASE("s3 bucket: a server that is silent holds nobody longer than the timeout", "[s3][I16]") {
  World world{{}};
  auto options = world.options();
  options.transfer.timeout = 200ms;
  s3::S3Bucket bucket{options, world.clock};
  const auto begun = std::chrono::steady_clock::now();
  (void)complaint([&] { bucket.put("a", {}, ""); }, Code::unavailable);
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
}

TEST_CASE("s3 bucket: a transfer ends soon after the daemon does", "[s3][I16]") {
  World world{{}};
  s3::S3Bucket bucket{world.options(), world.clock};
  world.ending = true;
  const auto begun = std::chrono::steady_clock::now();
  CHECK_THAT(complaint([&] { bucket.put("a", {}, ""); }, Code::unavailable), Contains("this process ends"));
  CHECK(std::chrono::steady_clock::now() - begun < 10s);  // of the 20 s that it could take
}
