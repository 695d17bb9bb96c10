#include "pkcs11/supervisor.hpp"

#include <algorithm>
#include <utility>

#include "pkcs11/connected_keys.hpp"
#include "pkcs11/leased_call.hpp"
#include "pkcs11/object.hpp"

namespace pkcs11 {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kStable{10};  // a connection that lived so long, or made a signature, was good
constexpr std::chrono::seconds kFlapping{1};  // a connection that ended sooner is not made anew at once
constexpr std::chrono::milliseconds kUncheckedPause{500};

std::int64_t now_ns() { return steady_clock::now().time_since_epoch().count(); }

Error closed_error(const std::string& name) {
  return Error{ErrorClass::unavailable, "token '" + name + "' is being closed"};
}

}  // namespace

std::string_view name_of(TokenState state) {
  switch (state) {
    case TokenState::down:
      return "down";
    case TokenState::connecting:
      return "connecting";
    case TokenState::up:
      return "up";
    case TokenState::draining:
      return "draining";
    case TokenState::sealed:
      return "sealed";
    case TokenState::closed:
      break;
  }
  return "closed";
}

Supervisor::Supervisor(TokenOptions options, std::shared_ptr<Module> module)
    : options_{std::move(options)},
      module_{std::move(module)},
      pool_{module_},
      lost_{std::max<std::size_t>(options_.sessions, 1)} {}

std::shared_ptr<Supervisor> Supervisor::start(TokenOptions options, std::shared_ptr<Module> module) {
  auto supervisor = std::make_shared<Supervisor>(std::move(options), std::move(module));
  supervisor->module_->attach(supervisor);
  supervisor->thread_ = std::thread{[supervisor] { supervisor->run(); }};
  return supervisor;
}

void Supervisor::run() {
  unsigned failures = 0;
  bool hard = false;
  while (!stopping()) {
    if (!connect(hard)) {
      hard = hard_next();
      pause(state() == TokenState::sealed ? options_.probe_interval : backoff(failures++));
      continue;
    }
    const auto since = steady_clock::now();
    const std::uint64_t signatures = counters_.signatures;
    tend();
    const auto lived = steady_clock::now() - since;
    const bool worked = counters_.signatures != signatures || lived > kStable;
    const ReturnValue rv = last_error() ? last_error()->rv() : CKR_OK;
    tell({.to = TokenState::down, .epoch = epoch_, .cause = last_error()});
    disconnect(stopping());
    // Without a return value it was not the token's fault but another one's reload of the module.
    hard = rv != CKR_OK && (!worked || rv == CKR_CRYPTOKI_NOT_INITIALIZED);
    const bool backs_off = hard || (rv != CKR_OK && lived < kFlapping);
    failures = backs_off ? failures + 1 : 0;
    if (backs_off) {
      pause(backoff(failures - 1));
    }
  }
  pool_.refuse(closed_error(options_.name));
  const std::lock_guard lock{mutex_};
  turn(TokenState::closed);
  finished_ = true;
  changed_.notify_all();
}

bool Supervisor::connect(bool hard) {
  try {
    if (pin_guard_.holds_refused()) {
      static_cast<void>(pin_guard_.read(
          options_.pin, steady_clock::now()));  // sealed: nothing is touched before the PIN changes
    }
    {
      const std::lock_guard lock{mutex_};
      if (state_ != TokenState::sealed) {
        turn(TokenState::connecting);
      }
    }
    if (hard && module_->may_reload(this)) {
      ++counters_.module_reloads;
      module_->reload(last_generation_, this, call_limit());
    }
    const Module::Use use = module_->enter_loaded(call_limit());
    last_generation_ = use.generation();
    const Connection connection = connect_token(use, options_, pin_guard_, counters_);
    publish(connection, epoch_ + 1);  // only this thread writes epoch_
    return true;
  } catch (const Error& error) {
    failed(error);
  } catch (const std::exception& error) {
    failed(Error{ErrorClass::busy, error.what()});
  }
  return false;
}

void Supervisor::publish(const Connection& connection, std::uint64_t epoch) {
  const unsigned long limit = connection.slot.max_sessions;  // 0: none
  std::size_t capacity = std::clamp<std::size_t>(options_.sessions, 1, 1024);
  if (limit > 0) {
    capacity = std::min<std::size_t>(capacity, std::max(limit, 2UL) - 1);  // one is the anchor
  }
  std::chrono::milliseconds away{0};
  {
    const std::lock_guard lock{mutex_};
    epoch_ = epoch;
    if (down_since_) {
      away = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - *down_since_);
    }
    connection_ = connection;
    trouble_.reset();
    turn(TokenState::up);
    changed_.notify_all();
  }
  last_success_ = now_ns();
  next_audit_ = steady_clock::now() + options_.audit_interval;
  if (epoch > 1) {
    ++counters_.reconnects;
  }
  pool_.open({.number = epoch,
              .module_generation = connection.generation,
              .token = connection.slot,
              .capacity = capacity,
              .anchor = connection.anchor,
              .tells_login = connection.tells_login});
  tell({.to = TokenState::up, .epoch = epoch, .away = away, .cause = {}});
}

