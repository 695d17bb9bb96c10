#include "ca/base/error.hpp"
#include "ca/policy/revocation_configuration.hpp"
#include "tests/support/catch.hpp"

using ca::RevocationConfiguration;

namespace {

void refused(const char* json) {
  INFO(json);
  try {
    (void)RevocationConfiguration::parse(json);
    FAIL("was accepted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::invalid_args);
  }
}

}  // namespace

TEST_CASE("revocation configuration: nothing said is both disabled, and both parts are always shown",
          "[policy]") {
  for (const char* json :
       {"{}", R"({"CrlConfiguration":{"Enabled":false}})",
        R"({"OcspConfiguration":{"Enabled":false},"CrlConfiguration":{"Enabled":false}})"}) {
    CHECK(RevocationConfiguration::parse(json).text() ==
          R"({"CrlConfiguration":{"Enabled":false},"OcspConfiguration":{"Enabled":false}})");
  }
}

TEST_CASE("revocation configuration: what is read is what is shown", "[policy]") {
  const auto read = RevocationConfiguration::parse(
      R"({"CrlConfiguration":{"Enabled":true,"ExpirationInDays":7,"CustomCname":"crl.example.com:8080","S3BucketName":"b-1",
          "CrlType":"PARTITIONED","CustomPath":"a/b","S3ObjectAcl":"BUCKET_OWNER_FULL_CONTROL"},
          "OcspConfiguration":{"Enabled":true,"OcspCustomCname":"ocsp.example.com"}})");
  CHECK(read.crl.enabled);
  CHECK(read.crl.expiration_days == 7);
  CHECK(read.crl.type == ca::CrlType::partitioned);
  CHECK(read.crl.custom_cname == "crl.example.com:8080");
  CHECK(read.crl.custom_path == "a/b");
  CHECK(read.crl.bucket == "b-1");
  CHECK(read.crl.object_acl == "BUCKET_OWNER_FULL_CONTROL");
  CHECK_FALSE(read.crl.omit_extension);
  CHECK(read.ocsp.custom_cname == "ocsp.example.com");
  CHECK(RevocationConfiguration::parse(read.text()) == read);
}

TEST_CASE("revocation configuration: contradictions and names that would make another URL are refused",
          "[policy][I11]") {
  refused("[]");
  refused("{");
  refused(R"({"CrlConfiguration":{}})");
  refused(R"({"CrlConfiguration":{"Enabled":true}})");
  refused(R"({"CrlConfiguration":{"Enabled":false,"ExpirationInDays":7}})");
  refused(R"({"OcspConfiguration":{"Enabled":false,"OcspCustomCname":"o.example.com"}})");
  refused(R"({"CrlConfiguration":{"Enabled":true,"ExpirationInDays":7,"CustomCname":"c.example.com",
              "CrlDistributionPointExtensionConfiguration":{"OmitExtension":true}}})");
  for (const char* path : {"..", "a/../b", ".hidden", "a/.b"}) {
    refused((std::string{R"({"CrlConfiguration":{"Enabled":true,"ExpirationInDays":7,"CustomPath":")"} +
             path + "\"}}")
                .c_str());
  }
  for (const char* name : {"http://c.example.com", "https://c.example.com", "c.example.com/x",
                           "user@c.example.com", "a?b", ""}) {
    refused((std::string{R"({"CrlConfiguration":{"Enabled":true,"ExpirationInDays":7,"CustomCname":")"} +
             name + "\"}}")
                .c_str());
    refused(
        (std::string{R"({"OcspConfiguration":{"Enabled":true,"OcspCustomCname":")"} + name + "\"}}").c_str());
  }
}
