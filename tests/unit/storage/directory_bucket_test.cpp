#include "ca/storage/directory_bucket.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "ca/storage/descriptor.hpp"
#include "tests/support/catch.hpp"

namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "chancery-bucket-XXXXXX").string();
    path = ::mkdtemp(name.data());
    fs::create_directory(path / "bucket");
    fs::create_directory(path / "outside");
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] ca::DirectoryBucketOptions options() const {
    return {.name = "reports", .directory = path / "bucket", .url = std::nullopt};
  }
  fs::path path;
};

const ca::Bytes kOld{'o', 'l', 'd'};
const ca::Bytes kNew{'n', 'e', 'w', 'e', 'r'};

std::string complaint(const std::function<void()>& call, ca::Code code) {
  try {
    call();
  } catch (const ca::Error& error) {
    CHECK(ca::name_of(error.code()) == ca::name_of(code));
    return error.what();
  }
  FAIL("nothing was thrown");
  return "";
}

std::size_t files_in(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    count += entry.is_directory() ? 0U : 1U;
  }
  return count;
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

}  // namespace

TEST_CASE("directory bucket: what was put is got, replaced whole, and absent is no error", "[storage]") {
  const Folder folder;
  ca::DirectoryBucket bucket{folder.options()};
  CHECK(bucket.name() == "reports");
  CHECK_FALSE(bucket.url());
  CHECK_FALSE(bucket.get("crl/a.crl", 100));
  bucket.put("crl/a.crl", kOld, "application/pkix-crl");
  bucket.put("crl/a.crl", kNew, "application/pkix-crl");
  CHECK(bucket.get("crl/a.crl", 5) == kNew);
  CHECK_THAT(complaint([&] { (void)bucket.get("crl/a.crl", 4); }, ca::Code::payload_too_large),
             Contains("more than 4 bytes"));
  CHECK_FALSE(bucket.get("crl/b.crl", 100));
  CHECK(files_in(folder.path / "bucket") == 1);
}

TEST_CASE("directory bucket: an upload is there from keep() on, and leaves nothing when it is given up",
          "[storage][I19]") {
  const Folder folder;
  ca::DirectoryBucket bucket{folder.options()};
  bucket.put("report", kOld, "text/csv");
  {
    const auto upload = bucket.begin("report", "text/csv");
    upload->write("half");
    CHECK(bucket.get("report", 100) == kOld);
  }
  CHECK(bucket.get("report", 100) == kOld);
  CHECK(files_in(folder.path / "bucket") == 1);
  const auto upload = bucket.begin("report", "text/csv");
  upload->write("ne");
  upload->write("wer");
  CHECK(upload->keep() == ca::sha256(kNew));
  CHECK(upload->size() == 5);
  CHECK(bucket.get("report", 100) == kNew);
}

TEST_CASE("directory bucket: what a crash left is removed", "[storage][I19]") {
  const Folder folder;
  ca::DirectoryBucket bucket{folder.options()};
  std::ofstream{folder.path / "bucket" / ".report.part"} << "half of an earlier attempt";
  bucket.put("report", kNew, "text/csv");
  CHECK(bucket.get("report", 100) == kNew);
  CHECK(files_in(folder.path / "bucket") == 1);
}

TEST_CASE("directory bucket: keys stay inside", "[storage][I15]") {
  const Folder folder;
  ca::DirectoryBucket bucket{folder.options()};
  const std::vector<std::string> keys{
      std::string{},           std::string{"../outside/x"}, std::string{"a/../../outside/x"},
      std::string{"/tmp/x"},   std::string{"a//x"},         std::string{"a/"},
      std::string{"./x"},      std::string{".hidden"},      std::string{"a/.x.part"},
      std::string{"a\nb"},     std::string{"a\0b", 3},      std::string{"a\\b"},
      std::string{"\xc3\xbc"}, std::string(513, 'a')};
  for (const std::string& key : keys) {
    INFO(key);
    (void)complaint([&] { bucket.put(key, kNew, ""); }, ca::Code::invalid_request);
    (void)complaint([&] { (void)bucket.get(key, 100); }, ca::Code::invalid_request);
    (void)complaint([&] { (void)bucket.begin(key, ""); }, ca::Code::invalid_request);
  }
  CHECK(fs::is_empty(folder.path / "outside"));
  CHECK(fs::is_empty(folder.path / "bucket"));
  const std::string odd = "a;?:@&=+$,%_.!~*()'/Z-9";
  bucket.put(odd, kNew, "");
  CHECK(bucket.get(odd, 100) == kNew);
}

TEST_CASE("directory bucket: no symbolic link below it is followed, the folder itself may be one",
          "[storage][I15]") {
  const Folder folder;
  const fs::path outside = folder.path / "outside";
  fs::create_symlink(outside, folder.path / "bucket" / "crl");
  std::ofstream{outside / "secret"} << "x";
  fs::create_symlink(outside / "secret", folder.path / "bucket" / "link");
  ca::DirectoryBucket bucket{folder.options()};
  CHECK_THAT(complaint([&] { bucket.put("crl/a", kNew, ""); }, ca::Code::invalid_request),
             Contains("symbolic link"));
  (void)complaint([&] { (void)bucket.get("crl/secret", 100); }, ca::Code::invalid_request);
  (void)complaint([&] { (void)bucket.get("link", 100); }, ca::Code::invalid_request);
  bucket.put("link", kNew, "");  // replaces the link, not what it points to
  CHECK(bucket.get("link", 100) == kNew);
  fs::create_symlink(outside / "secret", folder.path / "bucket" / ".x.part");
  bucket.put("x", kNew, "");
  CHECK(files_in(outside) == 1);
  CHECK(fs::file_size(outside / "secret") == 1);

  fs::create_directory_symlink(folder.path / "bucket", folder.path / "alias");
  ca::DirectoryBucket aliased{{.name = "alias", .directory = folder.path / "alias", .url = std::nullopt}};
  CHECK(aliased.get("x", 100) == kNew);
}