void Supervisor::failed(const Error& error) {
  const bool seals = error.error_class() == ErrorClass::wrong_pin;
  {
    const std::lock_guard lock{mutex_};
    turn(seals ? TokenState::sealed : TokenState::down);
    last_error_ = error;
    changed_.notify_all();
  }
  if (seals) {
    pool_.refuse(Error{ErrorClass::unavailable, error.call(), error.rv(),
                       "token '" + options_.name + "' is sealed until a person acts", error.hint()});
  } else {
    pool_.refuse(std::nullopt);
  }
  tell({.to = seals ? TokenState::sealed : TokenState::down, .epoch = epoch_, .cause = error});
}

// Attempts that fail like the one before are no news; the pause after each of them bounds the rest.
void Supervisor::tell(TokenTransition transition) {
  if (transition.to == told_ || stopping()) {
    return;
  }
  told_ = transition.to;
  if (options_.on_transition) {
    options_.on_transition(transition);
  }
}

void Supervisor::tend() {
  audit_again();
  std::unique_lock lock{mutex_};
  const auto ended = [this] { return stopping_ || trouble_; };
  while (!ended()) {
    const std::uint64_t epoch = epoch_;
    lock.unlock();
    const auto enrolled = keys_.enrolled();
    const bool waiting =
        std::ranges::any_of(enrolled, [epoch](const auto& key) { return key.judged_in != epoch; });
    const auto length =
        waiting ? std::min(kUncheckedPause, options_.probe_interval) : options_.probe_interval;
    lock.lock();
    if (changed_.wait_until(lock, steady_clock::now() + length, ended)) {
      return;
    }
    lock.unlock();
    probe();
    audit_again();
    lock.lock();
  }
}

// One attempt on whatever session is free soon, bounded: the module may keep a call for ever. False when the
// connection is at its end. What could not be found out now is found out at the next turn, or by a request.
template <typename Call>
bool Supervisor::try_call(const std::string& subject, Call call) {
  std::uint64_t epoch = 0;
  try {
    lost_.refuse_more(subject);
    auto lease = pool_.acquire(steady_clock::now() + kUncheckedPause);
    if (!lease) {
      return true;
    }
    epoch = lease->epoch();
    const auto outcome = call_on(shared_from_this(), std::move(*lease), subject, call_limit(),
                                 std::make_shared<Call>(std::move(call)));
    if (!outcome) {
      throw Error{ErrorClass::reconnect, "a look at " + subject + " does not come back"};
    }
    if (outcome->failure) {
      throw Error{*outcome->failure};
    }
  } catch (const Error& error) {
    if (error.error_class() == ErrorClass::relogin || error.error_class() == ErrorClass::reconnect) {
      report(epoch, error);
      return false;
    }
  }
  return true;
}

void Supervisor::probe() {
  const bool fine = try_call("the token", [](SessionPool::Lease& lease) {
    const Session session = lease.session();
    const Slot slot = read_slot(session.functions, lease.slot());
    if (slot.label != lease.token().label || slot.serial != lease.token().serial) {
      throw Error{ErrorClass::reconnect, "C_GetTokenInfo", CKR_TOKEN_NOT_PRESENT,
                  "another token is in the slot"};
    }
    require_login(session);
    return true;
  });
  if (fine) {
    pool_.regrow();
  }
}

void Supervisor::audit_again() {
  const bool due = steady_clock::now() >= next_audit_;
  if (due) {
    next_audit_ = steady_clock::now() + options_.audit_interval;
  }
  std::uint64_t epoch = 0;
  {
    const std::lock_guard lock{mutex_};
    epoch = epoch_;
  }
  for (const auto& key : keys_.enrolled()) {
    if (key.judged_in == epoch && !due) {
      continue;
    }
    const std::string name = key.uri.text();
    const auto audit = [self = shared_from_this(), key, name, due](SessionPool::Lease& lease) {
      ConnectedKeys keys{self->keys_, lease};
      if (due) {
        static_cast<void>(keys.audit(key));
      } else {
        keys.audit_unjudged(name);
      }
      return true;
    };
    if (!try_call(name, audit)) {
      return;
    }
  }
}

void Supervisor::disconnect(bool log_out) {
  Connection connection;
  std::uint64_t epoch = 0;
  {
    const std::lock_guard lock{mutex_};
    turn(TokenState::draining);
    connection = *connection_;
    epoch = epoch_;
  }
  pool_.close(epoch);
  if (log_out) {
    pool_.refuse(closed_error(options_.name));
  }
  // A call that hangs keeps its session; the rest goes on without it.
  static_cast<void>(pool_.drain(call_limit()));
  const auto handles = pool_.take_all();
  const auto use = module_->enter(connection.generation);
  if (!use || handles.empty()) {
    return;
  }
  if (log_out) {
    use->functions()->C_Logout(handles.back());
  }
  for (const CK_SESSION_HANDLE handle : handles) {
    use->functions()->C_CloseSession(handle);
  }
}

