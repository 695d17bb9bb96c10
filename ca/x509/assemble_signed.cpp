#include "ca/x509/assemble_signed.hpp"

#include "ca/x509/der.hpp"

namespace ca {

Bytes assemble_signed(ByteView to_be_signed, SigningAlgorithm algorithm, ByteView signature) {
  return der::element(der::tag::kSequence,
                      {to_be_signed, algorithm_identifier(algorithm), der::bit_string(signature)});
}

}  // namespace ca
