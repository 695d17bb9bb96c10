// What a revocation costs with none and with many revoked certificates, and what a CRL of them costs.
// bench_revocation FOLDER ROWS: prints one line of JSON for each measurement. The rows are synthetic: written
// by SQL, with certificates of 300 bytes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <vector>

#include "ca/base/digest.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "ca/revocation/crl_issuing.hpp"
#include "ca/storage/directory_bucket.hpp"
#include "ca/x509/name.hpp"
#include "tests/support/software_signer.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kMeasured = 1000;  // revocations of one measurement
constexpr std::size_t kInFlight = 32;
constexpr std::size_t kSyntheticBytes = 300;

class Database {
 public:
  explicit Database(const std::string& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) {
      throw std::runtime_error{"cannot open " + path};
    }
  }
  ~Database() { sqlite3_close(database_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql) {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw std::runtime_error{sqlite3_errmsg(database_)};
    }
  }
  // `count` certificates of the one authority in that state; their serials.
  std::vector<ca::SerialNumber> fill(std::size_t count, char state, ca::TimePoint now) {
    const bool revoked = state == 'R';
    const std::string sql =
        std::string{
            "INSERT INTO certificates (issuer, serial, state, self_signed, not_before, not_after, "
            "requested_at, "
            "revoked_at, revocation_reason, template_name, signing_algorithm, account, requested_by, "
            "request_id, "
            "idempotency_token, key_hash, subject, tbs_der) VALUES (1, ?1, '"} +
        state + "', 0, ?2, ?2 + 7776000, ?2 * 1000, " + (revoked ? "?2 * 1000, 1" : "NULL, NULL") +
        ", 'EndEntityCertificate', 'SHA256WITHECDSA', '111122223333', 'bench', 'bench', '', randomblob(32), "
        "'CN=device', zeroblob(" +
        std::to_string(kSyntheticBytes) + "))";
    sqlite3_stmt* prepared = nullptr;
    run("BEGIN");
    if (sqlite3_prepare_v2(database_, sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) {
      throw std::runtime_error{sqlite3_errmsg(database_)};
    }
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement{prepared, &sqlite3_finalize};
    std::vector<ca::SerialNumber> serials;
    for (std::size_t i = 0; i < count; ++i) {
      serials.push_back(ca::SerialNumber::random());
      const ca::ByteView bytes = serials.back().bytes();
      sqlite3_bind_blob(prepared, 1, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
      sqlite3_bind_int64(prepared, 2, ca::to_seconds(now).time_since_epoch().count());
      if (sqlite3_step(prepared) != SQLITE_DONE) {
        throw std::runtime_error{sqlite3_errmsg(database_)};
      }
      sqlite3_reset(prepared);
    }
    run(std::string{"UPDATE counters SET value = value + "} + std::to_string(count) + " WHERE name = '" +
        state + "'");
    run(std::string{"UPDATE crls SET revocations = revocations + "} +
        (revoked ? std::to_string(count) : "0"));
    run("COMMIT");
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    return serials;
  }

 private:
  sqlite3* database_ = nullptr;
};

struct Bench {
  std::filesystem::path folder;
  ca::SystemClock clock;
  ca::AuthorityRecord authority;
  ca::CrlRecord crl;
  test::SoftwareSigner signer;

  [[nodiscard]] std::string path() const { return (folder / "ledger.db").string(); }
  [[nodiscard]] std::unique_ptr<ca::SqliteStore> open() const {
    return std::make_unique<ca::SqliteStore>(ca::SqliteStoreOptions{.path = path()}, clock);
  }
};

void applied(ca::CommitResult result) {
  if (result.outcome != ca::CommitResult::Outcome::applied) {
    throw std::runtime_error{"a change was not applied"};
  }
}

ca::AuditEvent event_of(const std::string& type) {
  ca::AuditEvent event;
  event.type = type;
  event.outcome = "ok";
  return event;
}

void set_up(Bench& bench) {
  const auto store = bench.open();
  bench.authority.arn = {"aws", "us-east-1", "111122223333", ca::random_uuid()};
  bench.authority.status = ca::AuthorityStatus::active;
  bench.authority.key_token = "bench";
  bench.authority.subject_der = {0x30, 0x00};
  bench.authority.created_at = bench.authority.last_state_change_at = bench.clock.now();
  applied(store->commit({ca::InsertAuthority{bench.authority, {}}, {event_of("authority.creating")}}).get());
  bench.crl = {.authority = bench.authority.arn,
               .name = bench.authority.arn.id,
               .complete = true,
               .uri = "http://crl.example/1.crl",
               .key = "crl/" + bench.authority.arn.id + ".crl"};
  applied(store->commit({ca::InsertCrl{bench.crl}, {event_of("crl.created")}}).get());
}

ca::LedgerEntry revocation(const Bench& bench, const ca::SerialNumber& serial) {
  return {
      ca::MarkRevoked{bench.authority.arn, serial, ca::RevocationReason::key_compromise, bench.clock.now()},
      {event_of("certificate.revoked")}};
}

void print(const char* what, std::size_t rows, std::vector<double> milliseconds, double took) {
  std::ranges::sort(milliseconds);
  const auto at = [&](double share) {
    return milliseconds[static_cast<std::size_t>(share * static_cast<double>(milliseconds.size() - 1))];
  };
  std::printf(
      "{\"what\":\"%s\",\"revoked_before\":%zu,\"per_second\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n", what,
      rows, static_cast<double>(milliseconds.size()) / took, at(0.5), at(0.99));
  std::fflush(stdout);
}

// One after another, then with some in flight, as pools of threads do.
void measure_revocations(const Bench& bench, std::size_t rows) {
  const auto serials = Database{bench.path()}.fill(2 * kMeasured, 'I', bench.clock.now());
  const auto store = bench.open();
  std::vector<double> times;
  auto begin = SteadyClock::now();
  for (int i = 0; i < kMeasured; ++i) {
    const auto start = SteadyClock::now();
    applied(store->commit(revocation(bench, serials[static_cast<std::size_t>(i)])).get());
    times.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count());
  }
  print("revocations, one after another", rows, times,
        std::chrono::duration<double>(SteadyClock::now() - begin).count());
  times.clear();
  std::deque<std::pair<SteadyClock::time_point, std::future<ca::CommitResult>>> running;
  const auto finish_one = [&] {
    applied(running.front().second.get());
    times.push_back(
        std::chrono::duration<double, std::milli>(SteadyClock::now() - running.front().first).count());
    running.pop_front();
  };
  begin = SteadyClock::now();
  for (std::size_t i = kMeasured; i < serials.size(); ++i) {
    if (running.size() == kInFlight) {
      finish_one();
    }
    running.emplace_back(SteadyClock::now(), store->commit(revocation(bench, serials[i])));
  }
  while (!running.empty()) {
    finish_one();
  }
  print("revocations, 32 in flight", rows, times,
        std::chrono::duration<double>(SteadyClock::now() - begin).count());
}

