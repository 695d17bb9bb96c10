#include <set>

#include "ca/base/error.hpp"
#include "ca/templates/template.hpp"
#include "tests/support/catch.hpp"

using ca::Template;

namespace {

std::string find_error(const std::string& name) {
  try {
    (void)ca::find_template({"aws", name});
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::invalid_args);
    return error.what();
  }
  return {};
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

TEST_CASE("templates: there are 61 with different names", "[templates]") {
  std::set<std::string_view> names;
  for (const Template& row : ca::all_templates()) {
    names.insert(row.name);
  }
  CHECK(names.size() == 61);
}

TEST_CASE("templates: each row agrees with what its name says", "[templates][I11]") {
  for (const Template& row : ca::all_templates()) {
    INFO(row.name);
    const bool both = ends_with(row.name, "_APICSRPassthrough");
    CHECK(row.csr_passthrough == (both || ends_with(row.name, "_CSRPassthrough")));
    CHECK(row.api_passthrough == (both || ends_with(row.name, "_APIPassthrough")));
    CHECK(row.is_ca == (row.name.find("CACertificate") != std::string_view::npos));
    CHECK(row.is_root == (row.name.find("RootCA") != std::string_view::npos));
    CHECK(row.is_ca == (row.basic_constraints == Template::BasicConstraints::authority));
    CHECK(row.authority_key_id == !row.is_root);
    CHECK(row.subject_key_id);
    const bool blank = row.name.rfind("Blank", 0) == 0;
    CHECK(blank == (row.key_usage == Template::KeyUsage::passthrough));
    CHECK(blank == (row.extended_key_usage == Template::ExtendedKeyUsage::passthrough));
    CHECK((row.names_from == Template::NameSource::api_else_request) == row.api_passthrough);
    const auto at = row.name.find("PathLen");
    if (at == std::string_view::npos) {
      CHECK_FALSE(row.path_length);
    } else {
      CHECK(row.path_length == row.name[at + 7] - '0');
    }
    CHECK(row.supported == (!row.csr_passthrough && !row.api_passthrough));
    if (row.is_ca && !blank) {
      CHECK(row.key_usage == Template::KeyUsage::authority);
      CHECK(row.extended_key_usage == Template::ExtendedKeyUsage::none);
    }
  }
}

TEST_CASE("templates: the base variants are found and the default is among them", "[templates]") {
  for (const char* name :
       {"RootCACertificate", "SubordinateCACertificate_PathLen0", "SubordinateCACertificate_PathLen1",
        "SubordinateCACertificate_PathLen2", "SubordinateCACertificate_PathLen3", "EndEntityCertificate",
        "EndEntityClientAuthCertificate", "EndEntityServerAuthCertificate", "CodeSigningCertificate",
        "OCSPSigningCertificate"}) {
    CHECK(ca::find_template({"aws", name}).name == name);
  }
}

TEST_CASE("templates: an unknown name is refused", "[templates][I11]") {
  for (const char* name :
       {"", "EndEntityCertificate ", "endentitycertificate", "SubordinateCACertificate_PathLen4",
        "SubordinateCACertificate", "RootCACertificate_CSRPassthrough"}) {
    INFO(name);
    CHECK_THAT(find_error(name), Contains("no certificate template"));
  }
}

TEST_CASE("templates: passthrough is refused by name and never left out in silence", "[templates][I11]") {
  int refused = 0;
  for (const Template& row : ca::all_templates()) {
    if (row.csr_passthrough || row.api_passthrough) {
      const std::string text = find_error(std::string{row.name});
      CHECK_THAT(text, Contains(std::string{row.name}));
      CHECK_THAT(text, Contains("not available yet"));
      ++refused;
    }
  }
  CHECK(refused == 51);
}
