#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/acmpca/operation_shapes.hpp"
#include "daemon/acmpca/strict_json.hpp"

namespace {

namespace shape = acmpca::shape;

constexpr std::array<const acmpca::Shape*, 10> kShapes{
    &shape::kCreateCertificateAuthority,
    &shape::kDescribeCertificateAuthority,
    &shape::kListCertificateAuthorities,
    &shape::kUpdateCertificateAuthority,
    &shape::kGetCertificateAuthorityCsr,
    &shape::kImportCertificateAuthorityCertificate,
    &shape::kGetCertificateAuthorityCertificate,
    &shape::kIssueCertificate,
    &shape::kGetCertificate,
    &shape::kRevokeCertificate,
};
// kMaxViolations texts with their echoes and patterns stay far below this.
constexpr std::size_t kMaxRefusalBytes = std::size_t{32} * 1024;

}  // namespace

// The first byte chooses the operation, the rest is the body. An input is refused in bounded words or comes
// out as JSON that checks the same once more (I16).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const acmpca::Shape& shape = *kShapes[bytes[0] % kShapes.size()];
  try {
    const auto input = acmpca::parse_object({reinterpret_cast<const char*>(bytes + 1), size - 1});
    const auto known = acmpca::checked(shape, input);
    if (acmpca::checked(shape, acmpca::parse_object(known.dump())) != known) {
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