void Supervisor::report(std::uint64_t epoch, const Error& error) {
  {
    const std::lock_guard lock{mutex_};
    if (state_ != TokenState::up || epoch != epoch_ || trouble_) {
      return;
    }
    turn(TokenState::draining);
    trouble_ = error;
    last_error_ = error;
    changed_.notify_all();
  }
  pool_.close(epoch);
}

void Supervisor::report_busy(std::uint64_t epoch, const Error& error) {
  const std::chrono::nanoseconds silence{now_ns() - last_success_};
  if (silence > kStable) {
    report(epoch, Error{ErrorClass::reconnect, error.call(), error.rv(), "nothing has succeeded for 10 s"});
  }
}

void Supervisor::succeeded() {
  ++counters_.signatures;
  last_success_ = now_ns();
}

void Supervisor::module_reloads() {
  std::uint64_t epoch = 0;
  {
    const std::lock_guard lock{mutex_};
    epoch = epoch_;
  }
  report(epoch, Error{ErrorClass::relogin, "the module is loaded anew for another token"});
}

bool Supervisor::is_up() const { return state() == TokenState::up; }

bool Supervisor::wait_until_up(Deadline deadline) {
  std::unique_lock lock{mutex_};
  changed_.wait_until(lock, deadline, [this] {
    return state_ == TokenState::up || state_ == TokenState::sealed || state_ == TokenState::closed;
  });
  return state_ == TokenState::up;
}

void Supervisor::stop() {
  std::unique_lock lock{mutex_};
  stopping_ = true;
  changed_.notify_all();
  lock.unlock();
  pool_.refuse(closed_error(options_.name));
  lock.lock();
  const bool finished =
      changed_.wait_until(lock, steady_clock::now() + 2 * options_.drain_limit, [this] { return finished_; });
  lock.unlock();
  if (finished) {
    thread_.join();
  } else {
    thread_.detach();  // a call hangs in the module; the thread holds what it needs
  }
}

void Supervisor::pause(std::chrono::milliseconds length) {
  std::unique_lock lock{mutex_};
  changed_.wait_until(lock, steady_clock::now() + length, [this] { return stopping_; });
}

void Supervisor::turn(TokenState state) {
  state_ = state;
  if (state == TokenState::up) {
    down_since_.reset();
  } else if (!down_since_) {
    down_since_ = steady_clock::now();
  }
}

bool Supervisor::stopping() const {
  const std::lock_guard lock{mutex_};
  return stopping_;
}

TokenState Supervisor::state() const {
  const std::lock_guard lock{mutex_};
  return state_;
}

std::optional<Error> Supervisor::last_error() const {
  const std::lock_guard lock{mutex_};
  return last_error_;
}

bool Supervisor::hard_next() const {
  const auto error = last_error();
  return error &&
         (error->error_class() == ErrorClass::reconnect || error->error_class() == ErrorClass::relogin ||
          error->error_class() == ErrorClass::retry_session);
}

std::chrono::milliseconds Supervisor::backoff(unsigned failures) const {
  return std::min(options_.backoff_min * (1U << std::min(failures, 10U)), options_.backoff_max);
}

Deadline Supervisor::call_limit() const { return steady_clock::now() + options_.drain_limit; }

KeyStanding Supervisor::standing(const Uri& key) const {
  std::uint64_t epoch = 0;
  {
    const std::lock_guard lock{mutex_};
    epoch = state_ == TokenState::up ? epoch_ : 0;
  }
  return keys_.standing(key.text(), epoch);
}

TokenStatus Supervisor::status() const {
  const SessionCounts sessions = pool_.counts();
  TokenStatus status{.sessions_open = sessions.open,
                     .sessions_in_use = sessions.in_use,
                     .signatures = counters_.signatures,
                     .sign_failures = counters_.sign_failures,
                     .retries = counters_.retries,
                     .reconnects = counters_.reconnects,
                     .module_reloads = counters_.module_reloads,
                     .lost_calls = lost_.total(),
                     .hanging_calls = lost_.hanging(),
                     .login_attempts = counters_.login_attempts,
                     .login_failures = counters_.login_failures,
                     .refused_keys = keys_.refused()};
  const std::lock_guard lock{mutex_};
  status.state = state_;
  status.epoch = epoch_;
  status.down_since = down_since_;
  status.last_error = last_error_ ? last_error_->what() : "";
  status.cause = last_error_;
  status.detail = "token '" + options_.name + "' is " + std::string{name_of(state_)};
  if (state_ == TokenState::up) {
    status.detail += " since connection " + std::to_string(epoch_);
  } else if (last_error_) {
    status.detail += ": " + status.last_error;
  }
  return status;
}

}  // namespace pkcs11
