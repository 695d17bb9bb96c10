#pragma once
// Internal: the life of one PKCS#11 library in this process.
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pkcs11/bytes.hpp"
#include "pkcs11/cryptoki.hpp"

namespace pkcs11 {

// Told when the module that a token lives on is about to be loaded anew by another token's supervisor.
class ModuleObserver {
 public:
  virtual ~ModuleObserver() = default;
  virtual void module_reloads() = 0;  // must not call the module
  [[nodiscard]] virtual bool is_up() const = 0;
};

// One PKCS#11 library, loaded and initialised once however many tokens use it (C_Initialize is per process).
// libp11 owns the load, C_Initialize, C_Finalize and the unload; the functions come from the same instance.
// Slots are listed by Cryptoki itself: PKCS11_enumerate_slots fails for every token when one slot fails, and
// PKCS11_release_all_slots closes the sessions of all.
//
// Thread-safe. A call into the module needs a Use; the module is never finalised while one lives. reload() is
// the hard step of recovery: it keeps new Uses out, waits for the others, and starts a new generation, in
// which no session or handle of the old one is valid.
class Module : public std::enable_shared_from_this<Module> {
 public:
  class Use {
   public:
    Use(Use&& other) noexcept = default;
    Use& operator=(Use&& other) noexcept;
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    [[nodiscard]] Functions* functions() const { return functions_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }

   private:
    friend class Module;
    Use(std::shared_ptr<Module> module, Functions* functions, std::uint64_t generation);
    std::shared_ptr<Module> module_;
    Functions* functions_;
    std::uint64_t generation_;
  };

  Module(std::string path, std::shared_ptr<std::mutex> libp11_contexts);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // Never waits: nullopt when the module is not in that generation, or is being loaded.
  [[nodiscard]] std::optional<Use> enter(std::uint64_t generation);
  // Waits for a load that is under way; loads what is not loaded. Throws Error.
  [[nodiscard]] Use enter_loaded(Deadline deadline);

  // Unloads and loads, unless the generation is no longer `seen` because somebody else was quicker. Throws
  // Error{busy} when a call does not come back before the deadline, else what the load throws.
  void reload(std::uint64_t seen, const ModuleObserver* by, Deadline deadline);
  // A call whose caller has left is inside, and came back. While there is one the module is not loaded anew.
  void lost();
  void came_back();
  // False while a lost call is inside, and for a while after a reload that disturbed other tokens; the pause
  // grows up to half a minute.
  [[nodiscard]] bool may_reload(const ModuleObserver* by) const;
  [[nodiscard]] std::uint64_t generation() const;
  [[nodiscard]] std::size_t uses() const;

  void attach(const std::shared_ptr<ModuleObserver>& observer);
  // One key generation at a time: several modules break when two run at once.
  [[nodiscard]] bool begin_generation(Deadline deadline);
  void end_generation();

 private:
  void leave();
  void load();
  void unload();
  [[nodiscard]] std::vector<std::shared_ptr<ModuleObserver>> others(const ModuleObserver* by) const;
  void begin_exclusive(std::unique_lock<std::mutex>& lock, const ModuleObserver* by, Deadline deadline);

  const std::string path_;
  const std::shared_ptr<std::mutex> libp11_contexts_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t generation_ = 0;
  std::size_t uses_ = 0;
  std::size_t lost_ = 0;    // of these
  bool exclusive_ = false;  // somebody loads; the members below are theirs
  bool generating_key_ = false;
  std::vector<std::weak_ptr<ModuleObserver>> observers_;
  Deadline next_shared_reload_{};
  std::chrono::milliseconds shared_pause_;

  bool ever_loaded_ = false;
  void* context_ = nullptr;  // PKCS11_CTX
  Functions* functions_ = nullptr;
};

// The modules of one process, by path. Tokens of one module must be made with one set.
class ModuleSet {
 public:
  ModuleSet();
  // The same Module for every name of one file. Thread-safe; does not load.
  [[nodiscard]] std::shared_ptr<Module> module(const std::string& path);
  [[nodiscard]] std::size_t calls_inside();

 private:
  std::mutex mutex_;
  std::shared_ptr<std::mutex> libp11_contexts_;  // PKCS11_CTX_new and _free count in a plain int
  std::map<std::string, std::weak_ptr<Module>> modules_;
};

}  // namespace pkcs11
