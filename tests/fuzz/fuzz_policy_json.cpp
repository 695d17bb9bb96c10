#include <cstdint>
#include <cstdlib>
#include <string>

#include "ca/base/error.hpp"
#include "ca/policy/policy.hpp"

// A policy document of anybody's making is parsed, and decided by when it is accepted (I11, I16). Nothing but
// Code::invalid_policy may leave the parser.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  try {
    ca::Principal principal{.name = "p", .account = "123456789012", .arn = "arn:x", .policies = {}};
    principal.policies.push_back(ca::PolicyDocument::parse("fuzz.json", text));
    const ca::PolicyEngine engine{{std::move(principal)}};
    ca::Caller caller;
    caller.account = "123456789012";
    caller.principal = "p";
    caller.principal_arn = "arn:aws:iam::123456789012:user/p";
    (void)engine.decide({.caller = caller,
                         .action = "acm-pca:IssueCertificate",
                         .resource = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/x",
                         .context = {{"chancery:DeviceId", {"device-7", "device-8"}}}});
    // Nobody else gains by a document that is not theirs.
    caller.principal = "q";
    if (engine.decide({.caller = caller, .action = "acm-pca:GetCertificate", .resource = "*", .context = {}})
            .allowed) {
      std::abort();
    }
  } catch (const ca::Error& error) {
    if (error.code() != ca::Code::invalid_policy) {
      std::abort();
    }
  }
  return 0;
}
