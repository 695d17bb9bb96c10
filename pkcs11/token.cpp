#include "pkcs11/token.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "pkcs11/connected_keys.hpp"
#include "pkcs11/leased_call.hpp"
#include "pkcs11/supervisor.hpp"

namespace pkcs11 {
namespace {

using std::chrono::steady_clock;

constexpr unsigned kSessionErrorsInARow = 4;  // then it is not one session, it is the connection
constexpr std::chrono::milliseconds kBusyPauseMin{4};
constexpr std::chrono::milliseconds kBusyPauseMax{200};

// The repetition of one request inside its deadline.
class Attempts {
 public:
  Attempts(Supervisor& supervisor, std::string what, Deadline deadline)
      : supervisor_{supervisor}, what_{std::move(what)}, deadline_{deadline} {}

  // Returns when the request may be tried again; throws what the caller is to see.
  void after(const Error& error, std::uint64_t epoch) {
    switch (error.error_class()) {
      case ErrorClass::retry_session:
        if (++session_errors_ >= kSessionErrorsInARow) {
          session_errors_ = 0;
          supervisor_.report(epoch, error);
        }
        break;
      case ErrorClass::relogin:
      case ErrorClass::reconnect:
        supervisor_.report(epoch, error);
        break;
      case ErrorClass::busy:
        supervisor_.report_busy(epoch, error);
        pause();
        break;
      case ErrorClass::wrong_pin:
      case ErrorClass::fatal_config:
      case ErrorClass::bad_request:
      case ErrorClass::unavailable:
      case ErrorClass::key_missing:
      case ErrorClass::key_refused:
      case ErrorClass::label_exists:
        throw Error{error};
    }
    last_ = error;
    if (steady_clock::now() >= deadline_) {
      give_up();
    }
    ++supervisor_.counters().retries;
  }

  [[noreturn]] void give_up() const {
    const TokenState state = supervisor_.state();
    const auto cause = last_ ? last_ : state == TokenState::up ? std::nullopt : supervisor_.last_error();
    const std::string detail = what_ + " on token '" + supervisor_.options().name + "' (" +
                               std::string{name_of(state)} + "): the deadline passed" +
                               (cause ? std::string{", last "} + cause->what() : ", all sessions are in use");
    throw Error{ErrorClass::unavailable, detail};
  }

 private:
  // Doubles, with jitter so that throttled requests do not come back together.
  void pause() {
    const auto now = steady_clock::now();
    const auto longest = std::min(kBusyPauseMin * (1U << std::min(busy_, 10U)), kBusyPauseMax);
    ++busy_;
    // Low bits of the clock are random enough to spread.
    const auto spread = now.time_since_epoch().count() / 128 % 1024;
    const auto length = longest / 2 + longest * spread / 2048;
    std::this_thread::sleep_until(std::min(deadline_, now + std::chrono::milliseconds{length}));
  }

  Supervisor& supervisor_;
  std::string what_;
  Deadline deadline_;
  unsigned session_errors_ = 0;
  unsigned busy_ = 0;
  std::optional<Error> last_;
};

// Runs `call(lease)` on leased sessions until it succeeds or the deadline passes. The call may outlive this,
// so it owns all that it uses. `subject` is what it is about, for the bound on calls that hang.
template <typename Call>
auto perform(const std::shared_ptr<Supervisor>& supervisor, const char* what, const std::string& subject,
             Deadline deadline, Call call) {
  Attempts attempts{*supervisor, what, deadline};
  const auto shared_call = std::make_shared<Call>(std::move(call));
  while (true) {
    supervisor->lost().refuse_more(subject);
    auto lease = supervisor->pool().acquire(deadline);
    if (!lease) {
      attempts.give_up();
    }
    supervisor->lost().refuse_more(subject);  // others may have been lost while this one waited
    const std::uint64_t epoch = lease->epoch();
    auto outcome = call_on(supervisor, std::move(*lease), subject, deadline, shared_call);
    if (!outcome) {
      throw Error{ErrorClass::unavailable,
                  std::string{what} + " on token '" + supervisor->options().name +
                      "': the deadline passed and the call into the module has not come back",
                  "if others hang as well, look at the HSM and its library's log"};
    }
    if (outcome->result) {
      return std::move(*outcome->result);
    }
    attempts.after(*outcome->failure, epoch);
  }
}

// A handle that the token no longer knows is looked up again by the next attempt.
template <typename Call>
auto with_key(Supervisor& supervisor, SessionPool::Lease& lease, const Uri& uri, Call call) {
  const std::string name = uri.text();
  const PrivateKey key = ConnectedKeys{supervisor.keys(), lease}.find(uri, name);
  try {
    return call(name, key);
  } catch (const Error& error) {
    if (error.rv() == CKR_KEY_HANDLE_INVALID || error.rv() == CKR_OBJECT_HANDLE_INVALID) {
      supervisor.keys().forget(name);
    }
    throw;
  }
}

class GenerationTurn {
 public:
  GenerationTurn(std::shared_ptr<Supervisor> supervisor, Deadline deadline)
      : supervisor_{std::move(supervisor)} {
    if (!supervisor_->module().begin_generation(deadline)) {
      throw Error{ErrorClass::unavailable,
                  "another key is being generated in the module, the deadline passed"};
    }
  }
  ~GenerationTurn() { supervisor_->module().end_generation(); }
  GenerationTurn(const GenerationTurn&) = delete;
  GenerationTurn& operator=(const GenerationTurn&) = delete;

