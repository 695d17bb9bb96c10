#include "pkcs11/module.hpp"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>
#include <libp11.h>
#include <utility>

#include "pkcs11/error.hpp"

namespace pkcs11 {
namespace {

constexpr std::chrono::milliseconds kSharedPauseMin{1000};
constexpr std::chrono::milliseconds kSharedPauseMax{30000};

// Our own handle on an instance that is already loaded; never loads.
class Handle {
 public:
  explicit Handle(const std::string& path)
      : handle_{::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD)} {}
  ~Handle() {
    if (handle_ != nullptr) {
      ::dlclose(handle_);
    }
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] Functions* functions() const {
    if (handle_ == nullptr) {
      return nullptr;
    }
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(handle_, "C_GetFunctionList"));
    Functions* list = nullptr;
    return get != nullptr && get(&list) == CKR_OK ? list : nullptr;
  }

 private:
  void* handle_;
};

// Whoever initialised it would lose its sessions when we finalise, and we ours when it does.
void refuse_foreign_instance(const std::string& path) {
  const Handle present{path};
  Functions* functions = present.functions();
  CK_INFO about{};
  if (functions != nullptr && functions->C_GetInfo(&about) == CKR_OK) {
    throw Error{ErrorClass::fatal_config, "C_Initialize", CKR_CRYPTOKI_ALREADY_INITIALIZED,
                "another part of this process uses " + path,
                "make all tokens of one module with one ModuleSet"};
  }
}

// libp11 leaves its reason in the OpenSSL error queue, among those of the module: its own "unable to load",
// or a return value under a library number of its own, which ERR_get_CKR_code() tells.
ReturnValue initialize_failure() {
  ReturnValue rv = CKR_OK;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    if (ERR_GET_LIB(code) == ERR_get_CKR_code()) {
      rv = static_cast<ReturnValue>(ERR_GET_REASON(code));
    }
  }
  return rv;
}

// Our own look before libp11's, which prints to stderr what it then does not tell.
void refuse_unloadable(const std::string& path) {
  constexpr const char* kHint = "install the HSM vendor's PKCS#11 library and name it by its full path";
  ::dlerror();
  void* probe = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (probe == nullptr) {
    const char* reason = ::dlerror();
    throw Error{ErrorClass::fatal_config, "dlopen", CKR_OK,
                "module " + path + ": " + (reason != nullptr ? reason : "unknown"), kHint};
  }
  const bool is_module = ::dlsym(probe, "C_GetFunctionList") != nullptr;
  ::dlclose(probe);
  if (!is_module) {
    throw Error{ErrorClass::fatal_config, "dlsym", CKR_OK, "module " + path + " has no C_GetFunctionList",
                kHint};
  }
}

Error load_error(const std::string& path) {
  const ReturnValue rv = initialize_failure();
  if (rv == CKR_OK) {
    return Error{ErrorClass::reconnect, "C_GetFunctionList", CKR_GENERAL_ERROR, "module " + path,
                 "see the module's own log"};
  }
  return Error{classify("C_Initialize", rv), "C_Initialize", rv, "module " + path,
               hint_for("C_Initialize", rv)};
}

}  // namespace

Module::Use::Use(std::shared_ptr<Module> module, Functions* functions, std::uint64_t generation)
    : module_{std::move(module)}, functions_{functions}, generation_{generation} {}

Module::Use& Module::Use::operator=(Use&& other) noexcept {
  if (this != &other) {
    if (module_) {
      module_->leave();
    }
    module_ = std::move(other.module_);
    functions_ = other.functions_;
    generation_ = other.generation_;
  }
  return *this;
}

Module::Use::~Use() {
  if (module_) {
    module_->leave();
  }
}

Module::Module(std::string path, std::shared_ptr<std::mutex> libp11_contexts)
    : path_{std::move(path)}, libp11_contexts_{std::move(libp11_contexts)}, shared_pause_{kSharedPauseMin} {}

// Every Use holds a reference, so nobody is inside.
Module::~Module() { unload(); }

void Module::leave() {
  const std::lock_guard lock{mutex_};
  if (--uses_ == 0 && exclusive_) {
    changed_.notify_all();
  }
}

std::optional<Module::Use> Module::enter(std::uint64_t generation) {
  const std::lock_guard lock{mutex_};
  if (exclusive_ || functions_ == nullptr || generation != generation_) {
    return std::nullopt;
  }
  ++uses_;
  return Use{shared_from_this(), functions_, generation_};
}

Module::Use Module::enter_loaded(Deadline deadline) {
  std::unique_lock lock{mutex_};
  while (true) {
    if (!changed_.wait_until(lock, deadline, [this] { return !exclusive_; })) {
      throw Error{ErrorClass::busy, "module " + path_ + " is being loaded for too long"};
    }
    if (functions_ != nullptr) {
      ++uses_;
      return Use{shared_from_this(), functions_, generation_};
    }
    const std::uint64_t seen = generation_;
    lock.unlock();
    reload(seen, nullptr, deadline);
    lock.lock();
  }
}

std::uint64_t Module::generation() const {
  const std::lock_guard lock{mutex_};
  return generation_;
}

std::vector<std::shared_ptr<ModuleObserver>> Module::others(const ModuleObserver* by) const {
  std::vector<std::shared_ptr<ModuleObserver>> result;
  const std::lock_guard lock{mutex_};
  for (const auto& observer : observers_) {
    if (auto alive = observer.lock(); alive && alive.get() != by) {
      result.push_back(std::move(alive));
    }
  }
  return result;
}

std::size_t Module::uses() const {
  const std::lock_guard lock{mutex_};
  return uses_;
}

