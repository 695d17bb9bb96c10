#include "ca/base/error.hpp"
#include "ca/x509/crl.hpp"
#include "tests/fuzz/property.hpp"

// Input: DER of a CertificateList. What is read can be walked to its end without a complaint; anything else
// is malformed_crl.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ca::ByteView input{data, size};
  try {
    const auto list = ca::CertificateList::parse(input);
    require(list.der.size() == size && list.tbs_der.size() < size, "a list is its whole input");
    std::uint64_t entries = 0;
    try {
      auto row = list.entries();
      while (const auto entry = row.next()) {
        require(!entry->serial.empty(), "an entry has a serial");
        (void)entry->serial_number();
        ++entries;
      }
    } catch (const ca::Error&) {
      require(false, "the entries of a parsed list are good");
    }
    require(entries == list.entry_count, "the entries are counted");
    require(
        ca::CertificateList::parse_to_be_signed(list.tbs_der, list.signing_algorithm).entry_count == entries,
        "a list is read alike before its signature");
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_crl, "a bad list is malformed_crl");
  }
  return 0;
}
