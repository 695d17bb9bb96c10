// RFC 7512 URIs: what parses has one canonical text, which parses to the same value; everything else is a
// pkcs11::Error and nothing worse.
#include <cstdlib>
#include <string_view>

#include "pkcs11/error.hpp"
#include "pkcs11/uri.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  try {
    const auto uri = pkcs11::Uri::parse(text);
    const auto canonical = uri.text();
    if (pkcs11::Uri::parse(canonical) != uri || pkcs11::Uri::parse(canonical).text() != canonical) {
      std::abort();
    }
  } catch (const pkcs11::Error&) {
  }
  return 0;
}
