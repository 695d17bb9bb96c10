#include "daemon/inventory/documents.hpp"

#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "tests/support/catch.hpp"

using ca::Code;
using nlohmann::json;

namespace {

const std::string kArn =
    "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-4333-8444-555555555555";
const std::string kKey(64, 'a');

std::string refusal(const std::string& query) {
  try {
    (void)inventory::read_search(query);
  } catch (const ca::Error& error) {
    return std::string{ca::name_of(error.code())} + ": " + error.what();
  }
  FAIL("accepted: " + query);
  return "";
}

ca::CertificateFilter filter_of(const std::string& conditions) {
  return inventory::read_search("authority=" + kArn + conditions).filter;
}

}  // namespace

TEST_CASE("certificates: every condition of a search is read", "[inventory]") {
  const auto search = inventory::read_search(
      "authority=arn%3Aaws%3Aacm-pca%3Aus-east-1%3A123456789012%3Acertificate-authority%2F11111111-2222-4333-"
      "8444-"
      "555555555555&device=SN%201&device=SN+2&key-sha256=" +
      kKey + "&template=EndEntityCertificate&issued-after=2026-11-24T05:06:07Z&issued-before=2026-11-25" +
      "&state=ISSUED&cursor=1cbe485a21fe5f6ab1fc4ab12dc3eb03&limit=7");
  CHECK(search.authority.text() == kArn);
  CHECK(search.filter.device_ids == std::vector<std::string>{"SN 1", "SN+2"});
  CHECK(ca::to_hex(*search.filter.key_hash) == kKey);
  CHECK(search.filter.template_name == "EndEntityCertificate");
  CHECK(ca::rfc3339(*search.filter.issued_from) == "2026-11-24T05:06:07.000Z");
  CHECK(ca::rfc3339(*search.filter.issued_before) == "2026-11-25T00:00:00.000Z");
  CHECK(search.filter.state == ca::CertificateState::issued);
  CHECK(search.after->hex() == "1cbe485a21fe5f6ab1fc4ab12dc3eb03");
  CHECK(search.limit == 7);
  CHECK(inventory::read_search("authority=" + kArn).limit == 1000);
}

TEST_CASE("certificates: a template may be named as everywhere", "[inventory]") {
  for (const char* name : {"EndEntityCertificate", "EndEntityCertificate/V1",
                           "arn:aws:acm-pca:::template/EndEntityCertificate/V1"}) {
    CHECK(filter_of(std::string{"&template="} + name).template_name == "EndEntityCertificate");
  }
}

TEST_CASE("certificates: what could never find anything is refused", "[inventory][I16]") {
  const std::string arn = "authority=" + kArn;
  const std::pair<std::string, const char*> wrong[] = {
      {"", "not known"},
      {"device=a", "authority is missing"},
      {arn + "&devices=a", "not known"},
      {arn + "&", "not known"},
      {arn + "&device", "empty"},
      {arn + "&device=", "empty"},
      {arn + "&device=a%00b", "NUL"},
      {arn + "&device=%", "two hex digits"},
      {arn + "&device=%4", "two hex digits"},
      {arn + "&device=%zz", "two hex digits"},
      {arn + "&" + arn, "twice"},
      {arn + "&limit=1&limit=2", "twice"},
      {arn + "&limit=0", "1 to 1000"},
      {arn + "&limit=1001", "1 to 1000"},
      {arn + "&limit=1x", "1 to 1000"},
      {arn + "&limit=99999999999999999999", "1 to 1000"},
      {arn + "&state=issued", "state must be"},
      {arn + "&template=EndEntity", "template must be"},
      {arn + "&template=endentitycertificate", "template must be"},
      {arn + "&key-sha256=" + kKey + "0", "64 hex digits"},
      {arn + "&key-sha256=" + std::string(64, 'g'), "64 hex digits"},
      {arn + "&issued-after=yesterday", "must be a time"},
      {arn + "&issued-after=-1", "must be a time"},
      {arn + "&issued-before=1e300", "must be a time"},
      {arn + "&cursor=xyz", "invalid_request"},
      {"authority=arn:aws:s3:::bucket", "invalid_arn"},
  };
  for (const auto& [query, reason] : wrong) {
    CAPTURE(query);
    CHECK_THAT(refusal(query), Contains(reason));
  }
  std::string many = arn;
  for (int i = 0; i < 201; ++i) {
    many += "&device=" + std::to_string(i);
  }
  CHECK_THAT(refusal(many), Contains("200 times"));
}

TEST_CASE("certificates: a page says what is known and where to go on", "[inventory]") {
  const auto arn = ca::AuthorityArn::parse(kArn);
  ca::CertificateSummary summary{.serial = ca::SerialNumber::from_hex("1cbe485a21fe5f6ab1fc4ab12dc3eb03")};
  summary.state = ca::CertificateState::pending;
  summary.template_name = "EndEntityCertificate";
  summary.subject = "CN=\xff";  // not UTF-8
  auto response = inventory::page_response(arn, {{summary}, std::nullopt});
  CHECK(response.content_type == "application/json");
  json page = json::parse(response.body);
  CHECK_FALSE(page.contains("next_cursor"));
  json only = page.at("certificates").at(0);
  CHECK(only.at("state") == "PENDING");
  CHECK(only.at("serial") == "1c:be:48:5a:21:fe:5f:6a:b1:fc:4a:b1:2d:c3:eb:03");
  for (const char* absent : {"device_id", "profile", "issued_at", "revoked_at", "revocation_reason"}) {
    CHECK_FALSE(only.contains(absent));
  }
  summary.state = ca::CertificateState::revoked;
  summary.device_id = "SN-1";
  summary.issued_at = summary.revoked_at = ca::TimePoint{std::chrono::milliseconds{1'700'000'000'123}};
  summary.revocation_reason = ca::RevocationReason::key_compromise;
  page = json::parse(inventory::page_response(arn, {{summary}, summary.serial}).body);
  CHECK(page.at("next_cursor") == summary.serial.hex());
  only = page.at("certificates").at(0);
  CHECK(only.at("device_id") == "SN-1");
  CHECK(only.at("revoked_at") == "2023-11-14T22:13:20.123Z");
  CHECK(only.at("revocation_reason") == "KEY_COMPROMISE");
}
