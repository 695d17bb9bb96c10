#include "ca/authority/report_file.hpp"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

#include "tests/support/catch.hpp"

namespace fs = std::filesystem;

namespace {

constexpr const char* kKey = "audit-report/authority/report.csv";

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "chancery-report-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] fs::path file() const { return path / kKey; }
  [[nodiscard]] std::string text() const {
    std::ifstream in{file()};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator{path}) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }
};

int trouble_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

}  // namespace

TEST_CASE("report file: nobody sees half of it", "[authority][I5]") {
  const Folder folder;
  {
    ca::ReportFile file{folder.path, kKey};
    file.write("one\n");
    CHECK_FALSE(fs::exists(folder.file()));
    file.write("two\n");
    CHECK(file.size() == 8);
    CHECK(file.keep() == ca::sha256(ca::bytes_of("one\ntwo\n")));
  }
  CHECK(folder.text() == "one\ntwo\n");
  CHECK(folder.files() == 1);
  struct stat found {};
  REQUIRE(::stat(folder.file().c_str(), &found) == 0);
  CHECK((found.st_mode & S_IRWXO) == 0);
}

TEST_CASE("report file: what is not kept leaves nothing, and the earlier file stays", "[authority][I5]") {
  const Folder folder;
  { ca::ReportFile{folder.path, kKey}.write("half"); }
  CHECK(folder.files() == 0);
  {
    ca::ReportFile file{folder.path, kKey};
    file.write("whole");
    (void)file.keep();
  }
  { ca::ReportFile{folder.path, kKey}.write("half"); }
  CHECK(folder.text() == "whole");
}

TEST_CASE("report file: what a crash left is no obstacle and no way elsewhere", "[authority][I19]") {
  const Folder folder;
  fs::create_directories(folder.file().parent_path());
  std::ofstream{folder.path / "victim"} << "untouched";
  fs::create_symlink(folder.path / "victim", folder.file().string() + ".part");
  ca::ReportFile file{folder.path, kKey};
  file.write("whole");
  (void)file.keep();
  CHECK(folder.text() == "whole");
  CHECK(std::ifstream{folder.path / "victim"}.peek() == 'u');
}

TEST_CASE("report file: a folder that is not there is not made, and a file is no folder", "[authority]") {
  const Folder folder;
  CHECK(trouble_of([&] { ca::ReportFile{folder.path / "absent", kKey}; }) == ENOENT);
  CHECK_FALSE(fs::exists(folder.path / "absent"));
  std::ofstream{folder.path / "audit-report"} << "in the way";
  CHECK(trouble_of([&] { ca::ReportFile{folder.path, kKey}; }) == ENOTDIR);
}

TEST_CASE("report file: a full disk may pass, a missing folder does not", "[authority]") {
  const auto passes = [](int trouble) { return ca::may_pass({trouble, std::generic_category()}); };
  for (const int trouble : {ENOSPC, EDQUOT, EIO, EMFILE, ENOMEM, ESTALE}) {
    CHECK(passes(trouble));
  }
  for (const int trouble : {ENOENT, ENOTDIR, EACCES, EPERM, EROFS, EISDIR}) {
    CHECK_FALSE(passes(trouble));
  }
}
