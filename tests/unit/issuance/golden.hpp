#pragma once
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include "ca/base/hex.hpp"
#include "tests/support/source.hpp"

// Files of tests/unit/issuance/golden: a first line that says what it is, then hex. With
// CHANCERY_WRITE_GOLDEN set in the environment they are written instead of compared; read the difference
// before it is committed.
namespace test {

inline std::string golden_path(const std::string& name) {
  return test::source("tests/unit/issuance/golden/" + name + ".hex");
}

inline ca::Bytes read_golden(const std::string& name) {
  std::ifstream file{golden_path(name)};
  std::string hex;
  bool described = false;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind('#', 0) == 0) {
      described = true;
    } else {
      hex += line;
    }
  }
  if (!described || hex.empty()) {
    throw std::runtime_error{"no golden file " + name +
                             ": run the tests with CHANCERY_WRITE_GOLDEN=1 and read it"};
  }
  return ca::from_hex(hex);
}

// The golden bytes; writes `actual` first when asked to.
inline ca::Bytes golden(const std::string& name, const std::string& what, const ca::Bytes& actual) {
  static constexpr std::size_t kColumns = 128;
  if (std::getenv("CHANCERY_WRITE_GOLDEN") != nullptr) {
    std::ofstream file{golden_path(name)};
    file << "# " << what << "\n";
    const std::string hex = ca::to_hex(actual);
    for (std::size_t at = 0; at < hex.size(); at += kColumns) {
      file << hex.substr(at, kColumns) << "\n";
    }
  }
  return read_golden(name);
}

}  // namespace test
