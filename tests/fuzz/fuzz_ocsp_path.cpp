// The OCSP request in a path: what decodes is the same whether its marks are percent-encoded or not.
#include <cstdlib>
#include <string>

#include "ca/base/base64.hpp"
#include "daemon/status/ocsp_path.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string path{reinterpret_cast<const char*>(bytes), size};
  const auto der = status::ocsp_request_in(path);
  if (!der) {
    return 0;
  }
  std::string encoded = "/ocsp/";
  for (const char c : ca::to_base64(*der)) {
    encoded += c == '+' ? "%2B" : c == '/' ? "%2f" : c == '=' ? "%3D" : std::string(1, c);
  }
  const bool fits = encoded.size() < 16384;
  if (fits && status::ocsp_request_in(encoded) != der) {
    std::abort();
  }
  return 0;
}
