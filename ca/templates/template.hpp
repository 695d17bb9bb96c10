#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ca/base/arn.hpp"

namespace ca {

// The certificate templates of AWS Private CA ("Understanding certificate templates"), one row each.
// A template fixes every extension of the certificate; what it leaves open is named here, and only that may
// come from elsewhere (I11). Key identifiers and pointers to revocation come from the authority alone,
// whatever the documentation lets pass (docs/decisions/004).
struct Template {
  enum class BasicConstraints { end_entity, end_entity_critical, authority };
  // `fixed`: value of the template. `passthrough`: only what the request or the API passes.
  enum class KeyUsage {
    none,
    signature_and_encipherment,  // digitalSignature and, unless the key is Ed25519, keyEncipherment
    signature,                   // digitalSignature
    authority,                   // digitalSignature, keyCertSign, cRLSign
    passthrough,
  };
  enum class ExtendedKeyUsage {
    none,
    server_and_client,
    client,
    server,
    code_signing,
    ocsp_signing,
    passthrough
  };
  enum class NameSource { request, api_else_request };

  std::string_view name;  // "EndEntityCertificate"
  BasicConstraints basic_constraints;
  std::optional<int> path_length;  // of the certificate itself; nullopt: no constraint, or no authority
  bool authority_key_id;
  bool subject_key_id;
  KeyUsage key_usage;
  ExtendedKeyUsage extended_key_usage;
  NameSource names_from;  // subject and SAN
  bool csr_passthrough;
  bool api_passthrough;
  bool is_ca;
  bool is_root;
};

// All 61, in the order of the documentation. Static storage.
[[nodiscard]] std::span<const Template> all_templates();

// Throws Code::invalid_args for an unknown name.
[[nodiscard]] const Template& find_template(const TemplateArn& arn);

// Why a device may not have a certificate from this template by itself; nullopt = it may. A device chooses
// its CSR, so it may choose neither to be an authority nor its extensions (I11), and no device answers for
// the revocation of others.
[[nodiscard]] std::optional<std::string> provisioning_complaint(const Template& tmpl);

}  // namespace ca
