#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/pem.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/offline_root.hpp"
#include "daemon/cli/output_file.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

struct Arguments {
  std::string state, subject, key_algorithm = "EC_secp384r1", signing_algorithm, validity = "5475d",
                              path_length, out;
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

std::optional<std::size_t> path_length(const std::string& text) {
  constexpr int kMax = 3;  // as far as the templates go
  if (text == "none") {
    return std::nullopt;
  }
  if (text.size() != 1 || text.front() < '0' || text.front() > '0' + kMax) {
    throw Failure{
        "'" + text + "' is no path length", "--path-length",
        "give 0 to 3, the number of authorities that may follow one below the other, or none for no limit"};
  }
  return static_cast<std::size_t>(text.front() - '0');
}

ca::DistinguishedName subject(const std::string& text) {
  try {
    return ca::encode_subject(ca::parse_subject_text(text));
  } catch (const ca::Error& wrong) {
    throw Failure{wrong.what(), "--subject", "write it such as \"CN=Example Root,O=Example,C=US\""};
  }
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
                           {"path_length", path_length_text(certificate)},
                           {"not_after", not_after},
                           {"sha256", fingerprint},
                           {"certificate", arguments.out}});
    return;
  }
  print_pairs(std::cout, {{"root", certificate.subject.text()},
                          {"key", root.key_uri},
                          {"key algorithm", std::string{ca::api_name(root.key_algorithm)}},
                          {"signed with", std::string{ca::api_name(root.signing_algorithm)}},
                          {"path length", path_length_text(certificate)},
                          {"valid until", not_after},
                          {"SHA-256", fingerprint},
                          {"written to", arguments.out}});
}

int init_root(const Arguments& arguments, Format format) {
  RootPlan plan;
  plan.days = days_of(arguments.validity);
  if (!arguments.path_length.empty()) {
    plan.path_length = path_length(arguments.path_length);
  }
  plan.key_algorithm = key_algorithm(arguments.key_algorithm);
  plan.signing_algorithm = signing_algorithm(arguments.signing_algorithm, plan.key_algorithm);
  plan.subject = subject(arguments.subject);
  OutputFile out{arguments.out};
  OfflineAuthority offline{arguments.state, arguments.token, true};
  const OfflineRoot root = make_root(offline, plan, arguments.state);
  if (root.was_there) {
    std::cerr << "This folder has its root already: its certificate is written, nothing was signed.\n";
  }
  out.write(root.certificate_pem + '\n');
  show(root.record, read_certificate(root.certificate_pem), arguments, format);
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
  verb->add_option("--path-length", arguments->path_length,
                   "how many authorities may follow one below the other: 0 to 3, default 2 (three tiers), or "
                   "none: no limit");
  verb->add_option("--out", arguments->out, "where the certificate goes (PEM)")->required();
  verb->callback([&session, arguments] {
    session.undone = "no certificate was written";
    session.action = [&session, arguments] { return init_root(*arguments, session.format); };
  });
}

}  // namespace cli
