#include "daemon/wiring/named_files.hpp"

#include "ca/base/error.hpp"
#include "daemon/net/tls_context.hpp"
#include "daemon/wiring/key_ring.hpp"
#include "daemon/wiring/module_options.hpp"
#include "daemon/wiring/secret_file.hpp"

namespace wiring {

std::vector<std::string> problems_of_named_files(const config::Options& options,
                                                 const config::PrincipalsFile& principals) {
  std::vector<std::string> problems;
  const auto note = [&](const auto& read) {
    try {
      read();
    } catch (const ca::Error& error) {
      problems.emplace_back(error.what());
    }
  };
  note([&] { (void)net::load_tls(api_listener(options).tls.value()); });
  note([&] { (void)read_key_ring(principals); });
  for (const config::BucketOptions& bucket : options.buckets) {
    if (bucket.s3) {
      note([&] { (void)read_secret(bucket.s3->secret_access_key); });
    }
  }
  return problems;
}

}  // namespace wiring
