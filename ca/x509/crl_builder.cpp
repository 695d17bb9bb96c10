#include <algorithm>
#include <array>

#include "ca/x509/crl.hpp"

namespace ca {
namespace {

constexpr int kVersion2 = 1;
constexpr std::size_t kMaxHeaderBytes = 6;  // tag and length of an element below 4 GiB

// reasonCode (RFC 5280, 5.3.1) in the one form that it has in an entry: SEQUENCE { SEQUENCE { OID, OCTET
// STRING { ENUMERATED } } }; the last octet is the reason.
constexpr std::array<std::uint8_t, 14> kReasonExtensions{0x30, 0x0C, 0x30, 0x0A, 0x06, 0x03, 0x55,
                                                         0x1D, 0x15, 0x04, 0x03, 0x0A, 0x01, 0x00};

void append(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

Bytes octets_of(std::uint64_t number) {
  Bytes octets(sizeof number);
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] = static_cast<std::uint8_t>(number >> (8 * (octets.size() - 1 - i)));
  }
  return octets;
}

// SEQUENCE { [0] distributionPoint { [0] fullName { [6] URI } } } (RFC 5280, 5.2.5)
Bytes issuing_distribution_point(const std::string& uri) {
  const Bytes full_name =
      der::element(der::tag::context_constructed(0), der::element(der::tag::context(6), bytes_of(uri)));
  return der::element(der::tag::kSequence, der::element(der::tag::context_constructed(0), full_name));
}

Bytes extensions_of(const CrlHeader& header) {
  std::vector<Extension> extensions{
      {oid::kAuthorityKeyIdentifier, false,
       der::element(der::tag::kSequence, der::element(der::tag::context(0), header.authority_key_id))},
      {oid::kCrlNumber, false, der::unsigned_integer(octets_of(header.number))}};
  if (header.distribution_point_uri) {
    extensions.push_back(
        {oid::kIssuingDistributionPoint, true, issuing_distribution_point(*header.distribution_point_uri)});
  }
  return der::element(der::tag::context_constructed(0), encode_extensions(extensions));
}

}  // namespace

CrlBuilder::CrlBuilder(const CrlHeader& header, std::size_t expected_entries)
    : extensions_{extensions_of(header)} {
  append(fields_, der::small_integer(kVersion2));
  append(fields_, algorithm_identifier(header.signing_algorithm));
  append(fields_, header.issuer.der());
  der::append_time(fields_, header.this_update);
  der::append_time(fields_, header.next_update);
  room_ = kMaxHeaderBytes + fields_.size() + kMaxHeaderBytes;
  buffer_.reserve(room_ + expected_entries * kMaxEntryBytes + extensions_.size());
  buffer_.resize(room_);
}

void CrlBuilder::add(const CrlEntry& entry) {
  const std::size_t begin = buffer_.size();
  der::append_header(buffer_, der::tag::kSequence, 0);  // the length is filled in below: never above 127
  ByteView serial = entry.serial.bytes();
  while (serial.size() > 1 && serial.front() == 0) {
    serial = serial.subspan(1);
  }
  const bool sign_octet = (serial.front() & 0x80U) != 0;
  der::append_header(buffer_, der::tag::kInteger, serial.size() + (sign_octet ? 1 : 0));
  if (sign_octet) {
    buffer_.push_back(0);
  }
  append(buffer_, serial);
  der::append_time(buffer_, entry.revoked_at);
  if (entry.reason != RevocationReason::unspecified) {
    append(buffer_, kReasonExtensions);
    buffer_.back() = static_cast<std::uint8_t>(entry.reason);
  }
  buffer_[begin + 1] = static_cast<std::uint8_t>(buffer_.size() - begin - 2);
  ++entries_;
}

Bytes CrlBuilder::finish() && {
  Bytes list;  // header of revokedCertificates
  if (entries_ > 0) {
    der::append_header(list, der::tag::kSequence, buffer_.size() - room_);
  }
  append(buffer_, extensions_);
  Bytes first;
  der::append_header(first, der::tag::kSequence, fields_.size() + list.size() + buffer_.size() - room_);
  append(first, fields_);
  append(first, list);
  // What comes first is written right before the entries; the room that it did not need goes.
  const auto unused = static_cast<std::ptrdiff_t>(room_ - first.size());
  std::copy(first.begin(), first.end(), buffer_.begin() + unused);
  buffer_.erase(buffer_.begin(), buffer_.begin() + unused);
  return std::move(buffer_);
}

}  // namespace ca
