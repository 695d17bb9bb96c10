#pragma once
#include <string>

namespace test {

// The path of a file of the tree, named from its root: "config/samples/chancery.yaml".
[[nodiscard]] std::string source(const std::string& name);
// What stands in it. Throws std::runtime_error when it is not there.
[[nodiscard]] std::string source_text(const std::string& name);

}  // namespace test
