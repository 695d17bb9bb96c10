#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "ca/base/digest.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/pem.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/offline_authority.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

struct Arguments {
  std::string state, subject, key_algorithm = "EC_secp384r1", signing_algorithm, validity = "5475d", out;
  TokenArguments token;
};

ca::KeyAlgorithm key_algorithm(const std::string& name) {
  const auto algorithm = ca::key_algorithm_from_api(name);
  if (!algorithm) {
    throw Failure{"unknown key algorithm '" + name + "'", "--key-algorithm",
                  "use EC_prime256v1, EC_secp384r1, EC_secp521r1, RSA_2048, RSA_3072 or RSA_4096"};
  }
  return *algorithm;
}

ca::SigningAlgorithm signing_algorithm(const std::string& name, ca::KeyAlgorithm key) {
  if (name.empty()) {
    return natural_signing_algorithm(key);
  }
  const auto algorithm = ca::signing_algorithm_from_api(name);
  if (!algorithm) {
    throw Failure{"unknown signing algorithm '" + name + "'", "--signing-algorithm",
                  "use for example SHA384WITHECDSA"};
  }
  return *algorithm;
}

// A ceremony that was interrupted goes on with the authority that it began.
ca::AuthorityRecord created(OfflineAuthority& offline, const Arguments& arguments) {
  const auto subject = ca::encode_subject(ca::parse_subject_text(arguments.subject));
  if (auto begun = offline.authority()) {
    if (begun->status == ca::AuthorityStatus::active) {
      throw Failure{"this folder already has its root", arguments.state,
                    "sign with chancery ca sign, or choose another --state for another root"};
    }
    if (begun->subject_der != subject.der()) {
      throw Failure{"this folder began a root with another subject", arguments.state,
                    "choose another --state"};
    }
    return *std::move(begun);
  }
  ca::CreateAuthorityOrder order;
  order.type = ca::AuthorityType::root;
  order.key_algorithm = key_algorithm(arguments.key_algorithm);
  order.signing_algorithm = signing_algorithm(arguments.signing_algorithm, order.key_algorithm);
  order.subject = subject;
  order.configuration_json = order.revocation_json = "{}";
  order.usage_mode = "GENERAL_PURPOSE";
  order.key_storage_security_standard = "FIPS_140_2_LEVEL_3_OR_HIGHER";
  const auto arn = offline.service().create(offline.operator_caller(), order);
  return offline.service().describe(offline.operator_caller(), arn);
}

void show(const ca::AuthorityRecord& root, const ca::Certificate& certificate, const Arguments& arguments,
          Format format) {
  const std::string fingerprint = ca::to_hex(ca::sha256(certificate.der));
  const std::string not_after = ca::rfc3339(certificate.validity.not_after);
  if (format == Format::json) {
    print_json(std::cout, {{"subject", certificate.subject.text()},
                           {"key", root.key_uri},
                           {"key_algorithm", ca::api_name(root.key_algorithm)},
                           {"signing_algorithm", ca::api_name(root.signing_algorithm)},
                           {"not_after", not_after},
                           {"sha256", fingerprint},
                           {"certificate", arguments.out}});
    return;
  }
  print_pairs(std::cout, {{"root", certificate.subject.text()},
                          {"key", root.key_uri},
                          {"key algorithm", std::string{ca::api_name(root.key_algorithm)}},
                          {"signed with", std::string{ca::api_name(root.signing_algorithm)}},
                          {"valid until", not_after},
                          {"SHA-256", fingerprint},
                          {"written to", arguments.out}});
}

int init_root(const Arguments& arguments, Format format) {
  const int days = days_of(arguments.validity);
  OfflineAuthority offline{arguments.state, arguments.token, true};
  const ca::AuthorityRecord root = created(offline, arguments);
  offline.remember();
  auto& service = offline.service();
  const auto& caller = offline.operator_caller();
  ca::IssuanceOrder order;
  order.authority = root.arn;
  order.csr_pem = service.csr(caller, root.arn);
  order.template_arn = template_arn_text("RootCACertificate");
  order.signing_algorithm = root.signing_algorithm;
  order.validity = {.value = days, .type = ca::ValidityRequest::Type::days};
  // Asked again after an interruption, the same certificate comes back.
  order.idempotency_token = "init-root";
  const auto arn = service.issue(caller, order);
  const auto issued = service.certificate(caller, root.arn, arn);
  service.import_certificate(caller, {root.arn, issued.certificate, std::nullopt});
  write_certificate(arguments.out, issued.certificate);
  show(root, read_certificate(issued.certificate), arguments, format);
  return 0;
}

}  // namespace

void add_ca_init_root(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("init-root",
                                     "make a root: a key pair in its token and its self-signed certificate");
  verb->add_option("--state", arguments->state, "folder of the offline authority")->required();
  add_token_arguments(*verb, arguments->token, true);
  verb->add_option("--subject", arguments->subject, "such as \"CN=Example Root,O=Example,C=US\"")->required();
  verb->add_option("--key-algorithm", arguments->key_algorithm, "default EC_secp384r1");
  verb->add_option("--signing-algorithm", arguments->signing_algorithm, "default: the one that fits the key");
  verb->add_option("--validity", arguments->validity, "default 5475d (15 years)");
  verb->add_option("--out", arguments->out, "where the certificate goes (PEM)")->required();
  verb->callback([&session, arguments] {
    session.action = [&session, arguments] { return init_root(*arguments, session.format); };
  });
}

}  // namespace cli
