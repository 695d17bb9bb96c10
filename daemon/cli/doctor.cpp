#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/options.hpp"
#include "config/principals.hpp"
#include "config/problem.hpp"
#include "daemon/cli/doctor_checks.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

struct Arguments {
  std::string config, key;
  TokenArguments token;
};

Findings check_configuration(const std::string& file, std::optional<config::Options>& options) {
  Findings findings;
  try {
    options = config::load(file);
    (void)config::load_principals(options->principals, options->authority.partition);
    findings.push_back({"configuration", true, file + " is sound", ""});
  } catch (const config::Invalid& invalid) {
    for (const config::Problem& problem : invalid.problems()) {
      findings.push_back({"configuration", false, problem.line_text(),
                          "correct this line; docs/configuration.md has every key"});
    }
  }
  return findings;
}

bool may_be_on(const pkcs11::TokenOptions& token, const pkcs11::Uri& key) {
  const bool label_fits = !key.token || !token.uri.token || *key.token == *token.uri.token;
  const bool serial_fits = !key.serial || !token.uri.serial || *key.serial == *token.uri.serial;
  return label_fits && serial_fits;
}

void append(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Findings examine_installation(const Arguments& arguments) {
  std::optional<config::Options> options;
  Findings findings = check_configuration(arguments.config, options);
  if (!options) {
    return findings;
  }
  std::vector<TrialKey> keys;
  append(findings, check_ledger(*options, keys));
  std::vector<TrialKey> homeless = keys;
  for (const config::TokenOptions& configured : options->tokens) {
    const auto token =
        token_options(configured.name, {configured.module.string(), configured.uri, configured.pin_source});
    std::vector<TrialKey> here;
    std::ranges::copy_if(keys, std::back_inserter(here),
                         [&](const TrialKey& key) { return may_be_on(token, key.uri); });
    std::erase_if(homeless, [&](const TrialKey& key) { return may_be_on(token, key.uri); });
    append(findings, check_token(token, here));
  }
  for (const TrialKey& key : homeless) {
    findings.push_back({key.name, false, "is on none of the configured tokens: " + key.uri.text(),
                        "put its token under tokens: of the configuration"});
  }
  append(findings, check_tls(options->listeners.api_tls));
  append(findings, check_buckets(*options));
  findings.push_back(check_clock());
  return findings;
}

Findings examine_token(const Arguments& arguments) {
  if (arguments.token.module.empty() || arguments.token.token.empty() || arguments.token.pin_source.empty()) {
    throw Failure{"nothing to examine", "", "give --config, or --module, --token and --pin-source"};
  }
  const auto token = token_options("cli", arguments.token);
  std::vector<TrialKey> keys;
  if (arguments.key.starts_with("pkcs11:")) {
    auto uri = pkcs11::Uri::parse(arguments.key);
    keys.push_back({uri.object.value_or("the key"), std::move(uri)});
  } else if (!arguments.key.empty()) {
    pkcs11::Uri key = token.uri;
    key.module_path.reset();
    key.object = arguments.key;
    key.type = "private";
    keys.push_back({arguments.key, std::move(key)});
  }
  return check_token(token, keys);
}

int print(const Findings& findings, Format format) {
  std::size_t wrong = 0;
  auto list = nlohmann::json::array();
  for (const Finding& finding : findings) {
    wrong += finding.ok ? 0 : 1;
    list.push_back(
        {{"check", finding.check}, {"ok", finding.ok}, {"detail", finding.detail}, {"do", finding.advice}});
  }
  if (format == Format::json) {
    print_json(std::cout, {{"ok", wrong == 0}, {"checks", list}});
    return wrong == 0 ? 0 : 1;
  }
  Table table{{"", "CHECK", "FOUND"}};
  for (const Finding& finding : findings) {
    table.row({finding.ok ? "ok" : "WRONG", finding.check, finding.detail});
    if (!finding.ok && !finding.advice.empty()) {
      table.row({"", "", "do: " + finding.advice});
    }
  }
  table.print(std::cout);
  std::cout << (wrong == 0 ? "nothing is wrong\n" : std::to_string(wrong) + " wrong\n");
  return wrong == 0 ? 0 : 1;
}

}  // namespace

void add_doctor(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb =
      parent.add_subcommand("doctor", "what is wrong with a token or a whole installation, and what to do");
  verb->add_option("--config", arguments->config,
                   "a daemon's configuration: examine everything that it names");
  add_token_arguments(*verb, arguments->token, false);
  verb->add_option("--key", arguments->key,
                   "label or URI of a key: read its attributes and sign once with it");
  verb->callback([&session, arguments] {
    session.undone = "nothing was examined";
    session.action = [&session, arguments] {
      return print(arguments->config.empty() ? examine_token(*arguments) : examine_installation(*arguments),
                   session.format);
    };
  });
}

}  // namespace cli