void Module::lost() {
  const std::lock_guard lock{mutex_};
  ++lost_;
}

void Module::came_back() {
  const std::lock_guard lock{mutex_};
  --lost_;
}

void Module::attach(const std::shared_ptr<ModuleObserver>& observer) {
  const std::lock_guard lock{mutex_};
  std::erase_if(observers_, [](const auto& known) { return known.expired(); });
  observers_.push_back(observer);
}

bool Module::may_reload(const ModuleObserver* by) const {
  const auto tokens = others(by);  // asked without our lock: an observer takes its own
  const bool disturbs = std::ranges::any_of(tokens, [](const auto& token) { return token->is_up(); });
  const std::lock_guard lock{mutex_};
  if (lost_ > 0 || !disturbs) {
    return lost_ == 0;
  }
  return std::chrono::steady_clock::now() >= next_shared_reload_;
}

void Module::begin_exclusive(std::unique_lock<std::mutex>& lock, const ModuleObserver* by,
                             Deadline deadline) {
  exclusive_ = true;
  lock.unlock();
  bool disturbs = false;
  for (const auto& token : others(by)) {
    disturbs = token->is_up() || disturbs;
    token->module_reloads();
  }
  lock.lock();
  const auto now = std::chrono::steady_clock::now();
  if (now > next_shared_reload_ + kSharedPauseMax) {
    shared_pause_ = kSharedPauseMin;
  }
  if (disturbs) {
    next_shared_reload_ = now + shared_pause_;
    shared_pause_ = std::min(shared_pause_ * 2, kSharedPauseMax);
  }
  if (!changed_.wait_until(lock, deadline, [this] { return uses_ == 0; })) {
    exclusive_ = false;
    changed_.notify_all();
    // C_Finalize while a call runs is undefined (PKCS#11 3.0, 5.6.2).
    throw Error{ErrorClass::busy, "C_Finalize", CKR_OK,
                std::to_string(uses_) + " calls into the module do not come back",
                "if this stays, restart the daemon"};
  }
}

void Module::reload(std::uint64_t seen, const ModuleObserver* by, Deadline deadline) {
  std::unique_lock lock{mutex_};
  if (!changed_.wait_until(lock, deadline, [this] { return !exclusive_; })) {
    throw Error{ErrorClass::busy, "module " + path_ + " is being loaded for too long"};
  }
  if (generation_ != seen) {
    return;
  }
  begin_exclusive(lock, by, deadline);
  lock.unlock();
  std::optional<Error> failure;
  try {
    unload();
    load();
  } catch (const Error& error) {
    failure = error;
  }
  lock.lock();
  ++generation_;
  exclusive_ = false;
  changed_.notify_all();
  if (failure) {
    throw Error{*failure};
  }
}

void Module::load() {
  if (!ever_loaded_) {
    refuse_foreign_instance(path_);  // later it may be our own, of which C_Finalize failed
  }
  refuse_unloadable(path_);
  PKCS11_CTX* context = nullptr;
  {
    const std::lock_guard contexts{*libp11_contexts_};
    context = PKCS11_CTX_new();
  }
  if (context == nullptr) {
    throw Error{ErrorClass::busy, "no memory for a libp11 context"};
  }
  ERR_clear_error();
  if (PKCS11_CTX_load(context, path_.c_str()) != 0) {
    Error failure = load_error(path_);
    // No PKCS11_CTX_unload: after a failed load 0.4.12 calls through a pointer into the unmapped library.
    const std::lock_guard contexts{*libp11_contexts_};
    PKCS11_CTX_free(context);
    throw Error{failure};
  }
  context_ = context;
  ever_loaded_ = true;
  const Handle ours{path_};
  functions_ = ours.functions();
  if (functions_ == nullptr) {
    unload();
    throw Error{ErrorClass::fatal_config, "C_GetFunctionList", CKR_OK,
                "module " + path_ + " gives no functions", "name the PKCS#11 library by its full path"};
  }
}

void Module::unload() {
  functions_ = nullptr;
  if (context_ == nullptr) {
    return;
  }
  auto* context = static_cast<PKCS11_CTX*>(std::exchange(context_, nullptr));
  PKCS11_CTX_unload(context);
  const std::lock_guard contexts{*libp11_contexts_};
  PKCS11_CTX_free(context);
}

bool Module::begin_generation(Deadline deadline) {
  std::unique_lock lock{mutex_};
  if (!changed_.wait_until(lock, deadline, [this] { return !generating_key_; })) {
    return false;
  }
  generating_key_ = true;
  return true;
}

void Module::end_generation() {
  const std::lock_guard lock{mutex_};
  generating_key_ = false;
  changed_.notify_all();
}

ModuleSet::ModuleSet() : libp11_contexts_{std::make_shared<std::mutex>()} {}

std::shared_ptr<Module> ModuleSet::module(const std::string& path) {
  std::error_code failure;
  const auto real = std::filesystem::canonical(path, failure);
  const std::string name = failure ? path : real.string();
  const std::lock_guard lock{mutex_};
  auto& known = modules_[name];
  if (auto module = known.lock()) {
    return module;
  }
  auto module = std::make_shared<Module>(name, libp11_contexts_);
  known = module;
  return module;
}

std::size_t ModuleSet::calls_inside() {
  std::vector<std::shared_ptr<Module>> alive;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, known] : modules_) {
      if (auto module = known.lock()) {
        alive.push_back(std::move(module));
      }
    }
  }
  std::size_t inside = 0;
  for (const auto& module : alive) {
    inside += module->uses();
  }
  return inside;
}

}  // namespace pkcs11
