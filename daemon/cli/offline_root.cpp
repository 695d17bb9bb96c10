#include "daemon/cli/offline_root.hpp"

#include "ca/x509/der.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"

namespace cli {
namespace {

std::string template_of(const RootPlan& plan) {
  const std::string limit = plan.path_length ? "_PathLen" + std::to_string(*plan.path_length) : "";
  return "BlankRootCACertificate" + limit + "_APIPassthrough";
}

ca::ApiPassthrough extensions_of(const RootPlan& plan) {
  ca::ApiPassthrough api;
  api.extensions = plan.constraints;
  api.extensions.push_back(
      {ca::oid::kKeyUsage, true, ca::der::named_bits(ca::kKeyCertSignBit | ca::kCrlSignBit)});
  return api;
}

// The folder's root is the one that is asked for, or this verb has nothing to do with it.
void check_same(const ca::AuthorityRecord& root, const RootPlan& asked, const std::string& folder) {
  if (root.subject_der == asked.subject.der() && root.key_algorithm == asked.key_algorithm &&
      root.signing_algorithm == asked.signing_algorithm) {
    return;
  }
  throw Failure{"this folder already has its root, which is another: " +
                    ca::DistinguishedName::parse(root.subject_der).text() + ", " +
                    std::string{ca::api_name(root.key_algorithm)} + ", " +
                    std::string{ca::api_name(root.signing_algorithm)},
                folder, "repeat the arguments that it was begun with, or choose another --state"};
}

void check_path_length(const std::string& pem, const RootPlan& asked, const std::string& folder) {
  const std::string has = path_length_text(read_certificate(pem));
  const std::string wanted = asked.path_length ? std::to_string(*asked.path_length) : "none";
  if (has != wanted) {
    throw Failure{
        "this folder already has its root, which is another: its path length is " + has + ", not " + wanted,
        folder, "repeat the arguments that it was begun with, or choose another --state"};
  }
}

// A ceremony that was interrupted goes on with the authority that it began.
ca::AuthorityRecord begun(OfflineAuthority& offline, const RootPlan& plan, const std::string& folder) {
  if (auto found = offline.authority()) {
    check_same(*found, plan, folder);
    return *std::move(found);
  }
  ca::CreateAuthorityOrder order;
  order.type = ca::AuthorityType::root;
  order.key_algorithm = plan.key_algorithm;
  order.signing_algorithm = plan.signing_algorithm;
  order.subject = plan.subject;
  order.configuration_json = "{}";
  order.usage_mode = "GENERAL_PURPOSE";
  order.key_storage_security_standard = "FIPS_140_2_LEVEL_3_OR_HIGHER";
  const auto arn = offline.service().create(offline.operator_caller(), order);
  return offline.service().describe(offline.operator_caller(), arn);
}

// The root's own certificate: signed once, whatever interrupts the steps.
ca::CertificatePem self_signed(OfflineAuthority& offline, const ca::AuthorityRecord& root,
                               const RootPlan& plan) {
  constexpr const char* kLabel = "init-root";
  auto& service = offline.service();
  const auto& caller = offline.operator_caller();
  if (const auto before = offline.issued_under(kLabel)) {
    return service.certificate(caller, root.arn, before->arn());
  }
  ca::IssuanceOrder order;
  order.authority = root.arn;
  order.csr_pem = service.csr(caller, root.arn);
  order.template_arn = template_arn_text(template_of(plan));
  order.signing_algorithm = root.signing_algorithm;
  order.validity = {.value = plan.days, .type = ca::ValidityRequest::Type::days};
  order.api = extensions_of(plan);
  order.idempotency_token = kLabel;
  return service.certificate(caller, root.arn, service.issue(caller, order));
}

}  // namespace

OfflineRoot make_root(OfflineAuthority& offline, const RootPlan& plan, const std::string& folder) {
  const ca::AuthorityRecord root = begun(offline, plan, folder);
  if (root.status == ca::AuthorityStatus::failed) {
    throw Failure{"the token cannot make the key of this folder's root", folder,
                  "choose another --state, and another --key-algorithm or token"};
  }
  if (!root.certificate_pem.empty()) {
    check_path_length(root.certificate_pem, plan, folder);
    return {root, root.certificate_pem, true};
  }
  offline.remember();
  std::string pem = self_signed(offline, root, plan).certificate;
  check_path_length(pem, plan, folder);
  offline.service().import_certificate(offline.operator_caller(), {root.arn, pem, std::nullopt});
  return {root, std::move(pem), false};
}

namespace {

// Why this root signs nothing.
Failure unfit(const std::optional<ca::AuthorityRecord>& root, const std::string& folder) {
  constexpr const char* kUndone = "nothing was signed";
  if (!root) {
    return {"this folder has no root", folder,
            "name the folder of the root; chancery ca init-root, or the ceremony's step root, makes one",
            kUndone};
  }
  switch (root->status) {
    case ca::AuthorityStatus::expired:
      return {
          "the root has expired" + (root->validity ? " at " + ca::rfc3339(root->validity->not_after) : ""),
          folder,
          "check this machine's clock; an expired root signs nothing more: make a new one in another folder",
          kUndone};
    case ca::AuthorityStatus::disabled:
      return {"the root is disabled: a signature of its token did not verify", folder,
              "find out why before this token is used again; chancery hsm prove tries its key", kUndone};
    case ca::AuthorityStatus::failed:
      return {"the token could not make the key of this folder's root", folder,
              "make a root in another folder, with another --key-algorithm or token", kUndone};
    case ca::AuthorityStatus::creating:
    case ca::AuthorityStatus::pending_certificate:
    case ca::AuthorityStatus::active:
    case ca::AuthorityStatus::deleted:
      break;
  }
  return {"this folder's root is not finished: " + std::string{ca::api_name(root->status)}, folder,
          "finish it first, with the same chancery ca init-root or the ceremony's step root", kUndone};
}

}  // namespace

ca::AuthorityRecord active_root(OfflineAuthority& offline, const std::string& folder) {
  auto root = offline.authority();
  if (!root || root->status != ca::AuthorityStatus::active) {
    throw unfit(root, folder);
  }
  return *std::move(root);
}

}  // namespace cli
