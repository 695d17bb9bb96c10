#include "config/ceremony.hpp"

#include <array>

#include "ca/base/error.hpp"
#include "config/ceremony_keys.hpp"
#include "config/problem.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/config/temporary_folder.hpp"

namespace {

constexpr const char* kKeyA =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
    "EB";
constexpr std::size_t kLastOctets = 70;  // of the key, in its base64

std::string script(int path_length_of_root, int path_length_below) {
  return "name: root-g1\n"
         "state: state\n"
         "output: out\n"
         "shares: shares\n"
         "token: {module: module.so, label: root-g1}\n"
         "threshold: 2\n"
         "custodians: [{role: one, key: a.pub}, {role: two, key: b.pub}]\n"
         "root: {subject: CN=Root G1, key_algorithm: EC_secp384r1, signing_algorithm: SHA384WITHECDSA,\n"
         "       validity: 5475d, path_length: " +
         std::to_string(path_length_of_root) +
         "}\n"
         "sign_subordinate: {csr: a.csr, validity: 1825d, path_length: " +
         std::to_string(path_length_below) + "}\n";
}

std::string with_keys(const std::string& one, const std::string& two) {
  std::string text = script(2, 1);
  text.replace(text.find("a.pub"), 5, one);
  text.replace(text.rfind("b.pub"), 5, two);
  return text;
}

// The keys that something is wrong with.
std::vector<std::string> wrong_in(const std::string& text) {
  const TemporaryFolder folder;
  folder.write("a.pub", kKeyA);
  folder.write("b.pub", std::string{kKeyA}.replace(kLastOctets, 4, "BBBB") + " comment\n");
  std::vector<std::string> keys;
  try {
    (void)config::load_ceremony(folder.write("script.yaml", text));
  } catch (const config::Invalid& refused) {
    for (const auto& problem : refused.problems()) {
      keys.push_back(problem.key);
    }
  }
  return keys;
}

// Root, sign_subordinate, cross_sign.
using Lengths = std::array<std::size_t, 3>;
Lengths path_lengths(const std::string& of_root) {
  const TemporaryFolder folder;
  folder.write("a.pub", kKeyA);
  folder.write("b.pub", std::string{kKeyA}.replace(kLastOctets, 4, "BBBB"));
  std::string text = script(2, 1);
  text.replace(text.find(", path_length: 2"), 16, of_root);
  text.replace(text.find(", path_length: 1"), 16, "");
  const auto read = config::load_ceremony(
      folder.write("script.yaml", text + "cross_sign: {csr: b.csr, certificate: b.pem, validity: 1825d}\n"));
  return {read.root.path_length, read.sign_subordinate->path_length, read.cross_sign->path_length};
}

}  // namespace

TEST_CASE("ceremony: three tiers have path lengths 2, 1, 0 where the script says nothing", "[config]") {
  CHECK(path_lengths("") == Lengths{2, 1, 1});
  CHECK(path_lengths(", path_length: 3") == Lengths{3, 2, 2});
}

TEST_CASE("ceremony: a path is shorter than the root's, so a root of length 0 signs no authority",
          "[config]") {
  using Keys = std::vector<std::string>;
  CHECK(wrong_in(script(2, 1)) == Keys{});
  CHECK(wrong_in(script(1, 0)) == Keys{});
  CHECK(wrong_in(script(1, 1)) == Keys{"sign_subordinate.path_length"});
  CHECK(wrong_in(script(0, 0)) == Keys{"sign_subordinate.path_length"});
}

TEST_CASE("ceremony: each custodian's key is a public one and nobody else's", "[config]") {
  CHECK(config::signer_key_of(kKeyA) == config::signer_key_of(std::string{kKeyA} + " with a comment\n"));
  CHECK(wrong_in(with_keys("a.pub", "a.pub")) == std::vector<std::string>{"custodians[1].key"});
  CHECK(wrong_in(with_keys("script.yaml", "b.pub")) == std::vector<std::string>{"custodians[0].key"});
  for (const std::string text : {"", "a key", "ssh-ed25519", "ssh-ed25519 AAAA",
                                 "ssh-dss AAAAB3NzaC1kc3M=", "-----BEGIN OPENSSH PRIVATE KEY-----\n"}) {
    CHECK_THROWS_AS(config::signer_key_of(text), ca::Error);
  }
  // Cut at any place, it is no key, or another.
  const std::string whole = kKeyA;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS_AS(config::signer_key_of(whole.substr(0, size)), ca::Error);
  }
}
