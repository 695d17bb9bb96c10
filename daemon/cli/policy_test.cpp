#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/options.hpp"
#include "config/problem.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/policy_case.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

struct Arguments {
  std::string config, principals, partition = "aws", cases, expect, template_name;
  std::vector<std::string> context;
  PolicyCase question;
};

const char* word(bool allowed) { return allowed ? "allow" : "deny"; }

PolicyDesk desk_of(const Arguments& arguments) {
  try {
    if (arguments.config.empty()) {
      return PolicyDesk{arguments.principals, arguments.partition};
    }
    const auto options = config::load(arguments.config);
    return PolicyDesk{options.principals, options.authority.partition};
  } catch (const config::Invalid& invalid) {
    std::string problems;
    for (const auto& problem : invalid.problems()) {
      problems += (problems.empty() ? "" : "\n") + problem.line_text();
    }
    throw Failure{problems, "", "chancery config check shows the same"};
  }
}

PolicyCase question_of(const Arguments& arguments) {
  PolicyCase question = arguments.question;
  if (!arguments.template_name.empty()) {
    question.context["acm-pca:TemplateArn"] = {arguments.template_name};
  }
  for (const std::string& pair : arguments.context) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      throw Failure{"'" + pair + "' is not KEY=VALUE", "--context", "for example chancery:DeviceId=SN-7"};
    }
    question.context[pair.substr(0, equals)].push_back(pair.substr(equals + 1));
  }
  if (!arguments.expect.empty()) {
    question.expected = arguments.expect == "allow";
  }
  return question;
}

int decide_one(const PolicyDesk& desk, const PolicyCase& question, Format format) {
  const PolicyOutcome outcome = desk.decide(question);
  const bool allowed = outcome.decision.allowed;
  if (format == Format::json) {
    print_json(std::cout, {{"decision", word(allowed)},
                           {"reason", outcome.decision.reason},
                           {"explanation", outcome.explanation}});
  } else {
    for (const std::string& line : outcome.explanation) {
      std::cout << line << '\n';
    }
  }
  return question.expected.value_or(allowed) == allowed ? 0 : 1;
}

int decide_all(const PolicyDesk& desk, const std::string& file, Format format) {
  auto list = nlohmann::json::array();
  std::size_t wrong = 0;
  std::size_t number = 0;
  for (const PolicyCase& question : read_policy_cases(file)) {
    const std::string name =
        question.name.empty() ? "case " + std::to_string(++number) : (++number, question.name);
    try {
      const PolicyOutcome outcome = desk.decide(question);
      const bool as_expected = question.expected == outcome.decision.allowed;
      wrong += as_expected ? 0 : 1;
      list.push_back({{"name", name},
                      {"decision", word(outcome.decision.allowed)},
                      {"reason", outcome.decision.reason},
                      {"as_expected", as_expected}});
      if (!as_expected && format == Format::table) {
        std::cout << name << ": expected " << word(*question.expected) << '\n';
        for (const std::string& line : outcome.explanation) {
          std::cout << "  " << line << '\n';
        }
      }
    } catch (const Failure& failure) {
      throw Failure{failure.what(), file + ", " + name, ""};
    }
  }
  if (format == Format::json) {
    print_json(std::cout, {{"cases", list}, {"wrong", wrong}});
  } else {
    std::cout << list.size() - wrong << " of " << list.size() << " cases are decided as expected\n";
  }
  return wrong == 0 ? 0 : 1;
}

int test(const Arguments& arguments, Format format) {
  if (arguments.config.empty() == arguments.principals.empty()) {
    throw Failure{"nobody's policies are named", "", "give --config or --principals, one of the two"};
  }
  const PolicyDesk desk = desk_of(arguments);
  if (!arguments.cases.empty()) {
    return decide_all(desk, arguments.cases, format);
  }
  return decide_one(desk, question_of(arguments), format);
}

}  // namespace

void add_policy_test(CLI::App& parent, Session& session) {
  const auto given = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand(
      "test", "decides a request by the policy files and says which statement decided; asks no daemon");
  verb->add_option("--config", given->config, "configuration file of the daemon");
  verb->add_option("--principals", given->principals, "principals file, without a configuration");
  verb->add_option("--partition", given->partition, "of the principals' ARNs, with --principals");
  auto* cases = verb->add_option("--cases", given->cases, "JSON file of cases with what is expected");
  auto* principal = verb->add_option("--principal", given->question.principal, "NAME or ACCOUNT/NAME");
  auto* action = verb->add_option("--action", given->question.action, "acm-pca:IssueCertificate");
  verb->add_option("--resource", given->question.resource, "ARN of the authority (default: *)");
  verb->add_option("--template", given->template_name, "EndEntityCertificate/V1, or an ARN");
  verb->add_option("--context", given->context, "another condition key, KEY=VALUE; may be repeated");
  verb->add_option("--resource-policy", given->question.resource_policy, "what PutPolicy attached");
  verb->add_option("--source-ip", given->question.source_ip, "address of the caller");
  verb->add_option("--at", given->question.at, "time of the request (default: now)");
  verb->add_option("--expect", given->expect, "fail unless this is the decision")
      ->check(CLI::IsMember({"allow", "deny"}));
  cases->excludes(principal)->excludes(action);
  principal->needs(action);
  verb->callback([&session, given, cases, principal] {
    if (cases->empty() && principal->empty()) {
      throw CLI::RequiredError{"--principal and --action, or --cases"};
    }
    session.action = [&session, given] { return test(*given, session.format); };
  });
}

}  // namespace cli