long status_kib(const std::string& name) {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) {
      return std::stol(line.substr(name.size() + 1));
    }
  }
  return 0;
}

void measure_crl(Bench& bench) {
  const auto key = bench.signer.generate("bench", "bench", ca::KeyAlgorithm::ec_p256,
                                         SteadyClock::now() + std::chrono::seconds{10});
  const ca::SigningKey signing_key{key.uri, ca::PublicKey::parse(key.spki_der)};
  ca::SubjectFields subject;
  subject.common_name = "Bench CA";
  ca::IssuerIdentity issuer;
  issuer.subject = ca::encode_subject(subject);
  issuer.spki_der = key.spki_der;
  const auto store = bench.open();
  const auto files = bench.folder / "files";
  std::filesystem::create_directory(files);
  ca::DirectoryBucket bucket{{.name = "files", .directory = files, .url = {}}};
  ca::CrlIssuing issuing{*store, *store, bench.signer, bucket};
  for (int round = 0; round < 3; ++round) {
    const ca::CrlRecord crl = store->crls(bench.authority.arn).at(0);
    std::ofstream{"/proc/self/clear_refs"} << "5\n";  // the peak begins anew
    const long before = status_kib("VmRSS:");
    const auto begin = SteadyClock::now();
    const auto published = issuing.issue({.crl = crl,
                                          .issuer = issuer,
                                          .key = signing_key,
                                          .signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
                                          .life = std::chrono::days{7}},
                                         bench.clock.now(), SteadyClock::now() + std::chrono::seconds{30});
    const double took = std::chrono::duration<double>(SteadyClock::now() - begin).count();
    std::printf(
        "{\"what\":\"crl\",\"round\":%d,\"entries\":%llu,\"bytes\":%zu,\"seconds\":%.2f,\"peak_mib\":%ld,"
        "\"before_mib\":%ld}\n",
        round, static_cast<unsigned long long>(store->crls(bench.authority.arn).at(0).issued->entries),
        published.crl.der->size(), took, status_kib("VmHWM:") / 1024, before / 1024);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_revocation FOLDER ROWS\n");
    return 2;
  }
  try {
    const std::size_t rows = std::stoul(argv[2]);
    Bench bench{.folder = argv[1], .clock = {}, .authority = {}, .crl = {}, .signer = {}};
    set_up(bench);
    measure_revocations(bench, 0);
    static_cast<void>(Database{bench.path()}.fill(rows, 'R', bench.clock.now()));
    measure_revocations(bench, rows);
    measure_crl(bench);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_revocation: %s\n", error.what());
    return 1;
  }
}
