#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/verbs.hpp"
#include "pkcs11/proof.hpp"

namespace cli {
namespace {

constexpr int kNo = 3;

// Without login or key nothing was tried: that is a failure, not an answer.
bool tried(const std::vector<pkcs11::DoctorStep>& steps) { return steps.size() > 2; }

int print(const std::vector<pkcs11::DoctorStep>& steps, const std::string& key, Format format) {
  const bool proven = tried(steps) && std::ranges::all_of(steps, &pkcs11::DoctorStep::ok);
  if (format == Format::json) {
    auto list = nlohmann::json::array();
    for (const auto& step : steps) {
      list.push_back({{"step", step.what}, {"ok", step.ok}, {"detail", step.detail}, {"do", step.hint}});
    }
    print_json(std::cout, {{"key", key}, {"proven", proven}, {"steps", list}});
  } else {
    Table table{{"", "STEP", "FOUND"}};
    for (const auto& step : steps) {
      table.row({step.ok ? "ok" : "WRONG", step.what, step.detail});
    }
    table.print(std::cout);
    std::cout << (proven ? "proven: the key signs and cannot leave its token\n"
                         : "NOT PROVEN: this key is not shown to be bound to its token\n");
  }
  if (tried(steps)) {
    return proven ? 0 : kNo;
  }
  throw Failure{steps.back().detail, key, steps.back().hint, "nothing was tried with the key"};
}

int prove(const KeyArguments& arguments, Format format) {
  const auto options = token_options("cli", arguments.token);
  const auto key = key_uri(options, arguments.key);
  return print(pkcs11::prove_key(options, key), key.text(), format);
}

}  // namespace

void add_hsm_prove(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<KeyArguments>();
  auto* verb = parent.add_subcommand("prove",
                                     "try to take a key out of its token in every way, and sign with it; 3: "
                                     "it is weaker than an authority's must be");
  add_key_arguments(*verb, *arguments, true);
  verb->callback([&session, arguments] {
    session.undone = "nothing was tried with the key";
    session.action = [&session, arguments] { return prove(*arguments, session.format); };
  });
}

}  // namespace cli
