#include "ca/x509/crl.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "ca/base/error.hpp"

namespace ca {
namespace {

constexpr int kVersion2 = 1;
constexpr int kMaxReasonCode = 10;
constexpr int kUnusedReasonCode = 7;  // RFC 5280, 5.3.1
constexpr std::size_t kMaxDistributionPoints = 16;
constexpr std::array<std::uint8_t, 3> kReasonCodeOid{0x55, 0x1D, 0x15};
constexpr Seconds kFirstGeneralizedTime = std::chrono::sys_days{std::chrono::year{2050} / 1 / 1};

// What reads the encoding complains as it does for requests.
template <typename Read>
auto as_crl(const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() != Code::malformed_csr) {
      throw;
    }
    throw Error{Code::malformed_crl, "The revocation list is not valid: " + std::string{error.what()}};
  }
}

// UTCTime through 2049, GeneralizedTime after (RFC 5280, 5.1.2.4 to 5.1.2.6).
Seconds read_time(der::Reader& row, std::string_view what) {
  const bool generalized = row.peek_tag() == der::tag::kGeneralizedTime;
  const Seconds time = row.time(what);
  if (generalized && time < kFirstGeneralizedTime) {
    row.refuse(std::string{what} + " has the wrong ASN.1 type for its year");
  }
  return time;
}

bool read_critical(der::Reader& fields) {
  const auto critical = fields.take_if(der::tag::kBoolean);
  if (critical && (critical->contents.size() != 1 || critical->contents[0] != 0xFF)) {
    fields.refuse("the critical mark must be TRUE (FF) or absent");
  }
  return critical.has_value();
}

int read_reason(ByteView value) {
  der::Reader outer{value, "reasonCode"};
  const ByteView contents = outer.take(der::tag::kEnumerated, "reasonCode").contents;
  outer.end();
  if (contents.size() != 1 || contents[0] > kMaxReasonCode || contents[0] == kUnusedReasonCode) {
    outer.refuse("it is none of RFC 5280");
  }
  return contents[0];
}

// crlEntryExtensions, read without allocating: a list has a million of them.
std::optional<int> read_entry_extensions(ByteView der) {
  der::Reader outer{der, "crlEntryExtensions"};
  der::Reader row = outer.enter(der::tag::kSequence, "crlEntryExtensions");
  if (row.done()) {
    row.refuse("the list is empty");
  }
  std::optional<int> reason;
  while (!row.done()) {
    der::Reader fields = row.enter(der::tag::kSequence, "extension");
    const ByteView id = fields.take(der::tag::kOid, "extension id").contents;
    const bool critical = read_critical(fields);
    const ByteView value = fields.take(der::tag::kOctetString, "extension value").contents;
    fields.end();
    if (std::ranges::equal(id, kReasonCodeOid)) {
      if (reason) {
        row.refuse("reasonCode is there twice");
      }
      reason = read_reason(value);
    } else if (critical) {
      row.refuse("the critical extension " + der::oid_of(id, "extension id") + " is not known");
    }
  }
  return reason;
}

SigningAlgorithm read_algorithm(ByteView identifier) {
  const auto algorithm = signing_algorithm_from_der(identifier);
  if (!algorithm) {
    throw Error{Code::malformed_csr, "the signature algorithm is not supported"};
  }
  return *algorithm;
}

bool read_flag(der::Reader& fields, unsigned number) {
  const auto flag = fields.take_if(der::tag::context(number));
  if (flag && (flag->contents.size() != 1 || flag->contents[0] != 0xFF)) {
    fields.refuse("a flag must be TRUE (FF) or absent");
  }
  return flag.has_value();
}

// DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] }
void read_full_name(der::Reader point, CertificateList& list) {
  der::Reader names = point.enter(der::tag::context_constructed(0), "fullName");
  point.end();
  while (!names.done()) {
    const der::Element name = names.any();
    if (name.tag == der::tag::context(6)) {
      list.distribution_point_uris.push_back(text_of(name.contents));
    }
    if (list.distribution_point_uris.size() > kMaxDistributionPoints) {
      names.refuse("too many distribution points");
    }
  }
  // Else the list would pass for a complete one.
  if (list.distribution_point_uris.empty()) {
    names.refuse("its distribution point has no URI");
  }
}

// IssuingDistributionPoint ::= SEQUENCE { [0] distributionPoint EXPLICIT, [1] onlyContainsUserCerts, [2]
// onlyContainsCACerts, [3] onlySomeReasons, [4] indirectCRL, [5] onlyContainsAttributeCerts } (RFC
// 5280, 5.2.5)
void read_distribution_point(const Extension& extension, CertificateList& list) {
  der::Reader outer{extension.value, "issuingDistributionPoint"};
  der::Reader fields = outer.enter(der::tag::kSequence, "issuingDistributionPoint");
  outer.end();
  if (fields.peek_tag() == der::tag::context_constructed(0)) {
    read_full_name(fields.enter(der::tag::context_constructed(0), "distributionPoint"), list);
  }
  list.only_user_certificates = read_flag(fields, 1);
  list.only_authority_certificates = read_flag(fields, 2);
  if (!fields.done()) {
    fields.refuse(
        "lists of some reasons, indirect lists and lists of attribute certificates are not supported");
  }
}

Bytes read_authority_key_id(const Extension& extension) {
  der::Reader outer{extension.value, "authorityKeyIdentifier"};
  der::Reader fields = outer.enter(der::tag::kSequence, "authorityKeyIdentifier");
  outer.end();
  const auto id = fields.take_if(der::tag::context(0));
  (void)fields.take_if(der::tag::context_constructed(1));
  (void)fields.take_if(der::tag::context(2));
  fields.end();
  return id ? Bytes(id->contents.begin(), id->contents.end()) : Bytes{};
}

