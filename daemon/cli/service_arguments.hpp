#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/cli/failure.hpp"
#include "daemon/client/selection.hpp"
#include "daemon/client/service_client.hpp"

namespace cli {

// Which daemon, as whom, and which authority, in the words of the command line.
struct ServiceArguments {
  std::string endpoint, ca_bundle, profile, credentials_file, authority;
};
// And which of its certificates.
struct SelectionArguments : ServiceArguments {
  std::vector<std::string> where;
  bool all = false;
  bool listed = false;  // the verb knows which certificates
};

void add_service_arguments(CLI::App& verb, ServiceArguments& arguments);
void add_selection_arguments(CLI::App& verb, SelectionArguments& arguments);

// The same, judged and read: made before there are threads.
struct Target {
  http_client::Library library;
  client::Service service;
  ca::AuthorityArn authority;
};
struct SelectionTarget : Target {
  client::Conditions conditions;
};
// Throws Usage for what the command line should have said, ca::Error for files that do not help.
[[nodiscard]] std::unique_ptr<Target> target_of(const ServiceArguments& arguments);
[[nodiscard]] std::unique_ptr<SelectionTarget> selection_target_of(const SelectionArguments& arguments);

// Each page of what fits, `more` (such as "&state=ISSUED") added to every query. What may pass is tried again
// for a while. Throws Failure.
void for_each_page(const SelectionTarget& target, const std::string& more,
                   const std::function<bool(const client::Page&)>& take);

}  // namespace cli
