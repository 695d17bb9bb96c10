#pragma once
#include <string>
#include <vector>

#include "config/options.hpp"
#include "config/problem.hpp"
#include "tests/unit/config/temporary_folder.hpp"

// The smallest file that is sound; SoundFolder holds what it names.
inline constexpr const char* kSound = R"(listeners:
  api:
    port: 8443
    tls:
      certificate: tls.pem
      private_key: key.pem
tokens:
  - name: issuing
    uri: pkcs11:token=issuing
    module: module.so
    pin_source: file:pin
ledger:
  path: ledger.db
principals: principals.yaml
)";

class SoundFolder : public TemporaryFolder {
 public:
  SoundFolder() {
    for (const char* name : {"tls.pem", "key.pem", "module.so", "pin", "principals.yaml"}) {
      write(name, "x");
    }
  }
  [[nodiscard]] config::Options load(const std::string& text) const {
    return config::load(write("chancery.yaml", text));
  }
  [[nodiscard]] std::vector<config::Problem> problems(const std::string& text) const {
    try {
      (void)load(text);
    } catch (const config::Invalid& invalid) {
      return invalid.problems();
    }
    return {};
  }
  // The text of the one problem at that key; empty when there is none.
  [[nodiscard]] std::string problem_at(const std::string& text, const std::string& key) const {
    for (const auto& problem : problems(text)) {
      if (problem.key == key) {
        return problem.text;
      }
    }
    return "";
  }
};
