#include "pkcs11/pin.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "pkcs11/error.hpp"
#include "tests/support/catch.hpp"

using pkcs11::ByteView;
using pkcs11::Error;
using pkcs11::Pin;
using pkcs11::PinSource;

namespace {

class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "chancery-pin-XXXXXX").string();
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    const std::string path = path_ + "/" + name;
    std::ofstream{path} << content;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string text_of(const Pin& pin) { return {reinterpret_cast<const char*>(pin.data()), pin.size()}; }

std::string refusal_of(const std::string& source) {
  try {
    static_cast<void>(PinSource::parse(source).read());
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("pin: a file gives its content without one trailing newline", "[pkcs11]") {
  const Folder folder;
  CHECK(text_of(PinSource::parse("file:" + folder.file("a", "1234\n")).read()) == "1234");
  CHECK(text_of(PinSource::parse("file:" + folder.file("b", "user:pass word")).read()) == "user:pass word");
  CHECK(text_of(PinSource::parse("file://" + folder.file("c", "x", 0400)).read()) == "x");
  const std::string longest(255, 'p');
  CHECK(text_of(PinSource::parse("file:" + folder.file("d", longest + "\n")).read()) == longest);
}

TEST_CASE("pin: a file is read anew each time", "[pkcs11]") {
  const Folder folder;
  const auto source = PinSource::parse("file:" + folder.file("a", "old"));
  CHECK(text_of(source.read()) == "old");
  static_cast<void>(folder.file("a", "new"));
  CHECK(text_of(source.read()) == "new");
}

TEST_CASE("pin: a file that holds no single PIN or is open to others is refused without its content",
          "[pkcs11][I18]") {
  const Folder folder;
  const std::string secret = "secret-4711";
  for (const mode_t mode : {0644U, 0640U, 0604U, 0660U, 0610U, 0601U}) {
    CHECK_THAT(refusal_of("file:" + folder.file("open", secret, mode)), Contains("chmod 0600"));
  }
  CHECK_THAT(refusal_of("file:" + folder.file("long", secret + std::string(255, 'x'))), Contains("255"));
  CHECK_THAT(refusal_of("file:" + folder.file("lines", secret + "\n" + secret)), Contains("one line"));
  CHECK_THAT(refusal_of("file:" + folder.file("crumbs", secret + "\n\n")), Contains("one line"));
  CHECK_THAT(refusal_of("file:" + folder.file("zero", secret + std::string(1, '\0'))), Contains("one line"));
  CHECK_THAT(refusal_of("file:" + folder.file("empty", "\n")), Contains("empty"));
  CHECK_THAT(refusal_of("file:" + folder.path()), Contains("regular file"));
  CHECK_THAT(refusal_of("file:" + folder.path() + "/none"), Contains("cannot be opened"));
  CHECK(refusal_of("file:" + folder.path() + "/lines").find(secret) == std::string::npos);
}

TEST_CASE("pin: a fifo in the place of the file does not block", "[pkcs11][I16]") {
  const Folder folder;
  const std::string path = folder.path() + "/fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THAT(refusal_of("file:" + path), Contains("regular file"));
}

TEST_CASE("pin: a systemd credential is found by its name", "[pkcs11]") {
  const Folder folder;
  static_cast<void>(folder.file("hsm-pin", "1234", 0440));  // as an ACL mask shows
  static_cast<void>(folder.file("open", "1234", 0444));
  ::setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  CHECK(text_of(PinSource::parse("credential:hsm-pin").read()) == "1234");
  CHECK_THAT(refusal_of("credential:open"), Contains("open to others"));
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK_THAT(refusal_of("credential:hsm-pin"), Contains("LoadCredential"));
}

TEST_CASE("pin: a descriptor is read once and gives the same PIN again", "[pkcs11]") {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "1234\n", 5) == 5);
  ::close(ends[1]);
  const auto source = PinSource::parse("fd:" + std::to_string(ends[0]));
  const PinSource copy = source;
  CHECK(text_of(source.read()) == "1234");
  CHECK(text_of(copy.read()) == "1234");
  CHECK(::fcntl(ends[0], F_GETFD) == -1);
}

TEST_CASE("pin: an unknown form of source is refused without its text", "[pkcs11][I18]") {
  for (const std::string text :
       {"4711-pin", "", "file:", "env:PIN4711", "fd:", "fd:-1", "fd:1x", "credential:", "credential:../4711",
        "credential:a/b", "credential:.", "pass:4711"}) {
    INFO(text);
    CHECK_THROWS_AS(PinSource::parse(text), Error);
    CHECK(refusal_of(text).find("4711") == std::string::npos);
  }
  CHECK_THROWS_AS(PinSource{}.read(), Error);
}

TEST_CASE("pin: it moves and compares", "[pkcs11]") {
  const auto pin_of = [](const std::string& text) {
    return Pin{ByteView{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}};
  };
  Pin one = pin_of("1234");
  CHECK(one.same_as(pin_of("1234")));
  CHECK_FALSE(one.same_as(pin_of("1235")));
  CHECK_FALSE(one.same_as(pin_of("12345")));
  Pin two = std::move(one);
  CHECK(text_of(two) == "1234");
  one = pin_of("9");
  one = std::move(two);
  CHECK(text_of(one) == "1234");
}
