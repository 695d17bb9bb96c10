#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "ca/x509/certificate_request.hpp"
#include "tests/fuzz/property.hpp"

// Input: PEM text. What parses is written again and read to the same blocks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::size_t kMaxBlocks = 3;
  const std::string text = ca::text_of({data, size});
  try {
    const auto blocks = ca::parse_pem(text, kMaxBlocks);
    require(blocks.size() <= kMaxBlocks, "the number of blocks is bounded");
    for (const auto& block : blocks) {
      const auto again = ca::parse_pem(ca::to_pem(block.label, block.der), 1);
      require(again.size() == 1 && again[0].label == block.label && again[0].der == block.der,
              "a block comes back");
    }
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_request, "bad PEM is malformed_request");
  }
  try {
    require(ca::to_base64(ca::from_base64(text)) == text, "base64 has one form");
  } catch (const ca::Error&) {
  }
  try {
    (void)ca::CertificateRequest::parse_pem(text);
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_csr, "a bad request is malformed_csr");
  }
  return 0;
}
