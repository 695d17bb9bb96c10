#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/acmpca/operation_shapes.hpp"
#include "daemon/acmpca/strict_cbor.hpp"

namespace {

namespace shape = acmpca::shape;

constexpr std::array<const acmpca::Shape*, 4> kShapes{
    &shape::kCreateCertificateAuthority,
    &shape::kImportCertificateAuthorityCertificate,
    &shape::kIssueCertificate,
    &shape::kListCertificateAuthorities,
};
constexpr std::size_t kMaxRefusalBytes = std::size_t{32} * 1024;

}  // namespace

// The first byte chooses the operation, the rest is the body. An input is refused in bounded words, or what
// is known of it is the same after it was written and read once more (I16).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  try {
    const auto input = acmpca::parse_cbor_object({reinterpret_cast<const char*>(bytes + 1), size - 1});
    const auto known = acmpca::checked(*kShapes[bytes[0] % kShapes.size()], input, acmpca::Blobs::bytes);
    if (acmpca::parse_cbor_object(acmpca::to_cbor(known)) != known) {
      std::abort();
    }
  } catch (const ca::Error& error) {
    const bool expected =
        error.code() == ca::Code::malformed_request || error.code() == ca::Code::constraint_violation;
    if (!expected || std::string_view{error.what()}.size() > kMaxRefusalBytes) {
      std::abort();
    }
  }
  return 0;
}