std::optional<std::uint64_t> read_number(const Extension& extension) {
  der::Reader outer{extension.value, "cRLNumber"};
  const ByteView octets = outer.unsigned_integer("cRLNumber");
  outer.end();
  if (octets.size() > sizeof(std::uint64_t)) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const std::uint8_t octet : octets) {
    number = number << 8U | octet;
  }
  return number;
}

void read_extensions(CertificateList& list) {
  for (const Extension& extension : list.extensions) {
    if (extension.id == oid::kAuthorityKeyIdentifier) {
      list.authority_key_id = read_authority_key_id(extension);
    } else if (extension.id == oid::kCrlNumber) {
      list.number = read_number(extension);
    } else if (extension.id == oid::kIssuingDistributionPoint) {
      read_distribution_point(extension, list);
    } else if (extension.critical) {
      throw Error{Code::malformed_csr, "the critical extension " + extension.id + " is not known"};
    }
  }
}

std::optional<RevokedEntry> read_entry(der::Reader& rest) {
  if (rest.done()) {
    return std::nullopt;
  }
  der::Reader fields = rest.enter(der::tag::kSequence, "entry");
  RevokedEntry entry;
  entry.serial = fields.integer("userCertificate");
  entry.revoked_at = read_time(fields, "revocationDate");
  if (!fields.done()) {
    entry.extensions_der = fields.take(der::tag::kSequence, "crlEntryExtensions").whole;
    entry.reason_code = read_entry_extensions(entry.extensions_der);
  }
  fields.end();
  return entry;
}

// revokedCertificates, if there are any (RFC 5280, 5.1.2.6).
void read_entries(der::Reader& tbs, CertificateList& list) {
  const auto revoked = tbs.take_if(der::tag::kSequence);
  if (!revoked) {
    return;
  }
  list.entries_der = revoked->contents;
  der::Reader row{list.entries_der, "revokedCertificates"};
  while (read_entry(row)) {
    ++list.entry_count;
  }
  if (list.entry_count == 0) {
    row.refuse("the list is empty");
  }
}

// TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates
// OPTIONAL, [0] crlExtensions } (RFC 5280, 5.1.2)
CertificateList read_tbs(ByteView tbs_der, ByteView outer_algorithm) {
  der::Reader outer{tbs_der, "TBSCertList"};
  der::Reader tbs = outer.enter(der::tag::kSequence, "TBSCertList");
  outer.end();
  if (tbs.small_integer("version", kVersion2) != kVersion2) {
    tbs.refuse("only version 2 is supported");
  }
  CertificateList list;
  list.tbs_der = tbs_der;
  const ByteView algorithm = tbs.take(der::tag::kSequence, "signature algorithm").whole;
  if (!std::ranges::equal(algorithm, outer_algorithm)) {
    tbs.refuse("the signature algorithm inside differs from the one outside");
  }
  list.signing_algorithm = read_algorithm(algorithm);
  list.issuer = DistinguishedName::parse_imported(tbs.take(der::tag::kSequence, "issuer").whole);
  list.this_update = read_time(tbs, "thisUpdate");
  list.next_update = read_time(tbs, "nextUpdate");
  read_entries(tbs, list);
  if (!tbs.done()) {
    der::Reader holder = tbs.enter(der::tag::context_constructed(0), "crlExtensions");
    list.extensions = parse_extensions(holder.any().whole);
    holder.end();
  }
  tbs.end();
  read_extensions(list);
  return list;
}

CertificateList read_list(ByteView der) {
  der::Reader outer{der, "CertificateList"};
  der::Reader fields = outer.enter(der::tag::kSequence, "CertificateList");
  outer.end();
  const ByteView tbs = fields.take(der::tag::kSequence, "TBSCertList").whole;
  const ByteView algorithm = fields.take(der::tag::kSequence, "signature algorithm").whole;
  const ByteView signature = fields.octet_aligned_bits("signature");
  fields.end();
  CertificateList list = read_tbs(tbs, algorithm);
  list.der = der;
  list.signature = signature;
  return list;
}

}  // namespace

std::optional<SerialNumber> RevokedEntry::serial_number() const { return SerialNumber::from_integer(serial); }

std::optional<RevokedEntry> RevokedEntries::next() {
  return as_crl([this] { return read_entry(rest_); });
}

CertificateList CertificateList::parse(ByteView der, std::size_t max_bytes) {
  if (der.size() > max_bytes) {
    throw Error{Code::malformed_crl,
                "The revocation list is larger than " + std::to_string(max_bytes) + " bytes"};
  }
  return as_crl([&] { return read_list(der); });
}

CertificateList CertificateList::parse_to_be_signed(ByteView tbs_der, SigningAlgorithm algorithm) {
  return as_crl([&] { return read_tbs(tbs_der, algorithm_identifier(algorithm)); });
}

const Extension* CertificateList::find(std::string_view oid) const {
  const auto found = std::find_if(extensions.begin(), extensions.end(),
                                  [&](const Extension& extension) { return extension.id == oid; });
  return found == extensions.end() ? nullptr : &*found;
}

bool CertificateList::is_signed_by(const PublicKey& issuer_key) const {
  return !signature.empty() && issuer_key.verify(signing_algorithm, tbs_der, signature);
}

}  // namespace ca