 private:
  std::shared_ptr<Supervisor> supervisor_;
};

TokenOptions checked(TokenOptions options) {
  if (!options.uri.module_path) {
    throw Error{ErrorClass::fatal_config, "token '" + options.name + "' has no module",
                "name the PKCS#11 library of the HSM"};
  }
  if (!options.uri.names_token()) {
    throw Error{ErrorClass::fatal_config, "token '" + options.name + "' is not named",
                "name it by label or serial, for example pkcs11:token=issuing"};
  }
  if (options.name.empty()) {
    options.name = options.uri.token.value_or("token");
  }
  return options;
}

}  // namespace

std::shared_ptr<ModuleSet> make_module_set() { return std::make_shared<ModuleSet>(); }

std::size_t calls_inside(ModuleSet& modules) { return modules.calls_inside(); }

Token::Token(TokenOptions options) : Token{std::move(options), make_module_set()} {}

Token::Token(TokenOptions options, const std::shared_ptr<ModuleSet>& modules) {
  TokenOptions usable = checked(std::move(options));
  auto module = modules->module(*usable.uri.module_path);
  supervisor_ = Supervisor::start(std::move(usable), std::move(module));
}

Token::~Token() { supervisor_->stop(); }

const TokenOptions& Token::options() const { return supervisor_->options(); }

bool Token::wait_until_up(Deadline deadline) { return supervisor_->wait_until_up(deadline); }

// Every call below keeps the supervisor alive on its own: it may outlive the Token inside the module.
Bytes Token::sign(const Uri& key, SignatureScheme scheme, ByteView message, Deadline deadline) {
  const auto supervisor = supervisor_;
  const auto sign = [supervisor, key, scheme,
                     message = Bytes{message.begin(), message.end()}](SessionPool::Lease& lease) {
    return with_key(*supervisor, lease, key, [&](const std::string& name, const PrivateKey& found) {
      ConnectedKeys{supervisor->keys(), lease}.audit_unjudged(name);
      supervisor->keys().require_trusted(name, lease.epoch(), found.handle);
      Bytes signature = sign_once(lease.session(), found, scheme, message);
      supervisor->succeeded();
      return signature;
    });
  };
  try {
    return perform(supervisor, "sign", key.text(), deadline, sign);
  } catch (const Error&) {
    ++supervisor->counters().sign_failures;
    throw;
  }
}

GeneratedKey Token::generate_key(std::string label, KeyType type, Deadline deadline) {
  const auto supervisor = supervisor_;
  refuse_bad_label(label);
  // Held by the calls: one that hangs keeps its turn.
  const auto turn = std::make_shared<GenerationTurn>(supervisor, deadline);
  const bool taken = perform(
      supervisor, "generate key", label, deadline,
      [supervisor, turn, label](SessionPool::Lease& lease) { return label_in_use(lease.session(), label); });
  if (taken) {
    throw Error{ErrorClass::label_exists, "the token has a key with the label '" + label + "' already",
                "choose another label"};
  }
  const auto generate = [supervisor, turn, label, type,
                         id = Bytes{}](SessionPool::Lease& lease) mutable -> GeneratedKey {
    const Session session = lease.session();
    const std::string& token_label = lease.token().label;
    if (!id.empty()) {  // of the attempt whose answer was lost
      if (auto ours = take_up_pair(session, token_label, label, id)) {
        return std::move(*ours);
      }
    }
    id = new_key_id(label);
    return generate_pair(session, token_label, label, id, type);
  };
  return perform(supervisor, "generate key", label, deadline, generate);
}

std::optional<GeneratedKey> Token::find_key(std::string label, Deadline deadline) {
  const auto supervisor = supervisor_;
  refuse_bad_label(label);
  return perform(supervisor, "find key", label, deadline, [label](SessionPool::Lease& lease) {
    auto found = find_labelled(lease.session(), lease.token().label, label);
    if (!found) {
      static_cast<void>(read_slot(lease.session().functions, lease.slot()));  // absent, or the token away?
    }
    return found;
  });
}

Bytes Token::public_key(const Uri& key, Deadline deadline) {
  const auto supervisor = supervisor_;
  return perform(supervisor, "read public key", key.text(), deadline,
                 [supervisor, key](SessionPool::Lease& lease) {
                   return with_key(*supervisor, lease, key, [&](const std::string&, const PrivateKey& found) {
                     return read_public_key(lease.session(), found);
                   });
                 });
}

KeyAttributes Token::attributes(const Uri& key, Deadline deadline) {
  const auto supervisor = supervisor_;
  return perform(supervisor, "read attributes", key.text(), deadline,
                 [supervisor, key](SessionPool::Lease& lease) {
                   return with_key(*supervisor, lease, key, [&](const std::string&, const PrivateKey& found) {
                     return read_attributes(lease.session(), found);
                   });
                 });
}

void Token::expect(const Uri& key, ByteView expected_spki) { supervisor_->keys().enroll(key, expected_spki); }

void Token::audit(const Uri& key, ByteView expected_spki, Deadline deadline) {
  const auto supervisor = supervisor_;
  const KeyRing::Enrolled enrolled{key, {expected_spki.begin(), expected_spki.end()}};
  supervisor->keys().enroll(key, expected_spki);
  const auto refusal =
      perform(supervisor, "audit", key.text(), deadline, [supervisor, enrolled](SessionPool::Lease& lease) {
        return ConnectedKeys{supervisor->keys(), lease}.audit(enrolled);
      });
  if (refusal) {
    throw Error{*refusal};
  }
}

TokenStatus Token::status() const { return supervisor_->status(); }

KeyStanding Token::standing(const Uri& key) const { return supervisor_->standing(key); }

}  // namespace pkcs11
