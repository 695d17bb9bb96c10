#include "daemon/client/selection.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/inventory/records.hpp"
#include "tests/support/catch.hpp"

using client::Certificate;
using client::Conditions;

namespace {

const auto kAuthority = ca::AuthorityArn::parse(
    "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-4333-8444-555555555555");

Conditions conditions(const std::vector<std::string>& words, const std::string& file = "") {
  return client::parse_conditions(words, [&](const std::string& path) {
    CHECK(path == "list.txt");
    return file;
  });
}

std::string refusal(const std::vector<std::string>& words, const std::string& file = "") {
  try {
    (void)conditions(words, file);
  } catch (const ca::Error& error) {
    return error.what();
  }
  FAIL("accepted");
  return "";
}

Certificate certificate(const std::string& state, const std::string& device = "") {
  Certificate made{.serial = ca::SerialNumber::random()};
  made.state = state;
  made.template_name = "EndEntityCertificate";
  made.device_id = device;
  return made;
}

}  // namespace

TEST_CASE("where: conditions are read, devices also from a file", "[client]") {
  const auto read = conditions({"device=b", "template=EndEntityCertificate/V1", "devices=@list.txt",
                                "device=b", "issued-after=2026-11-24T05:06:07Z"},
                               "# stolen on Tuesday\nSN 1 \r\n\na\n");
  CHECK(read.devices == std::vector<std::string>{"SN 1", "a", "b"});
  CHECK(read.others == std::map<std::string, std::string>{{"template", "EndEntityCertificate/V1"},
                                                          {"issued-after", "2026-11-24T05:06:07Z"}});
}

TEST_CASE("where: what is misspelt or empty selects nothing by accident", "[client][I16]") {
  CHECK_THAT(refusal({"devise=a"}), Contains("write device=ID"));
  CHECK_THAT(refusal({"state=ISSUED"}), Contains("write device=ID"));
  CHECK_THAT(refusal({"authority=x"}), Contains("write device=ID"));
  CHECK_THAT(refusal({""}), Contains("write device=ID"));
  CHECK_THAT(refusal({"device"}), Contains("value is missing"));
  CHECK_THAT(refusal({"template="}), Contains("value is missing"));
  CHECK_THAT(refusal({"devices=list.txt"}), Contains("devices=@FILE"));
  CHECK_THAT(refusal({"devices=@list.txt"}, "# none\n\n"), Contains("names no device"));
  CHECK_THAT(refusal({"device=a", "devices=@list.txt"}, ""), Contains("names no device"));
  CHECK_THAT(refusal({"template=a", "template=b"}), Contains("twice"));
}

TEST_CASE("where: many devices become several queries that a head can hold", "[client]") {
  Conditions many;
  for (int i = 0; i < 1234; ++i) {
    many.devices.push_back("a device & its name/" + std::to_string(i));
  }
  many.others["template"] = "EndEntityCertificate/V1";
  const auto queries = client::queries_of(kAuthority, many);
  std::size_t devices = 0;
  for (const std::string& query : queries) {
    CHECK(query.size() <= 8 * 1024);
    CHECK_THAT(query, StartsWith("authority=arn%3Aaws%3Aacm-pca"));
    CHECK_THAT(query, Contains("&template=EndEntityCertificate%2FV1"));
    const auto count = static_cast<std::size_t>(std::ranges::count(query, '&')) - 1;
    CHECK(count <= 100);
    devices += count;
  }
  CHECK(devices == 1234);
  CHECK_THAT(queries.front(), Contains("&device=a%20device%20%26%20its%20name%2F0"));
  CHECK(client::queries_of(kAuthority, {}).size() == 1);
}

TEST_CASE("selection: only what can be revoked and is meant is revoked", "[client]") {
  client::Selection selection;
  Conditions asked;
  asked.devices = {"SN-1", "SN-2", "SN-3"};
  selection.add(certificate("ISSUED", "SN-1"), asked);
  selection.add(certificate("REVOKED", "SN-2"), asked);
  selection.add(certificate("PENDING", "SN-2"), asked);
  selection.add(certificate("FAILED", "SN-2"), asked);
  selection.add(certificate("of another version", "SN-2"), asked);
  auto own = certificate("ISSUED");
  own.self_signed = true;
  selection.add(own, asked);
  auto signer = certificate("ISSUED");
  signer.profile = ca::kOcspSignerProfile;
  selection.add(signer, asked);
  selection.note_devices(asked);
  CHECK(selection.serials.size() == 1);
  CHECK(selection.by_template == std::map<std::string, std::uint64_t>{{"EndEntityCertificate", 1}});
  CHECK(selection.revoked == 1);
  CHECK(selection.pending == 1);
  CHECK(selection.self_signed == 1);
  CHECK(selection.ocsp_signers == 1);
  CHECK(selection.devices_without == std::vector<std::string>{"SN-3"});

  asked.others["template"] = "OCSPSigningCertificate";
  client::Selection named;
  named.add(signer, asked);
  CHECK(named.serials.size() == 1);
}

TEST_CASE("selection: a page of the daemon is read, and what is none is refused", "[client][I16]") {
  const auto page = client::read_page(
      R"({"certificates":[{"serial":"1c:be:48:5a:21:fe:5f:6a:b1:fc:4a:b1:2d:c3:eb:03","state":"ISSUED",
          "self_signed":false,"template":"EndEntityCertificate","device_id":"SN-1"}],"next_cursor":"1c"})");
  REQUIRE(page.certificates.size() == 1);
  CHECK(page.certificates[0].serial.hex() == "1cbe485a21fe5f6ab1fc4ab12dc3eb03");
  CHECK(page.certificates[0].device_id == "SN-1");
  CHECK(page.certificates[0].issued_at.empty());
  CHECK(page.next_cursor == "1c");
  CHECK_FALSE(client::read_page(R"({"certificates":[]})").next_cursor);
  for (const char* wrong : {"", "[]", "{}", R"({"certificates":1})", R"({"certificates":[{}]})",
                            R"({"certificates":[],"next_cursor":1})", R"({"certificates":[{"serial":1}]})"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(client::read_page(wrong), ca::Error);
  }
}
