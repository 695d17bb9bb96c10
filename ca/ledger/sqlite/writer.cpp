#include "ca/ledger/sqlite/writer.hpp"

#include <algorithm>
#include <filesystem>

#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/schema.hpp"

namespace ca::sqlite {
namespace {

constexpr std::size_t kSweepAtLeast = 64;
constexpr int kReadBackAttempts = 3;
constexpr std::chrono::seconds kHungAfter{5};  // a batch takes milliseconds

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// No fault of the disk: what it is about can be put right while the daemon runs, and status() looks itself.
struct Displaced : std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool changes_something(const Change& change) { return !std::holds_alternative<AppendEvents>(change); }

void check_entry(const LedgerEntry& entry) {
  if (changes_something(entry.change) && entry.events.empty()) {
    throw Error{Code::internal, "a change without its audit event cannot be written"};  // I5
  }
}

}  // namespace

Writer::Writer(const SqliteStoreOptions& options, const Clock& clock)
    : options_{options}, clock_{clock}, files_{options.path}, checkpointer_{options.wal_limit_bytes} {
  connect(Connection::Use::create);
  migrate(*session_, options_.path, clock_.now().time_since_epoch().count());
  tail_ = AuditTail::load(*session_, options_.path, options_.node);
  tail_->check(*session_, options_.path);
  pending_ = read_pending(*session_);
  // What an earlier process may have left behind unsynced is durable before anything is built on it (I13).
  settle();
  files_.note_companions();
}

Writer::~Writer() {
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Writer::start() {
  thread_ = std::thread{[this] { run(); }};
}

std::future<CommitResult> Writer::commit(LedgerEntry entry) {
  Job job{std::move(entry), {}};
  auto future = job.promise.get_future();
  {
    const std::lock_guard lock{mutex_};
    if (closed_ || queue_.size() >= options_.max_queued) {
      failed_entries_ += 1;
      const Error error =
          closed_ ? Error{Code::unavailable, "the ledger is closing"}
                  : Error{Code::throttled, "too many requests wait for the ledger: try again later"};
      job.promise.set_exception(std::make_exception_ptr(error));
      return future;
    }
    queue_.push_back(std::move(job));
  }
  arrived_.notify_one();
  return future;
}

StoreStatus Writer::status() const {
  StoreStatus status;
  {
    const std::lock_guard lock{mutex_};
    status.ok = ok_;
    status.last_error = last_error_;
    status.queued = queue_.size();
  }
  status.commits = commits_;
  status.entries = entries_;
  status.failed_entries = failed_entries_;
  status.checkpoints = checkpointer_.attempts();
  const std::int64_t since = batch_since_;
  if (since != 0 && std::chrono::nanoseconds{steady_ns() - since} > kHungAfter) {
    status.ok = false;
    status.last_error = options_.path + ": a write has been under way for more than five seconds";
  }
  if (const auto displaced = files_.displaced()) {
    status.ok = false;
    status.last_error = *displaced;
  }
  std::error_code absent;
  const auto size = std::filesystem::file_size(options_.path + "-wal", absent);
  status.wal_bytes = absent ? 0 : size;
  return status;
}

void Writer::run() {
  for (std::vector<Job> batch = take_batch(); !batch.empty(); batch = take_batch()) {
    batch_since_ = steady_ns();
    write(batch);
    batch_since_ = 0;
  }
}

std::vector<Writer::Job> Writer::take_batch() {
  std::unique_lock lock{mutex_};
  arrived_.wait(lock, [this] { return closed_ || !queue_.empty(); });
  const std::size_t size = std::min(queue_.size(), std::max<std::size_t>(options_.max_batch, 1));
  std::vector<Job> batch;
  batch.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void Writer::write(std::vector<Job>& batch) {
  std::vector<Answer> answers;
  bool changed = false;
  std::optional<AuditTail> next;
  PendingCounts pending;
  try {
    open();
    next = tail_;
    pending = pending_;
    changed = apply_all(batch, answers, *next, pending);
    require_in_place();
  } catch (const Displaced&) {
    roll_back();
    fail(batch, "its file was moved or deleted");
    return;
  } catch (const StoreFault& fault) {
    roll_back();
    refuse(batch, fault);
    return;
  } catch (const std::exception& error) {
    roll_back();
    refuse(batch, StoreFault{SQLITE_NOMEM, error.what()});
    return;
  }
  try {
    session_->run("COMMIT");
    tail_ = std::move(next);
    pending_ = std::move(pending);
  } catch (const StoreFault& fault) {
    if (!found_after_failed_commit(next->commits())) {
      refuse(batch, fault);
      return;
    }
  }
  files_.note_companions();
  commits_ += changed ? 1 : 0;
  answer(batch, answers);
  checkpoint();
}

void Writer::connect(Connection::Use use) {
  require_in_place();
  session_ = std::make_unique<Session>(options_.path, use);
}

void Writer::disconnect() {
  files_.forget_companions();
  session_.reset();
}

void Writer::require_in_place() const {
  if (const auto displaced = files_.displaced()) {
    throw Displaced{*displaced};
  }
}

void Writer::open() {
  if (!session_) {
    connect(Connection::Use::write);
  }
  if (unsettled_) {
    settle();
  }
  if (!tail_) {
    tail_ = AuditTail::load(*session_, options_.path, options_.node);
    pending_ = read_pending(*session_);
  }
}

// Whether anything was written.
bool Writer::apply_all(const std::vector<Job>& batch, std::vector<Answer>& answers, AuditTail& tail,
                       PendingCounts& pending) {
  session_->run("BEGIN IMMEDIATE");
  const TimePoint now = clock_.now();
  Circumstances circumstances{.now = now, .ledger_time = tail.time_at(now), .pending = std::move(pending)};
  StateCounts counts;
  bool changed = false;
  answers.reserve(batch.size());
  for (const Job& job : batch) {
    StateCounts moved;
    answers.push_back(apply_one(job.entry, tail, circumstances, moved));
    counts += moved;
    moved.add_to(circumstances.pending);
    const auto* result = std::get_if<CommitResult>(&answers.back());
    changed = changed || (result != nullptr && result->outcome == CommitResult::Outcome::applied);
  }
  if (changed) {
    sweep_claims(*session_, circumstances.ledger_time, kSweepAtLeast + batch.size());
    counts.write(*session_);
    tail.write_head(*session_);
  }
  pending = std::move(circumstances.pending);
  return changed;
}

Writer::Answer Writer::apply_one(const LedgerEntry& entry, AuditTail& tail,
                                 const Circumstances& circumstances, StateCounts& counts) {
  session_->run("SAVEPOINT entry");
  Answer answer;
  try {
    check_entry(entry);
    StateCounts moved;
    const CommitResult result = apply(*session_, entry.change, circumstances, moved);
    counts += moved;
    answer = result;
  } catch (const StoreFault& fault) {
    if (!fault.about_the_values() || !session_->connection().in_transaction()) {
      throw;
    }
    answer = std::make_exception_ptr(
        Error{Code::internal, std::string{"the ledger cannot hold this entry: "} + fault.reason()});
  } catch (const Error&) {
    answer = std::current_exception();
  }
  const auto* result = std::get_if<CommitResult>(&answer);
  if (result == nullptr) {
    session_->run("ROLLBACK TO entry");
  } else if (result->outcome == CommitResult::Outcome::applied) {
    for (const AuditEvent& event : entry.events) {
      tail.append(*session_, event, circumstances.ledger_time);
    }
  }
  session_->run("RELEASE entry");
  return answer;
}

// Makes durable, or buries, whatever a failed COMMIT may have left in the WAL.
void Writer::settle() {
  session_->run("BEGIN IMMEDIATE");
  session_->run("UPDATE audit_head SET settled = settled + 1");
  session_->run("COMMIT");
  unsettled_ = false;
}

bool Writer::found_after_failed_commit(std::uint64_t commit_number) noexcept {
  std::optional<bool> found;
  unsettled_ = true;
  tail_.reset();
  for (int attempt = 0; attempt < kReadBackAttempts && unsettled_; ++attempt) {
    try {
      roll_back();
      disconnect();
      connect(Connection::Use::write);
      if (!found) {
        found = AuditTail::load(*session_, options_.path, options_.node).commits() >= commit_number;
      }
      settle();
      pending_ = read_pending(*session_);
      tail_ = AuditTail::load(*session_, options_.path, options_.node);
    } catch (const std::exception& error) {
      note_fault(error.what());
    }
  }
  return !unsettled_ && found.value_or(false);
}

void Writer::roll_back() noexcept {
  if (!session_ || !session_->connection().in_transaction()) {
    return;
  }
  try {
    session_->run("ROLLBACK");
  } catch (const std::exception&) {
    disconnect();  // closing ends the transaction; the next batch opens again
  }
}

void Writer::checkpoint() {
  try {
    checkpointer_.after_commit(session_->connection());
  } catch (const StoreFault& fault) {
    const std::lock_guard lock{mutex_};
    last_error_ = fault.what();  // nothing is lost, the log only grows; wal_bytes shows it
  }
}

void Writer::answer(std::vector<Job>& batch, std::vector<Answer>& answers) {
  {
    const std::lock_guard lock{mutex_};
    ok_ = true;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (auto* result = std::get_if<CommitResult>(&answers[i])) {
      entries_ += 1;
      batch[i].promise.set_value(std::move(*result));
    } else {
      failed_entries_ += 1;
      batch[i].promise.set_exception(std::get<std::exception_ptr>(answers[i]));
    }
  }
}

void Writer::refuse(std::vector<Job>& batch, const StoreFault& fault) {
  note_fault(fault.what());
  fail(batch, fault.reason());
}

void Writer::fail(std::vector<Job>& batch, const std::string& reason) {
  failed_entries_ += batch.size();
  const Error error{Code::unavailable, "the ledger cannot be written now: " + reason + ": try again later"};
  for (Job& job : batch) {
    job.promise.set_exception(std::make_exception_ptr(error));
  }
}

void Writer::note_fault(const std::string& text) {
  const std::lock_guard lock{mutex_};
  ok_ = false;
  last_error_ = text;
}

}  // namespace ca::sqlite
