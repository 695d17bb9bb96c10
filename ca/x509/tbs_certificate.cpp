#include "ca/x509/tbs_certificate.hpp"

#include "ca/x509/der.hpp"

namespace ca {

Bytes TbsCertificate::encode() const {
  const Bytes version = der::element(der::tag::context_constructed(0), der::small_integer(2));
  const Bytes period =
      der::element(der::tag::kSequence, {der::time(validity.not_before), der::time(validity.not_after)});
  const Bytes extension_list =
      extensions.empty() ? Bytes{}
                         : der::element(der::tag::context_constructed(3), encode_extensions(extensions));
  return der::element(der::tag::kSequence, {version, der::unsigned_integer(serial.bytes()),
                                            algorithm_identifier(signing_algorithm), issuer.der(), period,
                                            subject.der(), spki_der, extension_list});
}

}  // namespace ca
