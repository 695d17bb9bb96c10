#include <fstream>
#include <type_traits>

#include "ca/base/clock.hpp"
#include "ca/base/digest.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/secret_bytes.hpp"
#include "ca/base/strings.hpp"
#include "tests/support/catch.hpp"

namespace {

// The VmFlags line of the mapping that holds this address.
std::string flags_of(const void* address) {
  std::ifstream maps{"/proc/self/smaps"};
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &from, &to) == 2 && line.find('-') < 17) {
      inside = wanted >= from && wanted < to;
    }
    if (inside && line.rfind("VmFlags:", 0) == 0) {
      return line + " ";
    }
  }
  return {};
}

}  // namespace

TEST_CASE("clock: instants are written as RFC 3339 in UTC", "[base]") {
  using namespace std::chrono;
  const ca::Seconds second = sys_days{2026y / 11 / 24} + 5h + 6min + 7s;
  CHECK(ca::rfc3339(second) == "2026-11-24T05:06:07Z");
  CHECK(ca::rfc3339(ca::TimePoint{second} + 89ms) == "2026-11-24T05:06:07.089Z");
  CHECK(ca::rfc3339(ca::TimePoint{sys_days{1969y / 12 / 31}} + 23h + 1ms) == "1969-12-31T23:00:00.001Z");
  CHECK(ca::to_seconds(ca::TimePoint{second} + 999ms) == second);
}

TEST_CASE("clock: the system clock goes forward", "[base]") {
  const ca::SystemClock clock;
  const ca::TimePoint first = clock.now();
  CHECK(clock.now() >= first);
  CHECK(first > std::chrono::sys_days{std::chrono::year{2024} / 1 / 1});
}

TEST_CASE("digest: published vectors hold", "[base]") {
  const ca::ByteView abc = ca::bytes_of("abc");
  CHECK(ca::to_hex(ca::sha256(abc)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(ca::to_hex(ca::sha1(abc)) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(ca::to_hex(ca::sha384(abc)).rfind("cb00753f45a35e8bb5a03d699ac65007", 0) == 0);
  CHECK(ca::to_hex(ca::sha512(abc)).rfind("ddaf35a193617abacc417349ae204131", 0) == 0);
  CHECK(ca::to_hex(ca::sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // RFC 4231, test case 2
  CHECK(ca::to_hex(ca::hmac_sha256(ca::bytes_of("Jefe"), ca::bytes_of("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(ca::to_hex(ca::hmac_sha256({}, {})) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("digest: secrets are equal when all bytes are", "[base]") {
  CHECK(ca::equal_secrets(ca::bytes_of("abc"), ca::bytes_of("abc")));
  CHECK_FALSE(ca::equal_secrets(ca::bytes_of("abc"), ca::bytes_of("abd")));
  CHECK_FALSE(ca::equal_secrets(ca::bytes_of("abc"), ca::bytes_of("ab")));
  CHECK(ca::equal_secrets({}, {}));
}

TEST_CASE("secret bytes: the pages are locked and kept out of core files and gone at the end",
          "[base][I18]") {
  const std::uint8_t* where = nullptr;
  {
    const ca::SecretBytes secret{ca::bytes_of("correct horse")};
    where = secret.view().data();
    CHECK(ca::text_of(secret.view()) == "correct horse");
    const std::string flags = flags_of(where);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // the sanitizers make mlock do nothing
    CHECK(flags.find(" lo ") != std::string::npos);
#endif
    CHECK(flags.find(" dd ") != std::string::npos);
  }
  CHECK(flags_of(where).find(" lo ") == std::string::npos);
}

TEST_CASE("secret bytes: they move and never copy", "[base][I18]") {
  static_assert(!std::is_copy_constructible_v<ca::SecretBytes>);
  static_assert(!std::is_copy_assignable_v<ca::SecretBytes>);
  ca::SecretBytes first{ca::bytes_of("one")};
  ca::SecretBytes second{std::move(first)};
  CHECK(ca::text_of(second.view()) == "one");
  first = ca::SecretBytes{ca::bytes_of("two")};
  second = std::move(first);
  CHECK(ca::text_of(second.view()) == "two");
  CHECK(ca::SecretBytes{}.empty());
  CHECK(ca::SecretBytes{ca::ByteView{}}.empty());
  const ca::SecretBytes large{ca::Bytes(10000, 7)};
  CHECK(large.view().size() == 10000);
}

TEST_CASE("strings: parts and cases", "[base]") {
  CHECK(ca::split("a:b::c", ':') == std::vector<std::string>{"a", "b", "", "c"});
  CHECK(ca::split("", ':') == std::vector<std::string>{""});
  CHECK(ca::ascii_lower("AbZ-\xC3\x84") == "abz-\xC3\x84");
}

TEST_CASE("strings: wildcards match as in IAM", "[base][I11]") {
  CHECK(ca::matches_wildcard("*", ""));
  CHECK(ca::matches_wildcard("a*c", "abbbc"));
  CHECK(ca::matches_wildcard("a*c*e", "abcde"));
  CHECK(ca::matches_wildcard("a?c", "abc"));
  CHECK(ca::matches_wildcard("*b*", "abc"));
  CHECK(ca::matches_wildcard("a**", "a"));
  CHECK(ca::matches_wildcard("*aab", "aaab"));
  CHECK_FALSE(ca::matches_wildcard("a?c", "ac"));
  CHECK_FALSE(ca::matches_wildcard("", "a"));
  CHECK_FALSE(ca::matches_wildcard("abc", "ab"));
  CHECK_FALSE(ca::matches_wildcard("ab", "abc"));
  CHECK_FALSE(ca::matches_wildcard("a*d", "abc"));
  CHECK_FALSE(ca::matches_wildcard("A*", "abc"));
  // A pattern made to be slow stays within pattern times text.
  std::string pattern;
  for (int i = 0; i < 200; ++i) {
    pattern += "*a";
  }
  CHECK_FALSE(ca::matches_wildcard(pattern + "*b", std::string(20000, 'a')));
}

TEST_CASE("digest: SHA-256 of pieces is that of the whole", "[base]") {
  ca::Sha256Stream stream;
  for (const std::string piece : {"", "a", "b", "c"}) {
    stream.update(ca::bytes_of(piece));
  }
  CHECK(ca::to_hex(stream.finish()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
