// A new key for an authority that goes on issuing.
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/cli/output_file.hpp"
#include "daemon/cli/service_arguments.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

using nlohmann::json;

struct Arguments {
  ServiceArguments service;
  std::uint64_t number = 0;
  std::string csr_file;
};

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) {
    return "";
  }
  return found->is_string() ? found->get<std::string>() : found->dump();
}

json keys_of(const client::Reply& reply, const Target& target, const std::string& not_done) {
  if (reply.status != 200) {
    const bool known = reply.status < 500 || not_done.empty();
    throw Failure{"refused: " + reply.error + (reply.detail.empty() ? "" : ": " + reply.detail),
                  target.service.endpoint,
                  known ? "" : "see with chancery authority keys whether it was done", known ? not_done : ""};
  }
  const json document = json::parse(reply.body, nullptr, false);
  const auto keys = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || keys == document.end() || !keys->is_array()) {
    throw Failure{"the answer is not that of a Chancery daemon", target.service.endpoint, "", not_done};
  }
  return *keys;
}

void print(const json& keys, Format format) {
  if (format == Format::json) {
    print_json(std::cout, keys);
    return;
  }
  Table table{{"KEY", "STATE", "HEALTH", "TOKEN", "SHA-256 OF THE PUBLIC KEY", "NOT AFTER", "RETIRED"}};
  for (const json& key : keys) {
    table.row({text_of(key, "number"), text_of(key, "state"), text_of(key, "health"), text_of(key, "token"),
               text_of(key, "spki_sha256"), text_of(key, "not_after"), text_of(key, "retired_at")});
  }
  table.print(std::cout);
}

// Certificates end with their issuer's at the latest, so clients that ask for the time they always had may be
// refused from now on. `keys`: what issues now, and what did before.
void warn_when_shorter(const json& keys) {
  if (keys.size() < 2) {
    return;
  }
  const std::string ends = text_of(keys[0], "not_after"), ended = text_of(keys[1], "not_after");
  if (ends < ended) {
    std::cerr << "warning: the certificate of key " << text_of(keys[0], "number") << " ends at " << ends
              << ", before that of key " << text_of(keys[1], "number") << " (" << ended
              << "): nothing can be issued for longer\n";
  }
}

int list(const Arguments& arguments, Format format) {
  const auto target = target_of(arguments.service);
  const ca::SystemClock clock;
  client::ServiceClient service{target->service, clock};
  print(keys_of(service.keys(target->authority), *target, ""), format);
  return 0;
}

int change(const Arguments& arguments, const std::string& operation, Format format) {
  const auto target = target_of(arguments.service);
  std::optional<OutputFile> csr;
  if (!arguments.csr_file.empty()) {
    csr.emplace(arguments.csr_file);
  }
  const ca::SystemClock clock;
  client::ServiceClient service{target->service, clock};
  const json keys = keys_of(service.change_keys(target->authority, operation, arguments.number), *target,
                            "the authority's keys are as they were");
  if (csr && !keys.empty()) {
    csr->write(text_of(keys.front(), "csr"));
  }
  print(keys, format);
  warn_when_shorter(keys);
  return 0;
}

void add_change(CLI::App& parent, Session& session, const std::string& name, const std::string& about,
                const std::string& operation) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand(name, about);
  add_service_arguments(*verb, arguments->service);
  if (operation.empty()) {
    verb->add_option("--csr", arguments->csr_file, "file for the key's CSR in PEM");
  } else {
    verb->add_option("--number", arguments->number, "of the key")
        ->required()
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}));
  }
  verb->callback([&session, arguments, operation] {
    session.action = [&session, arguments, operation] {
      return change(*arguments, operation, session.format);
    };
  });
}

}  // namespace

void add_authority_keys(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* keys = parent.add_subcommand("keys", "the keys of an authority and their states");
  add_service_arguments(*keys, arguments->service);
  keys->callback([&session, arguments] {
    session.action = [&session, arguments] { return list(*arguments, session.format); };
  });
  add_change(parent, session, "prepare-key",
             "makes the authority's next key, or shows the one that is prepared", "");
  add_change(parent, session, "activate-key", "the authority issues with that key from now on", "activate");
  add_change(parent, session, "discard-key", "forgets a key that has never issued", "discard");
}

}  // namespace cli
