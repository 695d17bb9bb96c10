#pragma once
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "ca/authority/authority_service.hpp"
#include "ca/base/pem.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "tests/integration/authority/faulty_ledger.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/software_signer.hpp"

namespace test {

// A whole authority on a store of its own; restart() is what a crash and a new start leave of it.
class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void restart();
  void stop();  // until restart() nothing has the store open
  [[nodiscard]] static ca::Caller caller(const std::string& principal = "admin",
                                         const std::string& account = "123456789012");
  // The code that `call` throws; fails the test when it throws nothing.
  static ca::Code code_of(const std::function<void()>& call);
  // How many audit events of that type there are.
  [[nodiscard]] std::size_t events(const std::string& type) const;
  [[nodiscard]] ca::CertificateState state_of(const ca::CertificateArn& arn) const;
  // Whether the service has told an operator something with these words.
  [[nodiscard]] bool noticed(const std::string& words) const;
  // Blocks until `done`, at most a minute; false when it never was.
  static bool eventually(const std::function<bool()>& done);

  ca::AuthorityArn create(ca::AuthorityType type, const std::string& common_name,
                          const std::string& usage_mode = "GENERAL_PURPOSE");
  ca::AuthorityArn active_root(const std::string& common_name = "Test Root",
                               const std::string& usage_mode = "GENERAL_PURPOSE");
  ca::AuthorityArn active_subordinate(const ca::AuthorityArn& issuer, const std::string& common_name,
                                      int path_length);
  ca::IssuanceOrder order(const ca::AuthorityArn& authority, const std::string& csr_pem,
                          const std::string& template_name = "EndEntityCertificate") const;
  ca::ProvisioningProfile profile(const ca::AuthorityArn& authority) const;

  mutable std::mutex notices_mutex;
  std::string notices;

  std::filesystem::path folder;
  FakeClock clock;
  SoftwareSigner signer;
  FaultyLedger ledger;                  // before the store
  ca::AuthorityServiceOptions options;  // with one bucket for reports: "reports", a folder of that name
  std::vector<ca::ProvisioningProfile> profiles;
  std::unique_ptr<ca::PolicyEngine> policy;
  std::unique_ptr<ca::SqliteStore> store;
  std::unique_ptr<ca::AuthorityService> service;
};

}  // namespace test
