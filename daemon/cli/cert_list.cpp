#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/cli/service_arguments.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

struct Arguments {
  SelectionArguments service;
  std::string state;
  std::size_t limit = 100;
};

nlohmann::json json_of(const client::Certificate& certificate) {
  return {{"serial", certificate.serial.colon_hex()}, {"state", certificate.state},
          {"template", certificate.template_name},    {"subject", certificate.subject},
          {"device_id", certificate.device_id},       {"issued_at", certificate.issued_at},
          {"not_after", certificate.not_after}};
}

void print(const std::vector<client::Certificate>& certificates, Format format) {
  if (format == Format::json) {
    auto list = nlohmann::json::array();
    for (const auto& certificate : certificates) {
      list.push_back(json_of(certificate));
    }
    print_json(std::cout, list);
    return;
  }
  Table table{{"SERIAL", "STATE", "TEMPLATE", "DEVICE", "SUBJECT", "NOT AFTER"}};
  for (const auto& certificate : certificates) {
    table.row({certificate.serial.hex(), certificate.state, certificate.template_name, certificate.device_id,
               certificate.subject, certificate.not_after});
  }
  table.print(std::cout);
}

int list(const Arguments& arguments, Format format) {
  const auto target = selection_target_of(arguments.service);
  std::vector<client::Certificate> found;
  bool more = false;
  for_each_page(*target, arguments.state.empty() ? "" : "&state=" + arguments.state,
                [&](const client::Page& page) {
                  for (const auto& certificate : page.certificates) {
                    more = found.size() == arguments.limit;
                    if (more) {
                      return false;
                    }
                    found.push_back(certificate);
                  }
                  return true;
                });
  print(found, format);
  if (more) {
    std::cerr << "there are more than " << arguments.limit << ": raise --limit\n";
  }
  return 0;
}

}  // namespace

void add_cert_list(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("list", "certificates of an authority, in the order of their arrival");
  add_selection_arguments(*verb, arguments->service);
  verb->add_option("--state", arguments->state, "only those")
      ->check(CLI::IsMember({"PENDING", "ISSUED", "FAILED", "REVOKED"}));
  verb->add_option("--limit", arguments->limit, "default 100")->check(CLI::Range(1U, 10'000'000U));
  verb->callback([&session, arguments] {
    session.action = [&session, arguments] { return list(*arguments, session.format); };
  });
}

}  // namespace cli
