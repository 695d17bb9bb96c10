#include "ca/revocation/crl_issuing.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/lint/lint_crl.hpp"
#include "ca/x509/crl.hpp"

namespace ca {
namespace {

constexpr std::chrono::hours kBackDated{1};
constexpr const char* kMediaType = "application/pkix-crl";

AuditEvent event_of(const CrlRecord& crl, const std::string& type, std::uint64_t number) {
  AuditEvent event = system_event(type, crl.authority);
  event.detail = {{"crl", crl.name}, {"number", std::to_string(number)}};
  return event;
}

std::string file_of(const CrlRecord& crl) { return crl.name + ".crl"; }

// The number is above every one before (I8), whatever the clock did.
CrlHeader header_of(const CrlPlan& plan, TimePoint issued_at) {
  const auto milliseconds =
      static_cast<std::uint64_t>(std::max<std::int64_t>(issued_at.time_since_epoch().count(), 1));
  Seconds this_update = to_seconds(issued_at) - kBackDated;
  if (plan.issuer.validity) {
    this_update = std::max(this_update, plan.issuer.validity->not_before);
  }
  CrlHeader header{.signing_algorithm = plan.signing_algorithm,
                   .issuer = plan.issuer.subject,
                   .this_update = this_update,
                   .next_update = to_seconds(issued_at) + plan.life,
                   .authority_key_id = authority_key_id_of(plan.issuer),
                   .number = std::max({plan.crl.number + 1, plan.above + 1, milliseconds})};
  if (!plan.crl.complete) {
    header.distribution_point_uri = plan.crl.uri;
  }
  return header;
}

struct Built {
  Bytes tbs;
  std::uint64_t entries = 0;
  std::uint64_t covered = 0;
};

Built build(Inventory& inventory, const CrlPlan& plan, const CrlHeader& header, TimePoint issued_at) {
  CrlBuilder builder{header, plan.crl.issued ? plan.crl.issued->entries + 1024 : 0};
  Built built;
  built.covered = inventory.revoked(
      plan.crl, crl_ends_from(plan.crl, plan.due, issued_at), [&](const Inventory::Revoked& entry) {
        // Later only behind a clock that was set back: relying parties refuse a date in their future.
        builder.add({entry.serial, to_seconds(std::min(entry.revoked_at, issued_at)), entry.reason});
      });
  built.entries = builder.entries();
  built.tbs = std::move(builder).finish();
  return built;
}

PublishedCrl published(const CrlRecord& crl, const CrlRecord::Issued& issued, Bytes der) {
  return {.authority = crl.authority,
          .name = crl.name,
          .key_number = crl.key_number,
          .number = issued.number,
          .issued_at = issued.issued_at,
          .next_update = issued.next_update,
          .sha256 = issued.sha256,
          .der = std::make_shared<const Bytes>(std::move(der))};
}

// What a file says that nobody has recorded. It covers what the last recorded one does: no more is known.
CrlRecord::Issued unrecorded(const CrlRecord& crl, const CertificateList& list, const Sha256& digest) {
  const TimePoint issued_at = list.this_update + kBackDated;
  CrlRecord::Issued issued{.number = *list.number,
                           .entries = list.entry_count,
                           .issued_at = issued_at,
                           .next_update = list.next_update,
                           .scheduled_at = issued_at,
                           .sha256 = digest};
  if (crl.issued) {
    issued.covered = crl.issued->covered;
    issued.issued_at = std::max(issued_at, crl.issued->issued_at);
    issued.scheduled_at = crl.issued->scheduled_at;
    issued.previous_scheduled_at = crl.issued->previous_scheduled_at;
  }
  return issued;
}

}  // namespace

CrlIssuing::CrlIssuing(Ledger& ledger, Inventory& inventory, Signer& signer, Bucket& files)
    : ledger_{ledger}, inventory_{inventory}, signer_{signer}, files_{files} {}

CrlIssuing::Issued CrlIssuing::issue(const CrlPlan& plan, TimePoint now, Deadline deadline) {
  const CrlRecord& crl = plan.crl;
  const CrlHeader header = header_of(plan, now);
  // Before the entries are read: a revocation that was durable before this intent is on this CRL (I7).
  if (committed(ledger_, {IntendCrl{crl.name, header.number}, {event_of(crl, "crl.signing", header.number)}})
          .outcome != CommitResult::Outcome::applied) {
    throw Error{Code::unavailable, "another CRL of this series came first"};
  }
  Built built = build(inventory_, plan, header, now);
  const ToBeSigned to_be_signed = lint_crl(std::move(built.tbs), header, built.entries, to_seconds(now));
  Bytes der = assemble_signed(to_be_signed.der(), to_be_signed.algorithm(),
                              signer_.sign(plan.key, to_be_signed, deadline));
  CrlRecord::Issued issued{.number = header.number,
                           .covered = built.covered,
                           .entries = built.entries,
                           .issued_at = now,
                           .next_update = header.next_update,
                           .scheduled_at = now,
                           .previous_scheduled_at = {},
                           .sha256 = sha256(der)};
  if (crl.issued) {
    const bool by_time = plan.due == CrlDue::time;
    issued.scheduled_at = by_time ? now : crl.issued->scheduled_at;
    issued.previous_scheduled_at = by_time ? crl.issued->scheduled_at : crl.issued->previous_scheduled_at;
  }
  Issued result;
  try {
    files_.put(file_of(crl), der, kMediaType);
  } catch (const Error& error) {
    result.not_kept = error.what();  // relying parties get it all the same; a restart makes another
  }
  record(crl, issued, "crl.issued", to_hex(sha256(to_be_signed.der())));
  result.crl = published(crl, issued, std::move(der));
  return result;
}

std::optional<PublishedCrl> CrlIssuing::load(const CrlPlan& plan) {
  const CrlRecord& crl = plan.crl;
  auto der = files_.get(file_of(crl), CertificateList::kMaxDerBytes);
  if (!der) {
    return std::nullopt;
  }
  const Sha256 digest = sha256(*der);
  if (crl.issued && crl.issued->sha256 == digest) {
    return published(crl, *crl.issued, *std::move(der));
  }
  std::optional<CertificateList> list;
  try {
    list = CertificateList::parse(*der);
  } catch (const Error&) {
    return std::nullopt;
  }
  const std::uint64_t last = crl.issued ? crl.issued->number : 0;
  const bool ours = list->number && *list->number > last && *list->number <= crl.number &&
                    list->issuer == plan.issuer.subject && list->is_signed_by(plan.key.public_key);
  if (!ours) {
    return std::nullopt;
  }
  const CrlRecord::Issued issued = unrecorded(crl, *list, digest);
  record(crl, issued, "crl.recovered", to_hex(sha256(list->tbs_der)));
  list.reset();
  return published(crl, issued, *std::move(der));
}

void CrlIssuing::record(const CrlRecord& crl, const CrlRecord::Issued& issued, const std::string& type,
                        const std::string& tbs_sha256) {
  AuditEvent outcome = event_of(crl, type, issued.number);
  outcome.tbs_sha256 = tbs_sha256;
  outcome.der_sha256 = to_hex(issued.sha256);
  outcome.detail["entries"] = std::to_string(issued.entries);
  outcome.detail["next_update"] = rfc3339(issued.next_update);
  if (committed(ledger_, {MarkCrlIssued{crl.name, issued}, {std::move(outcome)}}).outcome !=
      CommitResult::Outcome::applied) {
    throw Error{Code::unavailable, "another CRL of this series came first"};
  }
}

}  // namespace ca
