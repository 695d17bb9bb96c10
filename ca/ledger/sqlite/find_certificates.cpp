// Inventory::find_certificates: by device on the index of devices, else along the rows of the issuer.
#include <algorithm>
#include <limits>
#include <set>

#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/rows.hpp"
#include "ca/ledger/sqlite/store_state.hpp"

namespace ca {
namespace {

using sqlite::Execution;
using sqlite::Session;

// Rows that one call looks at: some tens of milliseconds of a read connection.
constexpr std::size_t kMaxExamined = 20'000;

#define CHANCERY_SUMMARY_COLUMNS                                                                          \
  "c.certificate, c.serial, c.state, c.self_signed, c.template_name, c.subject, c.device_id, c.profile, " \
  "c.key_hash, c.not_before, c.not_after, c.requested_at, s.issued_at, c.revoked_at, c.revocation_reason "
constexpr const char* kAll = "SELECT " CHANCERY_SUMMARY_COLUMNS
                             "FROM certificates c INDEXED BY certificates_by_issuer "
                             "LEFT JOIN signed_certificates s ON s.certificate = c.certificate "
                             "WHERE c.issuer = ?1 AND c.certificate > ?2 ORDER BY c.certificate LIMIT ?3";
constexpr const char* kOfDevice =
    "SELECT " CHANCERY_SUMMARY_COLUMNS
    "FROM certificates c INDEXED BY certificates_by_device_key "
    "LEFT JOIN signed_certificates s ON s.certificate = c.certificate "
    "WHERE c.issuer = ?1 AND c.certificate > ?2 AND c.device_id = ?4 ORDER BY c.certificate LIMIT ?3";

struct Found {
  std::int64_t certificate = 0;
  CertificateSummary summary;
};

Found read_summary(const Execution& row) {
  Found found{.certificate = row.integer(0), .summary = {.serial = SerialNumber::from_bytes(row.blob(1))}};
  CertificateSummary& summary = found.summary;
  summary.state = sqlite::state_from(row.text(2));
  summary.self_signed = row.integer(3) != 0;
  summary.template_name = row.text(4);
  summary.subject = row.text(5);
  summary.device_id = row.text(6);
  summary.profile = row.text(7);
  summary.key_hash = sqlite::read_hash(row, 8);
  summary.validity = {sqlite::seconds_from(row.integer(9)), sqlite::seconds_from(row.integer(10))};
  summary.requested_at = sqlite::time_from(row.integer(11));
  if (const auto issued_at = row.maybe_integer(12)) {
    summary.issued_at = sqlite::time_from(*issued_at);
  }
  if (const auto revoked_at = row.maybe_integer(13)) {
    summary.revoked_at = sqlite::time_from(*revoked_at);
  }
  summary.revocation_reason = sqlite::reason_from(row.maybe_integer(14));
  return found;
}

// Gathers what fits, from one statement after another, and knows up to which row all of them were read.
class Gathering {
 public:
  Gathering(const CertificateSearch& search, std::size_t statements)
      : search_{search}, each_{std::max<std::size_t>(1, kMaxExamined / statements)} {}

  [[nodiscard]] std::int64_t examined_by_each() const { return static_cast<std::int64_t>(each_); }

  void read(Execution rows) {
    std::size_t examined = 0;
    std::size_t fitting = 0;
    while (rows.next()) {
      Found found = read_summary(rows);
      const std::int64_t certificate = found.certificate;
      const SerialNumber serial = found.summary.serial;
      if (fits(search_.filter, found.summary)) {
        found_.push_back(std::move(found));
        ++fitting;
      }
      if ((++examined == each_ || fitting == search_.limit) && certificate < complete_to_) {
        complete_to_ = certificate;
        border_ = serial;
      }
      if (fitting == search_.limit) {
        return;
      }
    }
  }

  [[nodiscard]] CertificatePage page() {
    std::erase_if(found_, [&](const Found& found) { return found.certificate > complete_to_; });
    std::ranges::sort(found_, {}, &Found::certificate);
    if (found_.size() > search_.limit) {
      found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(search_.limit), found_.end());
      border_ = found_.back().summary.serial;
    }
    CertificatePage page{.certificates = {}, .last_examined = border_};
    for (Found& found : found_) {
      page.certificates.push_back(std::move(found.summary));
    }
    return page;
  }

 private:
  const CertificateSearch& search_;
  const std::size_t each_;
  std::vector<Found> found_;
  std::int64_t complete_to_ = std::numeric_limits<std::int64_t>::max();
  std::optional<SerialNumber> border_;  // the serial of that row
};

std::optional<std::int64_t> row_of(Session& session, const AuthorityArn& arn) {
  auto row = session.query(
      "SELECT authority FROM authorities WHERE id = ?1 AND account = ?2 AND region = ?3 AND partition = ?4",
      arn.id, arn.account, arn.region, arn.partition);
  return row.next() ? std::optional{row.integer(0)} : std::nullopt;
}

std::int64_t row_behind(Session& session, std::int64_t issuer, const std::optional<SerialNumber>& after) {
  if (!after) {
    return 0;
  }
  auto row = session.query("SELECT certificate FROM certificates WHERE issuer = ?1 AND serial = ?2", issuer,
                           after->bytes());
  if (!row.next()) {
    throw Error{Code::invalid_next_token, "the cursor is none of this authority: begin without one"};
  }
  return row.integer(0);
}

}  // namespace

CertificatePage SqliteStore::find_certificates(const CertificateSearch& search) {
  return state_->readers.run([&](Session& session) -> CertificatePage {
    const auto issuer = row_of(session, search.authority);
    if (!issuer || search.limit == 0) {
      return {};
    }
    const std::int64_t after = row_behind(session, *issuer, search.after);
    const std::set<std::string> devices{search.filter.device_ids.begin(), search.filter.device_ids.end()};
    Gathering gathering{search, std::max<std::size_t>(1, devices.size())};
    if (devices.empty()) {
      gathering.read(session.query(kAll, *issuer, after, gathering.examined_by_each()));
    }
    for (const std::string& device : devices) {
      gathering.read(session.query(kOfDevice, *issuer, after, gathering.examined_by_each(), device));
    }
    return gathering.page();
  });
}

}  // namespace ca
