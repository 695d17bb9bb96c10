#include "config/ceremony.hpp"

#include "config/problem.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/config/temporary_folder.hpp"

namespace {

std::string script(int path_length_of_root, int path_length_below) {
  return "name: root-g1\n"
         "state: state\n"
         "output: out\n"
         "shares: shares\n"
         "token: {module: module.so, label: root-g1}\n"
         "threshold: 2\n"
         "custodians: [{role: one, key: a.pub}, {role: two, key: a.pub}]\n"
         "root: {subject: CN=Root G1, key_algorithm: EC_secp384r1, signing_algorithm: SHA384WITHECDSA,\n"
         "       validity: 5475d, path_length: " +
         std::to_string(path_length_of_root) +
         "}\n"
         "sign_subordinate: {csr: a.csr, validity: 1825d, path_length: " +
         std::to_string(path_length_below) + "}\n";
}

// The keys that something is wrong with.
std::vector<std::string> wrong_in(const std::string& text) {
  const TemporaryFolder folder;
  folder.write("a.pub", "a key");
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

}  // namespace

TEST_CASE("ceremony: a path is shorter than the root's, so a root of length 0 signs no authority",
          "[config]") {
  using Keys = std::vector<std::string>;
  CHECK(wrong_in(script(2, 1)) == Keys{});
  CHECK(wrong_in(script(1, 0)) == Keys{});
  CHECK(wrong_in(script(1, 1)) == Keys{"sign_subordinate.path_length"});
  CHECK(wrong_in(script(0, 0)) == Keys{"sign_subordinate.path_length"});
}
