#include "ca/base/error.hpp"
#include "ca/x509/name.hpp"
#include "ca/x509/name_syntax.hpp"
#include "tests/fuzz/property.hpp"

// Input: DER of GeneralNames. What parses is encoded again to the same bytes, and has a text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ca::ByteView input{data, size};
  try {
    const auto names = ca::parse_general_names(input);
    require(!names.empty() && names.size() <= ca::kMaxGeneralNames, "the number of names is bounded");
    require(ca::encode_general_names(names) == ca::Bytes(input.begin(), input.end()),
            "names come back byte for byte");
    for (const auto& name : names) {
      const std::string text = name.text();
      for (const char c : text) {
        require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a name has no control characters");
      }
    }
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_csr, "bad names are malformed_csr");
  }
  const std::string text = ca::text_of(input);
  (void)ca::dns_complaint(text);
  (void)ca::email_complaint(text);
  if (!ca::uri_complaint(text)) {
    const auto host = ca::uri_host(text);
    require(!host || !host->empty(), "a good URI with an authority has a host");
  }
  return 0;
}
