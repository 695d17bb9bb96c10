#include "tests/support/source.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

// The one unit that knows where the tree lies: the objects of all others are the same in every checkout, so
// that a compiler cache serves them to the next one.
namespace test {

std::string source(const std::string& name) { return std::string{CHANCERY_SOURCE_DIR} + "/" + name; }

std::string source_text(const std::string& name) {
  std::ifstream file{source(name), std::ios::binary};
  if (!file) {
    throw std::runtime_error{"the tree has no " + name};
  }
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace test
