#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "daemon/auth/authenticator.hpp"
#include "tests/support/fake_clock.hpp"

namespace {

// The refusals that a request without a valid signature may meet.
bool is_refusal(ca::Code code) {
  return code == ca::Code::missing_authentication || code == ca::Code::incomplete_signature ||
         code == ca::Code::invalid_signature || code == ca::Code::unrecognized_client ||
         code == ca::Code::malformed_request;
}

auth::KeyRing key_ring() {
  auth::KeyRing ring;
  ring.keys["AKIDEXAMPLE"] = {"AKIDEXAMPLE",
                              std::make_shared<const ca::SecretBytes>(ca::bytes_of("no input knows this")),
                              "p", "123456789012"};
  return ring;
}

// Lines before the first empty one: Authorization, date, path with query, then "name: value" each. The rest
// is the body.
http::HttpRequest request_of(const std::string& text) {
  http::HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.headers = {{"Host", "ca.example.com"}};
  const std::size_t end_of_head = text.find("\n\n");
  request.body = end_of_head == std::string::npos ? "" : text.substr(end_of_head + 2);
  const auto lines = ca::split(text.substr(0, end_of_head), '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const std::size_t colon = line.find(':');
    if (i == 0) {
      request.headers.emplace_back("Authorization", line);
    } else if (i == 1) {
      request.headers.emplace_back("X-Amz-Date", line);
    } else if (i == 2) {
      const std::size_t mark = line.find('?');
      request.path = line.substr(0, mark);
      request.query = mark == std::string::npos ? "" : line.substr(mark + 1);
    } else if (colon != std::string::npos) {
      request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    }
  }
  return request;
}

}  // namespace

// The secret is in nobody's input, so a caller that is accepted is a forgery (I11, I16).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const test::FakeClock clock;
  static const auth::Authenticator authenticator{
      {{"us-east-1"}, "aws", std::chrono::seconds{300}}, key_ring(), clock};
  try {
    (void)authenticator.authenticate(request_of({reinterpret_cast<const char*>(bytes), size}));
    std::abort();
  } catch (const ca::Error& error) {
    if (!is_refusal(error.code())) {
      std::abort();
    }
  }
  return 0;
}
