#include <algorithm>

#include "ca/templates/template.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source.hpp"
#include "tests/unit/config/sound_folder.hpp"

using namespace std::chrono_literals;

namespace {

std::string with(std::string from, const std::string& to) {
  std::string text = kSound;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("config: the smallest file fills in every default", "[config]") {
  const SoundFolder folder;
  const auto options = folder.load(kSound);
  CHECK(options.listeners.api.address == "127.0.0.1");
  CHECK(options.listeners.api.port == 8443);
  CHECK(options.listeners.status.port == 8080);
  CHECK(options.listeners.operations.port == 9464);
  CHECK(options.limits.header_bytes == 16384);
  CHECK(options.authority.key_token == "issuing");
  CHECK(options.authority.issue_wait == 1s);
  CHECK(options.clock_window == 5min);
  CHECK(options.ledger.path == folder.path() / "ledger.db");
  CHECK(options.tokens.at(0).pin_source == "file:" + (folder.path() / "pin").string());
}

TEST_CASE("config: every problem of the file is reported at once with its place", "[config][I11]") {
  const SoundFolder folder;
  const auto problems =
      folder.problems(std::string{kSound} + "limits:\n  header: 16kb\n  connections: -1\n  no_such: 1\n" +
                      "authority:\n  issue_wait: 2 hours\n" + "colour: blue\n");
  REQUIRE(problems.size() == 5);
  CHECK(problems[0].key == "limits.header");
  CHECK(problems[0].line == 16);
  CHECK(problems[0].column == 11);
  CHECK(problems[1].key == "limits.connections");
  CHECK(problems[2].key == "limits.no_such");
  CHECK_THAT(problems[2].text, Contains("unknown key"));
  CHECK_THAT(problems[2].text, Contains("idle_time"));
  CHECK(problems[3].key == "authority.issue_wait");
  CHECK(problems[4].key == "colour");
  CHECK_THAT(problems[4].line_text(), Contains("chancery.yaml:21:1: colour: unknown key"));
}

TEST_CASE("config: values of the wrong type are refused", "[config][I11]") {
  const SoundFolder folder;
  CHECK_THAT(folder.problem_at(with("port: 8443", "port: \"8443\""), "listeners.api.port"),
             Contains("without quotes"));
  CHECK_THAT(folder.problem_at(with("port: 8443", "port: 0x20"), "listeners.api.port"),
             Contains("whole number"));
  CHECK_THAT(folder.problem_at(with("port: 8443", "port: 65536"), "listeners.api.port"),
             Contains("0 to 65535"));
  CHECK_THAT(folder.problem_at(with("port: 8443", "port: [1]"), "listeners.api.port"),
             Contains("found a list"));
  CHECK_THAT(folder.problem_at(with("  path: ledger.db", "  - a"), "ledger"), Contains("expected a mapping"));
  CHECK_THAT(folder.problem_at(with("path: ledger.db", "path:"), "ledger.path"), Contains("found nothing"));
}

TEST_CASE("config: a missing section or key is named", "[config]") {
  const SoundFolder folder;
  const auto problems = folder.problems("node: n1\n");
  std::vector<std::string> keys;
  std::transform(problems.begin(), problems.end(), std::back_inserter(keys),
                 [](const auto& p) { return p.key; });
  std::sort(keys.begin(), keys.end());
  CHECK(keys == std::vector<std::string>{"ledger", "listeners", "principals", "tokens"});
}

TEST_CASE("config: a key that is given twice is refused", "[config]") {
  const SoundFolder folder;
  CHECK_THAT(folder.problem_at(std::string{kSound} + "node: a\nnode: b\n", "node"), Contains("twice"));
}

TEST_CASE("config: a PIN in the file is refused and never repeated in the message", "[config][I18]") {
  const SoundFolder folder;
  for (const char* line : {"pin_source: 987654", "pin_source: value:987654", "pin: 987654"}) {
    for (const auto& problem : folder.problems(with("pin_source: file:pin", line))) {
      CHECK(problem.line_text().find("987654") == std::string::npos);
    }
    CHECK_FALSE(folder.problems(with("pin_source: file:pin", line)).empty());
  }
  const auto text = folder.problem_at(
      with("uri: pkcs11:token=issuing", "uri: pkcs11:token=a?pin-value=987654"), "tokens[0].uri");
  CHECK_FALSE(text.empty());
  CHECK(text.find("987654") == std::string::npos);
}

TEST_CASE("config: the token URI may carry module and PIN source", "[config]") {
  const SoundFolder folder;
  const std::string module = (folder.path() / "module.so").string();
  std::string text = with("uri: pkcs11:token=issuing",
                          "uri: pkcs11:token=issuing?module-path=" + module + "&pin-source=file:pin");
  CHECK_THAT(folder.problem_at(text, "tokens[0].module"), Contains("keep one"));
  CHECK_THAT(folder.problem_at(text, "tokens[0].pin_source"), Contains("keep one"));
  for (const std::string line : {"    module: module.so\n", "    pin_source: file:pin\n"}) {
    text.erase(text.find(line), line.size());
  }
  const auto token = folder.load(text).tokens.at(0);
  CHECK(token.uri == "pkcs11:token=issuing");
  CHECK(token.module == module);
  CHECK(token.pin_source == "file:" + (folder.path() / "pin").string());
}

TEST_CASE("config: a token URI that names no token or an object is refused", "[config][I14]") {
  const SoundFolder folder;
  const auto problem = [&](const std::string& uri) {
    return folder.problem_at(with("pkcs11:token=issuing", uri), "tokens[0].uri");
  };
  CHECK_THAT(problem("pkcs11:slot-id=3"), Contains("must name the token"));
  CHECK_THAT(problem("pkcs11:token=a;object=k"), Contains("not an object"));
  CHECK_FALSE(problem("issuing").empty());
}

TEST_CASE("config: with two tokens the one for new keys must be named", "[config][I14]") {
  const SoundFolder folder;
  const std::string second =
      "  - {name: other, uri: 'pkcs11:token=other', module: module.so, pin_source: 'file:pin'}\nledger:";
  CHECK_THAT(folder.problem_at(with("ledger:", second), "authority"), Contains("key_token is required"));
  const auto named = with("ledger:", second) + "authority: {key_token: other}\n";
  CHECK(folder.load(named).authority.key_token == "other");
  const auto wrong = with("ledger:", second) + "authority: {key_token: third}\n";
  CHECK_THAT(folder.problem_at(wrong, "authority"), Contains("'third' is not the name"));
}

TEST_CASE("config: files that do not exist are problems of their keys", "[config]") {
  const SoundFolder folder;
  CHECK_THAT(folder.problem_at(with("tls.pem", "none.pem"), "listeners.api.tls.certificate"),
             Contains("no such file"));
  CHECK_THAT(folder.problem_at(with("module.so", "none.so"), "tokens[0].module"), Contains("no such file"));
  CHECK_THAT(folder.problem_at(with("ledger.db", "none/ledger.db"), "ledger.path"),
             Contains("no such folder"));
}

TEST_CASE("config: files that are no YAML mapping are refused", "[config][I16]") {
  const SoundFolder folder;
  CHECK_THAT(folder.problems("a: [1").at(0).text, Contains("YAML syntax"));
  CHECK_THAT(folder.problems("").at(0).text, Contains("empty"));
  CHECK_THAT(folder.problems("- a\n").at(0).text, Contains("mapping at the top"));
  CHECK_THAT(folder.problems("a: 1\n---\nb: 2\n").at(0).text, Contains("one YAML document"));
  CHECK_THAT(folder.problems(", a: 1\n").at(0).text, Contains("one YAML document"));
  CHECK_THAT(folder.problems("a: " + std::string(1024 * 1024, 'x')).at(0).text,
             Contains("larger than 1 MiB"));
  CHECK_THROWS_AS(config::load(folder.path() / "none.yaml"), config::Invalid);
}

TEST_CASE("config: a provisioning profile is read with its names", "[config]") {
  const SoundFolder folder;
  const std::string profile =
      std::string{kSound} +
      "provisioning:\n  profiles:\n    - name: default\n"
      "      authority: arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/x\n"
      "      validity: 30d\n      names: {dns: ['{device_id}.example'], common_names: []}\n";
  const auto options = folder.load(profile);
  REQUIRE(options.profiles.size() == 1);
  CHECK(options.profiles[0].validity_days == 30);
  CHECK(options.profiles[0].dns_names == std::vector<std::string>{"{device_id}.example"});
  CHECK(options.profiles[0].common_names.empty());
  auto odd = profile;
  odd.replace(odd.find("30d"), 3, "36h");
  CHECK_THAT(folder.problem_at(odd, "provisioning.profiles[0].validity"), Contains("whole days"));
}

TEST_CASE("config: a profile names a template that devices may have", "[config][I11]") {
  const SoundFolder folder;
  for (const ca::Template& tmpl : ca::all_templates()) {
    const std::string name{tmpl.name};
    const std::string profile =
        std::string{kSound} +
        "provisioning:\n  profiles:\n    - name: pumps\n"
        "      authority: arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/x\n"
        "      template: " +
        name + "\n";
    INFO(name);
    const bool chooses = name.find("_CSRPassthrough") != std::string::npos ||
                         name.find("_APICSRPassthrough") != std::string::npos;
    const bool speaks =
        name.find("CACertificate") != std::string::npos || name.find("OCSPSigning") != std::string::npos;
    if (chooses || speaks) {
      const std::string problem = folder.problem_at(profile, "provisioning.profiles[0].template");
      CHECK_THAT(problem, Contains("profile 'pumps'") && Contains(name));
    } else {
      CHECK(folder.load(profile).profiles[0].template_name == name);
    }
  }
  const std::string unknown =
      std::string{kSound} +
      "provisioning:\n  profiles:\n    - name: pumps\n"
      "      authority: arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/x\n"
      "      template: EndEntity\n";
  CHECK_THAT(folder.problem_at(unknown, "provisioning.profiles[0].template"),
             Contains("no certificate template"));
}

TEST_CASE("config: two listeners on one port are refused", "[config]") {
  const SoundFolder folder;
  CHECK_THAT(folder.problem_at(with("port: 8443", "port: 8080"), "listeners"),
             Contains("same address and port"));
}

TEST_CASE("config: the sample of the tree is sound and shows the defaults", "[config]") {
  const SoundFolder folder;
  std::string sample = test::source_text("config/samples/chancery.yaml");
  const std::string module = "/usr/lib/softhsm/libsofthsm2.so";
  sample.replace(sample.find(module), module.size(), "module.so");
  for (const char* name : {"tls/server.pem", "tls/server-key.pem", "secrets/issuing.pin", "ledger/keep"}) {
    folder.write(name, "x");
  }
  const auto shown = folder.load(sample);
  const auto defaults = folder.load(kSound);
  CHECK(shown.limits == defaults.limits);
  CHECK(shown.pools == defaults.pools);
  CHECK(shown.authority == defaults.authority);
  CHECK(shown.listeners.status == defaults.listeners.status);
  CHECK(shown.listeners.operations == defaults.listeners.operations);
  CHECK(shown.ledger.wal_bytes == defaults.ledger.wal_bytes);
  CHECK(shown.clock_window == defaults.clock_window);
}
