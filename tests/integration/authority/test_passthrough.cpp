#include <set>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/certificate.hpp"
#include "ca/x509/extension_value.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

using test::World;

namespace {

constexpr const char* kAny = "1.3.6.1.4.1.99999.1";
constexpr const char* kOther = "1.3.6.1.4.1.99999.2";

ca::Extension extension(const char* id, const std::string& hex, bool critical = false) {
  return {id, critical, ca::from_hex(hex)};
}

// Asks for everything that makes an authority, and for a right that is nobody's to choose.
std::vector<ca::Extension> greed(bool signing = true) {
  std::vector<ca::Extension> asked{extension(ca::oid::kBasicConstraints, "30060101ff020109", true),
                                   extension(ca::oid::kExtendedKeyUsage, "300606042a030405"),
                                   extension(ca::oid::kAuthorityKeyIdentifier, "30058003010203"),
                                   extension(kAny, "0c03435352", true)};
  if (signing) {
    asked.push_back(extension(ca::oid::kKeyUsage, "03020186", true));
  }
  return asked;
}

std::string csr_pem(EVP_PKEY* key, const std::string& common_name,
                    const std::vector<ca::Extension>& extensions) {
  return ca::to_pem("CERTIFICATE REQUEST",
                    test::request_der(key, {.subject = test::name_der({{ca::oid::kCommonName, common_name}}),
                                            .extensions = extensions}));
}

std::string greedy_csr(bool signing, const std::string& common_name = "device-7") {
  const auto key = test::make_pkey("P-256");
  auto asked = greed(signing);
  asked.push_back(test::san({test::dns("csr.example")}));
  return csr_pem(key.get(), common_name, asked);
}

ca::ApiPassthrough greedy_api(bool signing) {
  auto asked = greed(signing);
  asked.push_back(extension(kOther, "0c03415049"));
  asked.push_back(test::san({test::dns("api.example")}));
  asked[3].value = ca::from_hex("0c03415049");
  return {ca::encode_subject({.common_name = "named by the API"}), asked};
}

ca::Certificate issued(World& world, const ca::AuthorityArn& authority, const ca::CertificateArn& arn) {
  const auto pem = world.service->certificate(World::caller(), authority, arn);
  return ca::Certificate::parse(ca::parse_pem(pem.certificate, 1).front().der);
}

std::string value_of(const ca::Certificate& certificate, const char* id) {
  const ca::Extension* found = certificate.find(id);
  return found == nullptr ? "absent" : ca::text_of(found->value);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("passthrough: all 61 templates are issued and none gives the greedy more than its row",
          "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  int count = 0;
  for (const ca::Template& tmpl : ca::all_templates()) {
    const std::string name{tmpl.name};
    INFO(name);
    const bool blank_leaf = contains(name, "BlankEndEntity");
    auto order = world.order(root, greedy_csr(!blank_leaf), name);
    order.api = greedy_api(!blank_leaf);
    if (tmpl.is_root) {  // of itself alone, under the subject that it has
      order.csr_pem = world.service->csr(World::caller(), root);
      order.api.subject.reset();
    }
    const auto certificate = issued(world, root, world.service->issue(World::caller(), order));
    ++count;
    const auto basic = certificate.basic_constraints().value();
    CHECK(basic.ca == contains(name, "CACertificate"));
    const auto at = name.find("PathLen");
    CHECK(basic.path_length == (at == std::string::npos ? std::nullopt : std::optional{name[at + 7] - '0'}));
    const bool may_sign = (ca::key_usage_bits(certificate) & (ca::kKeyCertSignBit | ca::kCrlSignBit)) != 0;
    CHECK(may_sign == basic.ca);
    const bool csr = contains(name, "_CSR") || contains(name, "_APICSR");
    const bool api = contains(name, "_API");
    CHECK(contains(value_of(certificate, kAny), api ? "API" : csr && !tmpl.is_root ? "CSR" : "absent"));
    CHECK(contains(value_of(certificate, kOther), api ? "API" : "absent"));
    CHECK(contains(value_of(certificate, ca::oid::kSubjectAltName), api            ? "api.example"
                                                                    : tmpl.is_root ? "absent"
                                                                                   : "csr.example"));
    CHECK(contains(certificate.subject.text(), tmpl.is_root ? "Test Root"
                                               : api        ? "named by the API"
                                                            : "device-7"));
    CHECK((value_of(certificate, ca::oid::kExtendedKeyUsage) ==
           ca::text_of(ca::from_hex("300606042a030405"))) == (contains(name, "Blank")));
    CHECK((certificate.find(ca::oid::kAuthorityKeyIdentifier) != nullptr) == !tmpl.is_root);
  }
  CHECK(count == 61);
}

TEST_CASE("passthrough: what was accepted before a restart is signed with what passed through",
          "[authority][I4][I19]") {
  World world;
  world.options.issue_wait = std::chrono::milliseconds{20};
  world.restart();
  const auto root = world.active_root();
  world.signer.set_away(true);
  auto order = world.order(root, greedy_csr(false), "BlankEndEntityCertificate_APICSRPassthrough");
  order.api = {std::nullopt, {extension(kOther, "0c03415049", true)}};
  const auto arn = world.service->issue(World::caller(), order);
  const auto row = world.store->certificate(root, arn.serial).value();
  CHECK(row.state == ca::CertificateState::pending);
  CHECK(row.passed_through.size() == 3);  // what the CSR and the API asked, and no basicConstraints
  world.restart();
  world.signer.set_away(false);
  REQUIRE(World::eventually([&] { return world.state_of(arn) != ca::CertificateState::pending; }));
  const auto certificate = issued(world, root, arn);
  CHECK(certificate.tbs_der == row.tbs_der);
  CHECK(contains(value_of(certificate, kAny), "CSR"));
  CHECK(contains(value_of(certificate, kOther), "API"));
}

TEST_CASE("passthrough: a token names one ApiPassthrough", "[authority][I12]") {
  World world;
  const auto root = world.active_root();
  for (const char* tmpl : {"EndEntityCertificate_APIPassthrough", "EndEntityCertificate"}) {
    INFO(tmpl);
    auto order = world.order(root, test::make_csr(), tmpl);
    order.idempotency_token = tmpl;
    order.api = {std::nullopt, {extension(kAny, "0500")}};
    const auto first = world.service->issue(World::caller(), order);
    CHECK(world.service->issue(World::caller(), order) == first);
    const auto other = [&](const ca::ApiPassthrough& api) {
      order.api = api;
      return World::code_of([&] { (void)world.service->issue(World::caller(), order); });
    };
    CHECK(other({}) == ca::Code::conflict);
    CHECK(other({std::nullopt, {extension(kAny, "0500", true)}}) == ca::Code::conflict);
    CHECK(other({std::nullopt, {extension(kAny, "0101ff")}}) == ca::Code::conflict);
    CHECK(other({std::nullopt, {extension(kOther, "0500")}}) == ca::Code::conflict);
    CHECK(other({ca::encode_subject({.common_name = "x"}), {extension(kAny, "0500")}}) == ca::Code::conflict);
  }
}

TEST_CASE("passthrough: a template without it takes nothing of the API and says nothing",
          "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  for (const char* tmpl : {"EndEntityCertificate", "EndEntityCertificate_CSRPassthrough"}) {
    auto order = world.order(root, test::make_csr(), tmpl);
    const auto plain = issued(world, root, world.service->issue(World::caller(), order));
    order.api = greedy_api(true);
    const auto greedy = issued(world, root, world.service->issue(World::caller(), order));
    CHECK(greedy.extensions == plain.extensions);
    CHECK(greedy.subject == plain.subject);
  }
}

TEST_CASE("passthrough: names of the API obey the rules of names and the constraints above",
          "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  const auto subordinate = world.create(ca::AuthorityType::subordinate, "Constrained");
  auto make = world.order(root, world.service->csr(World::caller(), subordinate),
                          "BlankSubordinateCACertificate_PathLen0_APIPassthrough");
  make.validity.value = 1825;
  // keyCertSign, and only names below example.com.
  make.api.extensions = {
      extension(ca::oid::kKeyUsage, "03020106", true),
      extension(ca::oid::kNameConstraints, "3011a00f300d820b6578616d706c652e636f6d", true)};
  const auto pem =
      world.service->certificate(World::caller(), root, world.service->issue(World::caller(), make));
  world.service->import_certificate(World::caller(), {subordinate, pem.certificate, pem.chain});

  const auto code_for = [&](const ca::ApiPassthrough& api) {
    auto order = world.order(subordinate, test::make_csr(), "EndEntityCertificate_APIPassthrough");
    order.api = api;
    return World::code_of([&] { (void)world.service->issue(World::caller(), order); });
  };
  CHECK(code_for({std::nullopt, {test::san({test::dns("a.example.org")})}}) == ca::Code::name_not_permitted);
  CHECK(code_for({ca::encode_subject({.common_name = "a.example.org"}), {}}) == ca::Code::name_not_permitted);
  CHECK(
      code_for({ca::DistinguishedName::parse(test::name_der({{ca::oid::kCommonName, std::string(65, 'x')}})),
                {}}) == ca::Code::invalid_args);
  CHECK(code_for({std::nullopt, {extension(ca::oid::kSubjectAltName, "3005a503a1010c")}}) ==
        ca::Code::invalid_args);
  auto order = world.order(subordinate, test::make_csr(), "EndEntityCertificate_APIPassthrough");
  order.api = {std::nullopt, {test::san({test::dns("a.example.com")})}};
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
}

TEST_CASE("passthrough: a root keeps its own subject", "[authority][I11]") {
  World world;
  const auto root = world.create(ca::AuthorityType::root, "Own Root");
  auto order = world.order(root, world.service->csr(World::caller(), root),
                           "BlankRootCACertificate_PathLen1_APIPassthrough");
  order.api.subject = ca::encode_subject({.common_name = "Another Root"});
  CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) ==
        ca::Code::invalid_args);
  order.api.subject = ca::encode_subject({.common_name = "Own Root"});
  order.api.extensions = {extension(ca::oid::kKeyUsage, "03020106", true)};
  order.validity.value = 3650;
  const auto arn = world.service->issue(World::caller(), order);
  world.service->import_certificate(
      World::caller(),
      {root, world.service->certificate(World::caller(), root, arn).certificate, std::nullopt});
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(root, test::make_csr())));
}

