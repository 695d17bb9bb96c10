#include "tests/integration/authority/world.hpp"

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "ca/storage/directory_bucket.hpp"
#include "tests/support/catch.hpp"

namespace test {
namespace {

constexpr const char* kAdminPolicy =
    R"({"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}]})";
constexpr const char* kProvisionerPolicy = R"({"Version":"2012-10-17","Statement":[{"Sid":"LeafTemplatesOnly",
  "Effect":"Allow","Action":["acm-pca:IssueCertificate"],"Resource":"*","Condition":{"StringEquals":{"acm-pca:TemplateArn":
  ["arn:aws:acm-pca:::template/EndEntityCertificate/V1","arn:aws:acm-pca:::template/EndEntityClientAuthCertificate/V1"]}}},
  {"Sid":"Read","Effect":"Allow","Action":["acm-pca:GetCertificate"],"Resource":"*"}]})";

ca::Principal principal(const std::string& account, const std::string& name, const char* policy) {
  return {name,
          account,
          "arn:aws:iam::" + account + ":user/" + name,
          {ca::PolicyDocument::parse(name + ".json", policy)}};
}

}  // namespace

World::World() {
  std::string pattern = (std::filesystem::temp_directory_path() / "chancery-authority-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error{"no temporary folder"};
  }
  folder = pattern;
  // Long enough for a machine that does something else; who tests a wait that ends sets a short one.
  options.issue_wait = std::chrono::seconds{20};
  options.create_wait = std::chrono::seconds{20};
  options.resume_backoff = std::chrono::milliseconds{10};
  options.sign_deadline = std::chrono::milliseconds{200};
  std::filesystem::create_directory(folder / "reports");
  options.buckets = {std::make_shared<ca::DirectoryBucket>(
      ca::DirectoryBucketOptions{.name = "reports", .directory = folder / "reports"})};
  options.revocation.url = "http://status.example.test";
  options.revocation.crl_directory = folder / "crls";
  options.revocation.crl_delay = std::chrono::milliseconds{0};
  policy = std::make_unique<ca::PolicyEngine>(std::vector<ca::Principal>{
      principal("123456789012", "admin", kAdminPolicy),
      principal("123456789012", "provisioner", kProvisionerPolicy),
      principal("999999999999", "admin", kAdminPolicy),
  });
  restart();
}

World::~World() {
  signer.set_away(false);
  service.reset();
  store.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void World::stop() {
  service.reset();
  store.reset();
}

void World::restart() {
  stop();
  store = std::make_unique<ca::SqliteStore>(
      ca::SqliteStoreOptions{.path = (folder / "ledger.sqlite").string()}, clock);
  ledger.set_store(store.get());
  service = std::make_unique<ca::AuthorityService>(options, profiles, ledger, *store, signer, *policy, clock);
  service->start([this](const std::string& notice) {
    const std::lock_guard lock{notices_mutex};
    notices += notice + "\n";
  });
}

bool World::noticed(const std::string& words) const {
  const std::lock_guard lock{notices_mutex};
  return notices.find(words) != std::string::npos;
}

ca::Caller World::caller(const std::string& principal_name, const std::string& account) {
  ca::Caller made;
  made.account = account;
  made.principal = principal_name;
  made.principal_arn = "arn:aws:iam::" + account + ":user/" + principal_name;
  made.region = "us-east-1";
  made.request_id = ca::random_uuid();
  return made;
}

ca::Code World::code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ca::Error& error) {
    UNSCOPED_INFO(error.what());
    return error.code();
  }
  FAIL("nothing was thrown");
  return ca::Code::internal;
}

std::size_t World::events(const std::string& type) const {
  std::size_t count = 0;
  for (const auto& line : store->audit_lines(0, 100000)) {
    count += line.line.find("\"type\":\"" + type + "\"") != std::string::npos ? 1U : 0U;
  }
  return count;
}

ca::CertificateState World::state_of(const ca::CertificateArn& arn) const {
  return store->certificate(arn.authority, arn.serial).value().state;
}

bool World::eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (std::chrono::steady_clock::now() < end) {
    if (done()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return false;
}

ca::AuthorityArn World::create(ca::AuthorityType type, const std::string& common_name,
                               const std::string& usage_mode) {
  ca::SubjectFields subject;
  subject.common_name = common_name;
  ca::CreateAuthorityOrder order;
  order.type = type;
  order.subject = ca::encode_subject(subject);
  order.usage_mode = usage_mode;
  return service->create(caller(), order);
}

ca::AuthorityArn World::active_root(const std::string& common_name, const std::string& usage_mode) {
  const auto arn = create(ca::AuthorityType::root, common_name, usage_mode);
  auto request = order(arn, service->csr(caller(), arn), "RootCACertificate");
  request.validity.value = 3650;
  const auto certificate = service->issue(caller(), request);
  const auto pem = service->certificate(caller(), arn, certificate);
  service->import_certificate(caller(), {arn, pem.certificate, std::nullopt});
  return arn;
}

ca::AuthorityArn World::active_subordinate(const ca::AuthorityArn& issuer, const std::string& common_name,
                                           int path_length) {
  const auto arn = create(ca::AuthorityType::subordinate, common_name);
  auto request = order(issuer, service->csr(caller(), arn),
                       "SubordinateCACertificate_PathLen" + std::to_string(path_length));
  request.validity.value = 1825;
  const auto certificate = service->issue(caller(), request);
  const auto pem = service->certificate(caller(), issuer, certificate);
  service->import_certificate(caller(), {arn, pem.certificate, pem.chain});
  return arn;
}

ca::IssuanceOrder World::order(const ca::AuthorityArn& authority, const std::string& csr_pem,
                               const std::string& template_name) const {
  ca::IssuanceOrder made;
  made.authority = authority;
  made.csr_pem = csr_pem;
  made.template_arn = "arn:aws:acm-pca:::template/" + template_name + "/V1";
  made.validity = {.value = 90, .type = ca::ValidityRequest::Type::days};
  return made;
}

ca::ProvisioningProfile World::profile(const ca::AuthorityArn& authority) const {
  ca::ProvisioningProfile made;
  made.authority = authority;
  made.names.common_names = {"{device_id}"};
  made.names.dns_names = {"{device_id}.devices.example"};
  return made;
}

}  // namespace test
