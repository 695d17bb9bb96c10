#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/certificate_request.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/offline_root.hpp"
#include "daemon/cli/output_file.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

struct Arguments {
  std::string state, csr, template_name, validity = "1825d", out;
  bool yes = false, renew = false;
  TokenArguments token;
};

std::string key_text(const ca::PublicKey& key) {
  switch (key.family()) {
    case ca::KeyFamily::rsa:
      return "RSA " + std::to_string(key.bits());
    case ca::KeyFamily::ec:
      return "EC " + std::to_string(key.bits());
    case ca::KeyFamily::ed25519:
      return "Ed25519";
  }
  return "?";
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs description(const ca::AuthorityRecord& root, const ca::CertificateRequest& csr,
                  const Arguments& arguments) {
  return {{"issuer", read_certificate(root.certificate_pem).subject.text()},
          {"subject", csr.subject.text()},
          {"subject's key", key_text(csr.public_key) + ", id " + ca::to_hex(csr.public_key.subject_key_id())},
          {"template", arguments.template_name},
          {"validity", arguments.validity},
          {"signed with", std::string{ca::api_name(root.signing_algorithm)}}};
}

// The operator reads what is about to be signed; a script says --yes.
void confirm(const Pairs& what, bool yes) {
  std::cerr << "About to sign:\n";
  print_pairs(std::cerr, what);
  if (yes) {
    return;
  }
  if (::isatty(STDIN_FILENO) == 0) {
    throw Failure{"nobody can confirm this signature", "standard input is no terminal",
                  "read the lines above and give --yes"};
  }
  std::cerr << "Type yes to sign: ";
  std::string answer;
  if (!std::getline(std::cin, answer) || answer != "yes") {
    throw Failure{"nobody typed yes", "", "repeat the command when the lines above are what is to be signed"};
  }
}

// One name for what makes a request the same request; the ledger keeps it with the certificate.
std::string label_of(const ca::CertificateRequest& csr, const std::string& template_arn, int days) {
  return ca::to_hex(ca::sha256(csr.der)) + " " + template_arn + " " + std::to_string(days) + "d";
}

// What the root's rules refuse, in the words of the command line.
ca::CertificateArn issue(OfflineAuthority& offline, const ca::AuthorityRecord& root,
                         const ca::IssuanceOrder& order, const Arguments& arguments) {
  try {
    return offline.service().issue(offline.operator_caller(), order);
  } catch (const ca::Error& refused) {
    if (refused.code() == ca::Code::malformed_csr) {
      throw Failure{refused.what(), arguments.csr, "have the authority below make another request"};
    }
    if (refused.code() == ca::Code::validity_beyond_issuer) {
      throw Failure{
          refused.what(), "--validity " + arguments.validity,
          "choose one that ends with the root, at the latest " + ca::rfc3339(root.validity->not_after)};
    }
    if (refused.code() == ca::Code::path_length_exceeded) {
      throw Failure{refused.what(), "--template " + arguments.template_name,
                    "choose one below the root's path length, which is " +
                        path_length_text(read_certificate(root.certificate_pem))};
    }
    throw;
  }
}

struct Signed {
  ca::CertificateArn arn;
  std::string pem;
};

// Signs, or finds what was signed before, so that a certificate whose file was lost is not lost.
Signed signed_certificate(OfflineAuthority& offline, const ca::AuthorityRecord& root,
                          const ca::IssuanceOrder& order, const Pairs& what, const Arguments& arguments) {
  auto& service = offline.service();
  const auto& caller = offline.operator_caller();
  const auto before = arguments.renew ? std::nullopt : offline.issued_under(order.idempotency_token.value());
  if (before) {
    std::cerr << "This folder signed the same request at "
              << ca::rfc3339(ca::to_seconds(before->requested_at))
              << ": that certificate is written, nothing is signed (--renew signs another).\n";
    return {before->arn(), service.certificate(caller, root.arn, before->arn()).certificate};
  }
  offline.check_key(root);
  confirm(what, arguments.yes);
  const auto arn = issue(offline, root, order, arguments);
  return {arn, service.certificate(caller, root.arn, arn).certificate};
}

// An offline root certifies authorities and nothing else, and chooses every extension itself.
void check_template(const std::string& name) {
  static constexpr std::string_view kFamily = "SubordinateCACertificate_PathLen";
  const bool fits = name.size() == kFamily.size() + 1 && name.starts_with(kFamily) && name.back() >= '0' &&
                    name.back() <= '3';
  if (!fits) {
    throw Failure{"an offline root signs authorities only, not with the template '" + name + "'",
                  "--template", "choose SubordinateCACertificate_PathLen0 to _PathLen3"};
  }
}

ca::CertificateRequest read_request(const std::string& pem, const std::string& file) {
  try {
    return ca::CertificateRequest::parse_pem(pem);
  } catch (const ca::Error& error) {
    throw Failure{error.what(), file,
                  "give the subordinate's CSR as the daemon hands it out, in PEM: it begins with -----BEGIN "
                  "CERTIFICATE REQUEST-----"};
  }
}

int sign(const Arguments& arguments, Format format) {
  check_template(arguments.template_name);
  const int days = days_of(arguments.validity);
  ca::IssuanceOrder order;
  order.csr_pem = read_text(arguments.csr);
  const auto csr = read_request(order.csr_pem, arguments.csr);
  OutputFile out{arguments.out};
  OfflineAuthority offline{arguments.state, arguments.token, false};
  const ca::AuthorityRecord root = active_root(offline, arguments.state);
  auto what = description(root, csr, arguments);

  order.authority = root.arn;
  order.template_arn = template_arn_text(arguments.template_name);
  order.signing_algorithm = root.signing_algorithm;
  order.validity = {.value = days, .type = ca::ValidityRequest::Type::days};
  const std::string label = label_of(csr, order.template_arn, days);
  order.idempotency_token = arguments.renew ? OfflineAuthority::renewal_of(label) : label;
  const auto [arn, pem] = signed_certificate(offline, root, order, what, arguments);
  out.write(pem + '\n');

  what.emplace_back("serial", arn.serial.hex());
  what.emplace_back("valid until", ca::rfc3339(read_certificate(pem).validity.not_after));
  what.emplace_back("written to", arguments.out);
  if (format == Format::json) {
    nlohmann::json object;
    for (const auto& [name, value] : what) {
      object[name] = value;
    }
    print_json(std::cout, object);
  } else {
    print_pairs(std::cout, what);
  }
  return 0;
}

}  // namespace

void add_ca_sign(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("sign", "sign a subordinate authority's CSR with the offline root");
  verb->add_option("--state", arguments->state, "folder of the offline authority")->required();
  verb->add_option("--csr", arguments->csr, "the request (PEM)")->required();
  verb->add_option("--template", arguments->template_name,
                   "SubordinateCACertificate_PathLen0 to _PathLen3: how many authorities may stand below it")
      ->required();
  verb->add_option("--validity", arguments->validity, "default 1825d (5 years)");
  verb->add_option("--out", arguments->out, "where the certificate goes (PEM)")->required();
  verb->add_flag("--yes", arguments->yes, "sign without asking; what is signed is shown all the same");
  verb->add_flag(
      "--renew", arguments->renew,
      "another certificate although this request was signed before with this template and validity");
  add_token_arguments(*verb, arguments->token, false);
  verb->callback([&session, arguments] {
    session.undone = "nothing was signed, no file was written";
    session.action = [&session, arguments] { return sign(*arguments, session.format); };
  });
}

}  // namespace cli
