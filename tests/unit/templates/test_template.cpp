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
    if (row.is_ca && !blank) {
      CHECK(row.key_usage == Template::KeyUsage::authority);
      CHECK(row.extended_key_usage == Template::ExtendedKeyUsage::none);
    }
  }
}

TEST_CASE("templates: every one of the table is found by its name", "[templates]") {
  for (const Template& row : ca::all_templates()) {
    CHECK(&ca::find_template({"aws", std::string{row.name}}) == &row);
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

TEST_CASE("templates: a device gets neither an authority nor an OCSP signer nor an extension of its choice",
          "[templates][I11]") {
  int allowed = 0;
  for (const Template& row : ca::all_templates()) {
    INFO(row.name);
    const auto complaint = ca::provisioning_complaint(row);
    const bool chooses = ends_with(row.name, "_CSRPassthrough") || ends_with(row.name, "_APICSRPassthrough");
    const bool authority = row.name.find("CACertificate") != std::string_view::npos;
    const bool answers = row.name.find("OCSPSigning") != std::string_view::npos;
    CHECK(complaint.has_value() == (chooses || authority || answers));
    if (complaint) {
      CHECK_THAT(*complaint, Contains(std::string{row.name}));
    }
    allowed += complaint ? 0 : 1;
  }
  CHECK(allowed == 10);  // four leaves, with and without what the API passes, and two blank ones
}
