#pragma once
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "ca/base/pem.hpp"

namespace test {

// The DER of golden/<name>.pem; golden/README says who wrote it.
inline ca::Bytes golden(const std::string& name) {
  std::ifstream file{std::string{CHANCERY_TEST_SOURCE_DIR} + "/golden/" + name + ".pem"};
  if (!file) {
    throw std::runtime_error{"no golden file " + name};
  }
  const std::string text{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  return ca::parse_pem(text, 1).at(0).der;
}

}  // namespace test
