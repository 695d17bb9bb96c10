#pragma once
#include "ca/base/digest.hpp"
#include "ca/base/serial_number.hpp"
#include "ca/templates/issuer_identity.hpp"
#include "ca/templates/template.hpp"
#include "ca/x509/tbs_certificate.hpp"

namespace ca {

// Certificate bytes that passed lint: the only form in which they may go to a signer (I4). Only lint() makes
// one.
class ToBeSigned {
 public:
  [[nodiscard]] const Bytes& der() const { return der_; }
  [[nodiscard]] const Sha256& digest() const { return digest_; }
  [[nodiscard]] const SerialNumber& serial() const { return serial_; }

 private:
  friend ToBeSigned lint(const TbsCertificate& tbs, const Template& tmpl, const IssuerIdentity& issuer);
  ToBeSigned(Bytes der, const SerialNumber& serial);
  Bytes der_;
  Sha256 digest_;
  SerialNumber serial_;
};

// Encodes, reads the encoding again with no knowledge of how it was built, and checks it: RFC 5280 structure,
// the template's promises, syntax of every name, and the name constraints of the issuer and of those above
// it. Pure. Throws Code::name_not_permitted (a name), Code::validity_beyond_issuer (I10),
// Code::path_length_exceeded, and Code::internal for structure, which only a defect of ours can break.
[[nodiscard]] ToBeSigned lint(const TbsCertificate& tbs, const Template& tmpl, const IssuerIdentity& issuer);

}  // namespace ca
