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

  // The complaint about this name; nullopt = allowed. The name must have good syntax, but for a common name.
  // What cannot be compared is refused: a directory name whose case beyond ASCII matters, and an otherName
  // that may hold a mailbox or a domain (SmtpUTF8Mailbox, UPN, SRVName, ...) beside constraints on those.
  [[nodiscard]] std::optional<std::string> complaint(const GeneralName& name) const;

 private:
  [[nodiscard]] bool speak_of(GeneralName::Kind kind) const;

  std::vector<GeneralName> permitted_;
  std::vector<GeneralName> excluded_;
};

// The e-mail attributes of a subject, as e-mail names.
[[nodiscard]] std::vector<GeneralName> mailboxes_of(const DistinguishedName& subject);

// The names of any certificate that constraints apply to (RFC 5280, 4.2.1.10): SAN, subject as a
// directoryName, e-mail attributes of the subject.
[[nodiscard]] std::vector<GeneralName> certified_names(const DistinguishedName& subject,
                                                       const std::vector<GeneralName>& alt_names);

// Every name of a certificate that we make and that constraints apply to: those, and common names that some
// verifier takes for a host because there is no DNS SAN.
[[nodiscard]] std::vector<GeneralName> constrained_names(const DistinguishedName& subject,
                                                         const std::vector<GeneralName>& alt_names);

}  // namespace ca
