// Public keys of custodians: what is read is read the same way again, everything else is a ca::Error that
// does not repeat the text, which may be a private key.
#include <string_view>

#include "ca/base/error.hpp"
#include "config/ceremony_keys.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  try {
    const auto key = config::signer_key_of(text);
    require(!key.empty(), "a key has octets");
    require(config::signer_key_of(text) == key, "the same text is the same key");
  } catch (const ca::Error&) {
  }
  return 0;
}
