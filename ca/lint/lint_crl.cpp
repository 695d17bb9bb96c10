#include "ca/lint/lint_crl.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/lint/lint_seal.hpp"
#include "ca/x509/name_syntax.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxSerialOctets = 20;  // RFC 5280, 4.1.2.2
constexpr std::size_t kMaxKeyIdOctets = 64;

void require(bool holds, const char* what) {
  if (!holds) {
    throw Error{Code::internal, std::string{"the revocation list must not be signed: "} + what};
  }
}

void check_header(const CertificateList& list, const CrlHeader& expected, Seconds issued_at) {
  require(list.issuer == expected.issuer && !list.issuer.empty(), "the issuer changed on the way");
  require(list.this_update == expected.this_update && list.next_update == expected.next_update,
          "its times changed on the way");
  require(list.this_update < list.next_update, "it ends before it begins");
  require(list.this_update <= issued_at && issued_at < list.next_update, "it is not current");
}

// The extension is there, marked so, and has these bytes, which are written out here and not taken from the
// code that builds.
void check_extension(const CertificateList& list, const char* id, bool critical, const Bytes& value) {
  const Extension* extension = list.find(id);
  require(extension != nullptr && extension->critical == critical && extension->value == value,
          (std::string{"extension "} + id + " is not what it should be").c_str());
}

// One URI as the full name, and no limit of scope (RFC 5280, 5.2.5).
std::string distribution_point_of(ByteView value) {
  der::Reader reader{value, "issuingDistributionPoint"};
  static constexpr std::array<std::uint8_t, 3> kNested{0x30, 0xA0, 0xA0};
  for (const std::uint8_t tag : kNested) {
    const der::Element element = reader.any();
    reader.end();
    require(element.tag == tag, "the issuing distribution point is not one full name");
    reader = der::Reader{element.contents, "issuingDistributionPoint"};
  }
  const der::Element name = reader.any();
  reader.end();
  require(name.tag == 0x86, "the issuing distribution point is no URI");
  return text_of(name.contents);
}

void check_extensions(const CertificateList& list, const CrlHeader& expected) {
  const Bytes& id = expected.authority_key_id;
  require(!id.empty() && id.size() <= kMaxKeyIdOctets, "the authority has no key identifier");
  const auto size = static_cast<std::uint8_t>(id.size());
  Bytes key_id{0x30, static_cast<std::uint8_t>(size + 2), 0x80, size};
  key_id.insert(key_id.end(), id.begin(), id.end());
  check_extension(list, "2.5.29.35", false, key_id);

  const Extension* number = list.find("2.5.29.20");
  require(number != nullptr && !number->critical && list.number == expected.number,
          "the CRL number changed on the way");

  require(list.extensions.size() == (expected.distribution_point_uri ? 3 : 2),
          "it has other extensions than it should");
  if (expected.distribution_point_uri) {
    const Extension* point = list.find("2.5.29.28");
    require(point != nullptr && point->critical, "the issuing distribution point is not critical");
    require(distribution_point_of(point->value) == *expected.distribution_point_uri,
            "the issuing distribution point changed on the way");
    require(!uri_complaint(*expected.distribution_point_uri), "its distribution point is not a valid URI");
  }
}

// A negative number has its first bit set; ours are positive.
bool positive(ByteView serial) {
  return !serial.empty() && (serial[0] & 0x80U) == 0 && !(serial.size() == 1 && serial[0] == 0);
}

// INTEGER contents are minimal, so of two positive ones the longer is the larger.
bool ascending(ByteView previous, ByteView next) {
  return previous.size() != next.size() ? previous.size() < next.size()
                                        : std::ranges::lexicographical_compare(previous, next);
}

// No entry extensions at all, or the one encoding of a reason that we give (RFC 5280, 5.3.1: `unspecified`
// should not be written; the reasons to hold and to remove are none of ours).
bool reason_is_ours(ByteView extensions) {
  static constexpr std::array<std::uint8_t, 13> kReason{0x30, 0x0C, 0x30, 0x0A, 0x06, 0x03, 0x55,
                                                        0x1D, 0x15, 0x04, 0x03, 0x0A, 0x01};
  static constexpr std::array<std::uint8_t, 7> kReasons{1, 2, 3, 4, 5, 9, 10};
  return extensions.empty() ||
         (extensions.size() == kReason.size() + 1 &&
          std::ranges::equal(extensions.first(kReason.size()), kReason) &&
          std::find(kReasons.begin(), kReasons.end(), extensions.back()) != kReasons.end());
}

void check_entries(const CertificateList& list, std::uint64_t expected_entries, Seconds issued_at) {
  require(list.entry_count == expected_entries, "entries are missing, or there are too many");
  RevokedEntries row = list.entries();
  ByteView previous;
  while (const auto entry = row.next()) {
    require(entry->serial.size() <= kMaxSerialOctets && positive(entry->serial),
            "a serial number is not between 1 and 2^159");
    require(ascending(previous, entry->serial), "a serial number is there twice or out of order");
    require(entry->revoked_at <= issued_at, "a certificate is revoked in the future");
    require(reason_is_ours(entry->extensions_der),
            "an entry has a reason or an extension that is none of ours");
    previous = entry->serial;
  }
}

}  // namespace

ToBeSigned lint_crl(Bytes tbs, const CrlHeader& expected, std::uint64_t expected_entries, Seconds issued_at) {
  try {
    const CertificateList list = CertificateList::parse_to_be_signed(tbs, expected.signing_algorithm);
    check_header(list, expected, issued_at);
    check_extensions(list, expected);
    check_entries(list, expected_entries, issued_at);
  } catch (const Error& error) {
    if (error.code() == Code::internal) {
      throw;
    }
    throw Error{Code::internal, std::string{"the revocation list cannot be read back: "} + error.what()};
  }
  return LintSeal::seal(std::move(tbs), expected.signing_algorithm);
}

}  // namespace ca
