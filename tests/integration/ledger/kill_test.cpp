// The process dies at any moment (kill -9): what it had acknowledged is there, and the log is whole.
#include <array>
#include <random>
#include <set>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "tests/integration/ledger/backend.hpp"
#include "tests/integration/ledger/records.hpp"
#include "tests/integration/ledger/temporary_folder.hpp"
#include "tests/support/catch.hpp"

namespace {

constexpr int kClients = 4;

// One acknowledgement on the pipe; smaller than PIPE_BUF, so that it is written whole.
struct Ack {
  char kind;  // 'P' pending, 'I' issued
  std::array<std::uint8_t, ca::SerialNumber::kBytes> serial;
};

void acknowledge(int pipe, char kind, const ca::CertificateRecord& record) {
  Ack ack{kind, {}};
  std::copy_n(record.serial.bytes().begin(), ack.serial.size(), ack.serial.begin());
  if (::write(pipe, &ack, sizeof ack) != static_cast<ssize_t>(sizeof ack)) {
    ::_exit(3);
  }
}

// In the child: commits until it is killed.
[[noreturn]] void commit_for_ever(const std::string& path, const ca::AuthorityRecord& authority, int pipe) {
  const ca::SystemClock clock;
  ca::SqliteStore store{{.path = path, .readers = 1, .wal_limit_bytes = 64 * 4120}, clock};
  const auto client = [&] {
    for (;;) {
      const auto record = test::make_certificate(authority, clock.now());
      if (test::outcome_of(store.commit(test::insert(record))) != "applied") {
        ::_exit(4);
      }
      acknowledge(pipe, 'P', record);
      if (test::outcome_of(store.commit(test::issued(record, clock.now()))) != "applied") {
        ::_exit(5);
      }
      acknowledge(pipe, 'I', record);
    }
  };
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back(client);
  }
  clients.front().join();
  ::_exit(6);
}

// Starts the child, reads `count` acknowledgements, kills it, reads what else it had said.
std::vector<Ack> killed_after(std::size_t count, const std::string& path,
                              const ca::AuthorityRecord& authority) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(pipe[0]);
    commit_for_ever(path, authority, pipe[1]);
  }
  ::close(pipe[1]);
  std::vector<Ack> acks;
  Ack ack{};
  while (::read(pipe[0], &ack, sizeof ack) == static_cast<ssize_t>(sizeof ack)) {
    acks.push_back(ack);
    if (acks.size() == count) {
      ::kill(child, SIGKILL);
    }
  }
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  INFO("status of the child: " << status);
  REQUIRE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  return acks;
}

}  // namespace

TEST_CASE("kill: a process that is killed while it commits loses nothing acknowledged",
          "[ledger][fault][I1][I3][I5][I19]") {
  const test::TemporaryFolder folder;
  const ca::SystemClock clock;
  const auto authority = test::make_authority(clock.now());
  {
    ca::SqliteStore store{{.path = folder.store()}, clock};
    REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
  }
  std::mt19937 random{20261124};
  for (int round = 0; round < 30; ++round) {
    const std::size_t count = 1 + random() % 60;
    const auto acks = killed_after(count, folder.store(), authority);
    INFO("round " << round << ", killed after " << count << " acknowledgements, " << acks.size() << " read");

    ca::SqliteStore store{{.path = folder.store()}, clock};
    CHECK(test::inconsistency(store, store).empty());
    std::size_t lost = 0;
    for (const Ack& ack : acks) {
      const auto record = store.certificate(authority.arn, ca::SerialNumber::from_bytes(ack.serial));
      const bool kept = record && (ack.kind == 'P' || (record->state == ca::CertificateState::issued &&
                                                       record->der == test::der_of(*record)));
      lost += kept ? 0 : 1;
    }
    CHECK(lost == 0);
    // What was on its way is picked up again: at most one certificate of each client for each kill so far.
    CHECK(store.pending(0, 1000).size() <= static_cast<std::size_t>(kClients * (round + 1)));
  }
}
