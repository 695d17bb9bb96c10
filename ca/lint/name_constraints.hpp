#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ca/x509/name.hpp"

namespace ca {

// One nameConstraints extension (RFC 5280, 4.2.1.10). Immutable.
class NameConstraints {
 public:
  // Forms: DNS, e-mail, URI, IP, directoryName. Throws Code::name_not_permitted for any other form, for
  // minimum or maximum, for an empty list, for a host, mailbox or mask that is none, and for what cannot be
  // read: what is not understood permits nothing.
  [[nodiscard]] static NameConstraints parse(ByteView extension_value);

  // The complaint about this name; nullopt = allowed. The name must have good syntax.
  [[nodiscard]] std::optional<std::string> complaint(const GeneralName& name) const;

 private:
  std::vector<GeneralName> permitted_;
  std::vector<GeneralName> excluded_;
};

// Every name of a certificate that constraints apply to: SAN, subject as a directoryName, e-mail attributes
// of the subject, and common names that verifiers take for DNS names because there is no DNS SAN.
[[nodiscard]] std::vector<GeneralName> constrained_names(const DistinguishedName& subject,
                                                         const std::vector<GeneralName>& alt_names);

}  // namespace ca
