#include "ca/base/error.hpp"
#include "ca/lint/name_constraints.hpp"
#include "tests/fuzz/property.hpp"

// Input: DER of a nameConstraints value. What is not understood is refused, what is understood judges without
// an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Kind = ca::GeneralName::Kind;
  const auto bytes = [](std::string_view text) { return ca::Bytes(text.begin(), text.end()); };
  static const std::vector<ca::GeneralName> kNames{
      {Kind::dns, bytes("a.example.com")},
      {Kind::dns, bytes("*.example.com")},
      {Kind::email, bytes("a@example.com")},
      {Kind::uri, bytes("spiffe://example.com/a")},
      {Kind::uri, bytes("urn:x")},
      {Kind::ip, {10, 0, 0, 1}},
      {Kind::ip, ca::Bytes(16, 1)},
      {Kind::directory, ca::encode_subject({.country = "US", .common_name = "x"}).der()},
      {Kind::other, {}},
  };
  try {
    const auto constraints = ca::NameConstraints::parse({data, size});
    for (const auto& name : kNames) {
      (void)constraints.complaint(name);
    }
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::name_not_permitted,
            "constraints that are not understood permit nothing");
  }
  return 0;
}
