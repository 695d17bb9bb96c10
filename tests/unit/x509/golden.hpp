#pragma once
#include <string>

#include "ca/base/pem.hpp"
#include "tests/support/source.hpp"

namespace test {

// The DER of golden/<name>.pem; golden/README says who wrote it.
inline ca::Bytes golden(const std::string& name) {
  return ca::parse_pem(source_text("tests/unit/x509/golden/" + name + ".pem"), 1).at(0).der;
}

}  // namespace test