TEST_CASE("create: the CSR of an authority asks for the extensions of its order, also after a restart",
          "[authority][I19]") {
  World world;
  world.options.create_wait = std::chrono::milliseconds{20};
  world.restart();
  world.signer.set_away(true);
  ca::CreateAuthorityOrder order;
  order.type = ca::AuthorityType::subordinate;
  order.subject = ca::encode_subject({.common_name = "Sub"});
  order.csr_extensions = {extension(ca::oid::kKeyUsage, "03020106", true)};
  const auto arn = world.service->create(World::caller(), order);
  world.restart();
  world.signer.set_away(false);
  REQUIRE(World::eventually([&] {
    return world.service->describe(World::caller(), arn).status == ca::AuthorityStatus::pending_certificate;
  }));
  const auto request = ca::CertificateRequest::parse_pem(world.service->csr(World::caller(), arn));
  CHECK(request.extensions ==
        std::vector<ca::Extension>{extension(ca::oid::kBasicConstraints, "30030101ff", true),
                                   order.csr_extensions[0]});
  order.csr_extensions[0].value = ca::from_hex("030100");
  CHECK(World::code_of([&] { (void)world.service->create(World::caller(), order); }) ==
        ca::Code::invalid_args);
}

TEST_CASE("provision: no device gets an authority, an OCSP signer or an extension of its own choice",
          "[provision][I11]") {
  World world;
  const auto root = world.active_root();
  // Even for one whom no policy stops.
  const auto caller = World::caller();
  for (const ca::Template& tmpl : ca::all_templates()) {
    const std::string name{tmpl.name};
    INFO(name);
    auto profile = world.profile(root);
    profile.template_name = name;
    profile.names.dns_names = {"csr.example"};
    world.service->replace_profiles({profile});
    ca::ProvisioningOrder order;
    order.device_id = name.substr(0, 60);
    order.csr_pem = greedy_csr(true, order.device_id);
    const int signatures = world.signer.signatures;
    if (contains(name, "CACertificate") || contains(name, "_CSR") || contains(name, "_APICSR") ||
        contains(name, "OCSPSigning")) {
      CHECK(World::code_of([&] { (void)world.service->provision(caller, order); }) ==
            ca::Code::access_denied);
      CHECK(world.signer.signatures == signatures);
      continue;
    }
    const auto result = world.service->provision(caller, order);
    const auto certificate = ca::Certificate::parse(result.record.der);
    CHECK_FALSE(certificate.basic_constraints()->ca);
    CHECK((ca::key_usage_bits(certificate) & (ca::kKeyCertSignBit | ca::kCrlSignBit)) == 0);
    CHECK(certificate.find(kAny) == nullptr);
    const std::set<std::string> of_template{ca::oid::kBasicConstraints,     ca::oid::kAuthorityKeyIdentifier,
                                            ca::oid::kSubjectKeyIdentifier, ca::oid::kKeyUsage,
                                            ca::oid::kExtendedKeyUsage,     ca::oid::kSubjectAltName};
    for (const auto& each : certificate.extensions) {
      CHECK(of_template.contains(each.id));
    }
    CHECK(value_of(certificate, ca::oid::kExtendedKeyUsage) != ca::text_of(ca::from_hex("300606042a030405")));
  }
}
