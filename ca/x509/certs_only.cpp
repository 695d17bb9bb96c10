#include "ca/x509/certs_only.hpp"

#include "ca/x509/der.hpp"

namespace ca {

// ContentInfo { signedData, [0] SignedData { 1, digestAlgorithms {}, { data }, [0] certificates, signerInfos
// {} } }
Bytes certs_only(const std::vector<Bytes>& certificates) {
  using der::tag::kSequence;
  using der::tag::kSet;
  Bytes list;
  for (const Bytes& certificate : certificates) {
    list.insert(list.end(), certificate.begin(), certificate.end());
  }
  const Bytes empty_set = der::element(kSet, ByteView{});
  const Bytes data = der::element(kSequence, der::oid("1.2.840.113549.1.7.1"));
  const Bytes signed_data =
      der::element(kSequence, {der::small_integer(1), empty_set, data,
                               der::element(der::tag::context_constructed(0), list), empty_set});
  return der::element(kSequence, {der::oid("1.2.840.113549.1.7.2"),
                                  der::element(der::tag::context_constructed(0), signed_data)});
}

}  // namespace ca
