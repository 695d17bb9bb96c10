#include "ca/audit/event.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

namespace {

using namespace std::chrono_literals;

const ca::AuditPosition kPosition{.log = "node-1", .seq = 41, .time = ca::TimePoint{1795521600089ms}};

ca::AuditEvent full_event() {
  return {.type = "certificate.issued",
          .outcome = "ok",
          .principal = "arn:aws:iam::111122223333:user/provisioner",
          .account = "111122223333",
          .request_id = "0f8fad5b-d9cb-469f-a165-70867728950e",
          .authority =
              "arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/"
              "7c9e6679-7425-40de-944b-e07fc1f90ae7",
          .serial = "1a2b3c4d5e6f708192a3b4c5d6e7f801",
          .tbs_sha256 = std::string(64, 'a'),
          .der_sha256 = std::string(64, 'b'),
          .detail = {{"template", "EndEntityCertificate"}, {"device_id", "pump-7"}, {"note", ""}}};
}

}  // namespace

TEST_CASE("canonical line: the bytes of a full event never change", "[audit][I6]") {
  CHECK(canonical_line(full_event(), kPosition) ==
        R"({"account":"111122223333",)"
        R"("authority":"arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/)"
        R"(7c9e6679-7425-40de-944b-e07fc1f90ae7",)"
        R"("der_sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",)"
        R"("detail":{"device_id":"pump-7","template":"EndEntityCertificate"},)"
        R"("log":"node-1","outcome":"ok","principal":"arn:aws:iam::111122223333:user/provisioner",)"
        R"("request_id":"0f8fad5b-d9cb-469f-a165-70867728950e","seq":41,)"
        R"("serial":"1a2b3c4d5e6f708192a3b4c5d6e7f801",)"
        R"("tbs_sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",)"
        R"("ts":"2026-11-24T12:00:00.089Z","type":"certificate.issued","v":1})");
}

TEST_CASE("canonical line: what is empty is left out", "[audit][I6]") {
  const ca::AuditEvent event{.type = "daemon.started", .outcome = "ok"};
  CHECK(
      canonical_line(event, {.log = "node-1", .seq = 0, .time = ca::TimePoint{0ms}}) ==
      R"({"log":"node-1","outcome":"ok","seq":0,"ts":"1970-01-01T00:00:00.000Z","type":"daemon.started","v":1})");
}

TEST_CASE("canonical line: what a caller sends cannot break the line", "[audit][I6][I16]") {
  ca::AuditEvent event{.type = "request.refused", .outcome = "refused"};
  event.principal = "eve\",\"outcome\":\"ok\n{}";
  event.detail = {{"a\"b\n", "\xFF\x01"}};
  const std::string line = canonical_line(event, kPosition);
  CHECK(line == R"({"detail":{"a\"b\n":")"
                "\xEF\xBF\xBD"
                R"(\u0001"},"log":"node-1","outcome":"refused","principal":"eve\",\"outcome\":\"ok\n{}",)"
                R"("seq":41,"ts":"2026-11-24T12:00:00.089Z","type":"request.refused","v":1})");
  CHECK(nlohmann::json::parse(line).dump() == line);  // sorted, no spaces
}

TEST_CASE("canonical line: a detail of more than 1 KiB is cut and the line says so", "[audit][I16]") {
  ca::AuditEvent event = full_event();
  event.detail = {{"reason", std::string(5000, 'r')}};
  const auto json = nlohmann::json::parse(canonical_line(event, kPosition));
  CHECK(json.at("detail").at("reason").get<std::string>() == std::string(1024, 'r'));
  CHECK(json.at("truncated") == true);
}

TEST_CASE("canonical line: no event makes a line of more than 8 KiB", "[audit][I16]") {
  const std::string filler = GENERATE(as<std::string>{}, "x", "\x01", "\"", "\xFF", "ü", "\xF0\x9F\x94\x91");
  for (const std::size_t count : {100U, 700U, 1024U, 8192U, 100000U}) {
    std::string text;
    while (text.size() < count) {
      text += filler;
    }
    ca::AuditEvent event{text, text, text, text, text, text, text, text, text, {}};
    for (char key = 'a'; key <= 'z'; ++key) {
      event.detail[key + text] = text;
    }
    const std::string line = canonical_line(event, {.log = text, .seq = ~0ULL, .time = kPosition.time});
    CHECK(line.size() <= 8192);
    CHECK(line.find('\n') == std::string::npos);
    const auto json = nlohmann::json::parse(line);
    CHECK(json.dump() == line);
    CHECK(json.size() >= 14);  // every member and some of the detail
    CHECK(json.at("truncated") == true);
  }
}
