#include <iostream>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

#include "daemon/cli/verbs.hpp"

namespace cli {

void add_version(CLI::App& parent, Session& session) {
  parent.add_subcommand("version", "this program and the OpenSSL that it runs with")->callback([&session] {
    session.action = [&session] {
      const std::string openssl = ::OpenSSL_version(OPENSSL_VERSION);
      if (session.format == Format::json) {
        print_json(std::cout, {{"chancery", CHANCERY_VERSION}, {"openssl", openssl}});
      } else {
        print_pairs(std::cout, {{"chancery", CHANCERY_VERSION}, {"openssl", openssl}});
      }
      return 0;
    };
  });
}

}  // namespace cli
