#include "daemon/cli/offline_authority.hpp"

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "ca/base/error.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/offline_authority_parts.hpp"
#include "daemon/cli/output_file.hpp"

namespace cli {
namespace {

constexpr const char* kRenewal = " renewal ";

// Not a region or account of any cloud: what is made here cannot be taken for the daemon's.
constexpr const char* kRegion = "offline";
constexpr const char* kAccount = "000000000000";
constexpr const char* kOperator = "operator";
constexpr const char* kEverything =
    R"({"Version":"2012-10-17","Statement":[{"Sid":"OperatorAtTheKeyboard","Effect":"Allow","Action":"acm-pca:*","Resource":"*"}]})";

std::filesystem::path memory_file(const std::filesystem::path& folder) { return folder / "offline.json"; }

// What the command line leaves out comes from the folder.
TokenArguments completed(const std::filesystem::path& folder, TokenArguments token) {
  std::ifstream stream{memory_file(folder)};
  if (stream) {
    const auto memory = nlohmann::json::parse(stream, nullptr, false);
    const auto fill = [&](const char* name, std::string& target) {
      if (target.empty() && memory.is_object() && memory.contains(name) && memory[name].is_string()) {
        target = memory[name].get<std::string>();
      }
    };
    fill("module", token.module);
    fill("token", token.token);
    fill("pin_source", token.pin_source);
  }
  if (token.module.empty() || token.token.empty() || token.pin_source.empty()) {
    throw Failure{"which token holds the key is not known", folder.string(),
                  "give --module, --token and --pin-source"};
  }
  return token;
}

std::filesystem::path usable(const std::filesystem::path& folder, bool create) {
  if (create) {
    std::filesystem::create_directories(folder);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  }
  if (!create && !std::filesystem::exists(folder / "ledger.db")) {
    throw Failure{
        "there is no offline authority in this folder", folder.string(),
        "name the root's folder, or bring its backup; a new root is made with chancery ca init-root",
        "nothing was signed"};
  }
  return std::filesystem::absolute(folder);
}

}  // namespace

ca::AuthorityServiceOptions offline_options(const PublishedFiles& published) {
  ca::AuthorityServiceOptions options;
  options.regions = {kRegion};
  options.key_token = kOfflineToken;
  // A person waits: a slow token is no reason to hand out a promise.
  options.create_wait = std::chrono::minutes{2};
  options.issue_wait = std::chrono::minutes{1};
  options.sign_deadline = std::chrono::seconds{30};
  options.max_authorities = 1;
  options.revocation.published_crl = published.crl;
  options.revocation.published_ca_issuers = published.ca_issuers;
  return options;
}

std::vector<ca::Principal> operator_principal() {
  const std::string arn = std::string{"arn:aws:iam::"} + kAccount + ":user/" + kOperator;
  return {{kOperator, kAccount, arn, {ca::PolicyDocument::parse("built-in", kEverything)}}};
}

ca::Caller make_caller() {
  ca::Caller caller;
  caller.account = kAccount;
  caller.principal = kOperator;
  caller.principal_arn = operator_principal().front().arn;
  caller.region = kRegion;
  caller.request_id = ca::random_uuid();
  return caller;
}

OfflineAuthority::OfflineAuthority(const std::filesystem::path& folder, const TokenArguments& token,
                                   bool create, const PublishedFiles& published) {
  const auto where = usable(folder, create);
  const auto known = completed(where, token);
  try {
    parts_ = std::make_unique<Parts>(where, known, published);
  } catch (const ca::Error& store) {
    throw Failure{
        store.what(), where.string(),
        "end the other program that works in this folder, or bring back its backup: chancery restore",
        "nothing was signed"};
  }
  await_token(parts_->token, "nothing was signed");
  parts_->service.start([](const std::string& notice) { std::cerr << "chancery: " << notice << '\n'; });
  await_unfinished();
}

OfflineAuthority::~OfflineAuthority() = default;

ca::AuthorityService& OfflineAuthority::service() { return parts_->service; }

const ca::Caller& OfflineAuthority::operator_caller() const { return parts_->caller; }

std::optional<ca::AuthorityRecord> OfflineAuthority::authority() {
  auto page = parts_->service.list(parts_->caller, 1, "");
  if (page.authorities.empty()) {
    return std::nullopt;
  }
  return std::move(page.authorities.front());
}

void OfflineAuthority::check_key(const ca::AuthorityRecord& root) {
  constexpr auto kLimit = std::chrono::seconds{30};
  const auto spki = ca::Certificate::parse(root.certificate_der).public_key.spki_der();
  try {
    parts_->token.audit(pkcs11::Uri::parse(root.key_uri), spki, std::chrono::steady_clock::now() + kLimit);
  } catch (const pkcs11::Error& error) {
    const auto kind = error.error_class();
    if (kind != pkcs11::ErrorClass::key_missing && kind != pkcs11::ErrorClass::key_refused) {
      throw;
    }
    throw Failure{
        "the root's key in this token is not the one that its ceremony made: " + error.cause(), root.key_uri,
        "use the root's own token, or restore its backup with the vendor's tool; find out who changed "
        "this one before it is used again",
        "nothing was signed"};
  }
}

void OfflineAuthority::await_unfinished() {
  constexpr auto kLimit = std::chrono::seconds{60};
  constexpr auto kPoll = std::chrono::milliseconds{20};  // the store has figures, no events
  if (const auto begun = authority();
      begun && !begun->certificate_der.empty() && parts_->store.counts().pending > 0) {
    check_key(*begun);  // what waits would wait for ever
  }
  const auto end = std::chrono::steady_clock::now() + kLimit;
  const auto unfinished = [this] {
    const auto begun = authority();
    return (begun && begun->status == ca::AuthorityStatus::creating) || parts_->store.counts().pending > 0;
  };
  while (unfinished()) {
    if (std::chrono::steady_clock::now() >= end) {
      throw Failure{"what an interruption left is not finished: the token does not answer in time",
                    parts_->folder.string(), "run chancery doctor with the same token, then repeat the verb"};
    }
    std::this_thread::sleep_for(kPoll);
  }
}

std::string OfflineAuthority::renewal_of(const std::string& label) {
  return label + kRenewal + ca::random_uuid();
}

std::optional<ca::CertificateRecord> OfflineAuthority::issued_under(const std::string& label) {
  constexpr std::size_t kPage = 256;
  const ca::Seconds now = ca::to_seconds(parts_->clock.now());
  std::optional<ca::CertificateRecord> newest;
  ca::Inventory::ExpiryCursor after{.not_after = now, .serial_hex = {}};
  while (true) {
    auto page = parts_->store.expiring(kAccount, ca::Seconds::max(), after, kPage);
    if (page.empty()) {
      return newest;
    }
    after = {.not_after = page.back().validity.not_after, .serial_hex = page.back().serial.hex()};
    for (auto& record : page) {
      const std::string token = record.idempotency_token;
      if ((token == label || token.starts_with(label + kRenewal)) &&
          (!newest || record.requested_at > newest->requested_at)) {
        newest = std::move(record);
      }
    }
  }
}

void OfflineAuthority::remember() const {
  const nlohmann::json memory = {{"module", parts_->token_arguments.module},
                                 {"token", parts_->token_arguments.token},
                                 {"pin_source", parts_->token_arguments.pin_source}};
  OutputFile{memory_file(parts_->folder)}.write(memory.dump(2) + '\n');
}

}  // namespace cli
