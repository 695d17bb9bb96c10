#pragma once
#include "ca/base/digest.hpp"
#include "ca/base/serial_number.hpp"
#include "ca/lint/passed_through.hpp"
#include "ca/templates/issuer_identity.hpp"
#include "ca/templates/template.hpp"
#include "ca/x509/tbs_certificate.hpp"
#include "ca/x509/to_be_signed.hpp"

namespace ca {

// Encodes, reads the encoding again with no knowledge of how it was built, and checks it: RFC 5280 structure,
// the template's promises, what was passed through (octets, criticality, and that nothing else is there),
// that pointers are the authority's own, syntax of every name, and the name constraints and purposes of the
// issuer and of those above it. Pure. Throws Code::name_not_permitted (a name, or name constraints of its own
// that nobody could evaluate), Code::validity_beyond_issuer (I10, at either end), Code::path_length_exceeded,
// Code::purpose_not_permitted, and Code::internal for structure, which only a defect of ours can break.
[[nodiscard]] ToBeSigned lint(const TbsCertificate& tbs, const Template& tmpl, const IssuerIdentity& issuer,
                              const Asked& asked);

// Bytes that an earlier lint passed and the ledger kept, with what the row says about them.
struct StoredTbs {
  ByteView der;
  const SerialNumber& serial;
  Validity validity;
  Sha256 key_hash;
  SigningAlgorithm algorithm;
  const std::vector<Extension>& passed_through;
};

// The same checks against the issuer as it is now, which may have got another certificate meanwhile, and may
// therefore begin later than the row. Throws like lint(); Code::internal when the bytes are not those of the
// row.
[[nodiscard]] ToBeSigned lint_stored(const StoredTbs& stored, const Template& tmpl,
                                     const IssuerIdentity& issuer);

// The CertificationRequestInfo (RFC 2986, 4.1) of an authority's own CSR, read back and compared: it asks for
// basicConstraints CA:TRUE and for `extra`. Throws Code::internal.
[[nodiscard]] ToBeSigned lint_certification_request(const DistinguishedName& subject, ByteView spki_der,
                                                    SigningAlgorithm algorithm,
                                                    const std::vector<Extension>& extra);

}  // namespace ca
