#include <array>
#include <string>
#include <string_view>

#include "daemon/status/routes.hpp"
#include "tests/fuzz/property.hpp"

namespace {

constexpr std::array<const char*, 4> kHeaders{"Range", "If-Range", "If-None-Match", "If-Modified-Since"};

std::string header_of(const http::HttpResponse& response, std::string_view wanted) {
  for (const auto& [name, value] : response.headers) {
    if (name == wanted) {
      return value;
    }
  }
  return "";
}

}  // namespace

// Input: the size of a CRL, then the values of the headers that choose a part of it, one a line. The answer
// is the whole, a part that is inside, or nothing, and its headers say which.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const ca::PublishedCrl crl{.authority = {}, .der = std::make_shared<const ca::Bytes>(data[0])};
  std::string_view rest{reinterpret_cast<const char*>(data + 1), size - 1};
  http::HttpRequest request{.method = "GET"};
  for (const char* name : kHeaders) {
    const auto end = rest.find('\n');
    if (end != 0 && !rest.empty()) {
      request.headers.emplace_back(name, rest.substr(0, end));
    }
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }

  // A CRL of an odd size is so new that it has no date yet.
  const ca::TimePoint now = crl.modified - std::chrono::milliseconds{data[0] % 2};

  const auto response = status::crl_response(request, crl, now);

  const std::size_t total = crl.der->size();
  const auto sent = response.payload().size();
  const auto& part = response.shared_body;
  switch (response.status) {
    case 200:
      require(part && sent == total, "200 is the whole");
      break;
    case 206:
      require(part && sent > 0 && part->offset + sent <= total, "206 is a part");
      require(header_of(response, "Content-Range") == "bytes " + std::to_string(part->offset) + "-" +
                                                          std::to_string(part->offset + sent - 1) + "/" +
                                                          std::to_string(total),
              "206 says which part");
      break;
    case 304:
      require(!part && sent == 0, "304 has no body");
      break;
    case 416:
      require(!part && header_of(response, "Content-Range") == "bytes */" + std::to_string(total),
              "416 says how much there is");
      break;
    default:
      require(false, "no other status");
  }
  return 0;
}