TEST_CASE("directory bucket: a folder or a pipe in the place of a file holds nobody up", "[storage][I16]") {
  const Folder folder;
  ca::DirectoryBucket bucket{folder.options()};
  REQUIRE(::mkfifo((folder.path / "bucket" / "pipe").c_str(), 0600) == 0);
  fs::create_directory(folder.path / "bucket" / "folder");
  CHECK_THAT(complaint([&] { (void)bucket.get("pipe", 100); }, ca::Code::invalid_request),
             Contains("not a file"));
  CHECK_THAT(complaint([&] { (void)bucket.get("folder", 100); }, ca::Code::invalid_request),
             Contains("not a file"));
  (void)complaint([&] { bucket.put("folder", kNew, ""); }, ca::Code::invalid_request);
  CHECK(files_in(folder.path / "bucket") == 1);
}

TEST_CASE("directory bucket: the folder itself is never made", "[storage][I19]") {
  const Folder folder;
  fs::remove(folder.path / "bucket");
  ca::DirectoryBucket bucket{folder.options()};
  CHECK_THAT(complaint([&] { bucket.put("a/b", kNew, ""); }, ca::Code::resource_not_found),
             Contains((folder.path / "bucket").string()));
  (void)complaint([&] { (void)bucket.get("a/b", 100); }, ca::Code::resource_not_found);
  CHECK_FALSE(fs::exists(folder.path / "bucket"));
}

TEST_CASE("directory bucket: a write that does not fit changes nothing and may pass", "[storage][I19]") {
  const Folder folder;
  ca::DirectoryBucket bucket{folder.options()};
  bucket.put("crl", kOld, "");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  std::optional<ca::Code> code;
  try {
    bucket.put("crl", kNew, "");
  } catch (const ca::Error& error) {
    code = error.code();
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(code == ca::Code::unavailable);
  CHECK(bucket.get("crl", 100) == kOld);
  bucket.put("crl", kNew, "");
  CHECK(bucket.get("crl", 100) == kNew);
}

TEST_CASE("directory bucket: only what has a url can be read by everybody", "[storage][I18]") {
  const Folder folder;
  const mode_t before = ::umask(077);
  auto options = folder.options();
  ca::DirectoryBucket{options}.put("private/a", kNew, "");
  options.url = "http://crl.example.test";
  ca::DirectoryBucket open{options};
  open.put("public/a", kNew, "");
  (void)::umask(before);
  CHECK(open.url() == "http://crl.example.test");
  CHECK(mode_of(folder.path / "bucket/private") == 0750);
  CHECK(mode_of(folder.path / "bucket/private/a") == 0640);
  CHECK(mode_of(folder.path / "bucket/public") == 0755);
  CHECK(mode_of(folder.path / "bucket/public/a") == 0644);
}

TEST_CASE("directory bucket: of many writers of one key one stays, whole", "[storage][I16]") {
  const Folder folder;
  ca::DirectoryBucket bucket{folder.options()};
  std::atomic<int> failures{0};
  std::vector<std::thread> writers;
  for (std::uint8_t writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int round = 0; round < 20; ++round) {
        try {
          bucket.put("crl/a.crl", ca::Bytes(50000, writer), "");
          const auto seen = bucket.get("crl/a.crl", 50000).value();
          failures += seen == ca::Bytes(50000, seen.at(0)) ? 0 : 1;
        } catch (const std::exception&) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  CHECK(failures == 0);
  CHECK(files_in(folder.path / "bucket") == 1);
}

TEST_CASE("directory bucket: a full disk may pass, a missing folder or right does not", "[storage]") {
  const auto needs_a_person = [](int trouble) {
    try {
      errno = trouble;
      ca::fail_file("write", "/srv/reports");
    } catch (const ca::Error& error) {
      CHECK_THAT(std::string{error.what()}, Contains("write /srv/reports: "));
      return ca::needs_a_person(error);
    }
  };
  for (const int trouble : {ENOSPC, EDQUOT, EIO, EMFILE, ENOMEM, ESTALE}) {
    CHECK_FALSE(needs_a_person(trouble));
  }
  for (const int trouble : {ENOENT, ENOTDIR, EACCES, EPERM, EROFS, EISDIR}) {
    CHECK(needs_a_person(trouble));
  }
}

TEST_CASE("buckets: one is found by its exact name", "[storage]") {
  const Folder folder;
  const ca::Buckets buckets{std::make_shared<ca::DirectoryBucket>(folder.options())};
  CHECK(ca::find_bucket(buckets, "reports") == buckets[0].get());
  for (const char* name : {"", "report", "reports/", "Reports", "../reports"}) {
    CHECK(ca::find_bucket(buckets, name) == nullptr);
  }
}
