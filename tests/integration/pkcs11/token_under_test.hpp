#pragma once
#include <atomic>
#include <chrono>
#include <dlfcn.h>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pkcs11/connection.hpp"
#include "pkcs11/key_access.hpp"
#include "pkcs11/module.hpp"
#include "pkcs11/object.hpp"
#include "pkcs11/public_key.hpp"
#include "pkcs11/slot_reading.hpp"
#include "pkcs11/token.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/softhsm.hpp"

// What the tests of the token layer share.
namespace p11test {

using namespace std::chrono_literals;
using pkcs11::Bytes;
using pkcs11::Error;
using pkcs11::ErrorClass;
using pkcs11::KeyType;
using pkcs11::SignatureScheme;
using pkcs11::Token;
using pkcs11::TokenState;
using pkcs11::Uri;
using test::ShimControl;
using test::SoftHsm;

inline pkcs11::Deadline in(std::chrono::milliseconds length) {
  return std::chrono::steady_clock::now() + length;
}
inline pkcs11::Deadline soon() { return in(60s); }

inline pkcs11::TokenOptions options_of(const SoftHsm& hsm, const SoftHsm::TokenFiles& files) {
  Uri uri;
  uri.token = files.label;
  uri.module_path = hsm.module();
  return {.name = files.label,
          .uri = uri,
          .pin = pkcs11::PinSource::parse("file:" + files.pin_file.string()),
          .sessions = 16,
          .probe_interval = 100ms};
}

inline Bytes bytes(const std::string& text) { return {text.begin(), text.end()}; }

// The class that `call` throws; fails the test when it throws nothing.
template <typename Call>
ErrorClass class_thrown_by(Call call) {
  try {
    call();
  } catch (const Error& error) {
    INFO(error.what());
    return error.error_class();
  }
  FAIL("nothing was thrown");
  return ErrorClass::busy;
}

template <typename Call>
std::string text_thrown_by(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

inline bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds within = 60s) {
  const auto deadline = in(within);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// Whether the token comes to say that its last error was with these words.
inline bool tells(const Token& token, const std::string& words) {
  return eventually([&] { return token.status().last_error.find(words) != std::string::npos; });
}

// Threads that sign and verify without a pause until stopped.
class Load {
 public:
  Load(Token& token, const pkcs11::GeneratedKey& key, std::size_t threads,
       std::chrono::milliseconds request_deadline = 30s) {
    const Uri uri = Uri::parse(key.uri);
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this, &token, uri, spki = key.spki_der, request_deadline] {
        while (!stopped_) {
          one(token, uri, spki, request_deadline);
        }
      });
    }
  }
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  void stop() {
    stopped_ = true;
    for (auto& thread : threads_) {
      thread.join();
    }
    threads_.clear();
  }
  // Runs until `count` more signatures were made.
  [[nodiscard]] bool makes(std::uint64_t count) {
    const std::uint64_t wanted = good + count;
    return eventually([&] { return good >= wanted || failed > 0; }) && failed == 0;
  }
  [[nodiscard]] std::string first_failure() {
    const std::lock_guard lock{mutex_};
    return first_failure_;
  }

  std::atomic<std::uint64_t> good{0};
  std::atomic<std::uint64_t> failed{0};

 private:
  void one(Token& token, const Uri& uri, const Bytes& spki, std::chrono::milliseconds deadline) {
    const Bytes message = bytes("message " + std::to_string(good));
    std::string what = "does not verify";
    try {
      const Bytes signature = token.sign(uri, SignatureScheme::ecdsa_sha256, message, in(deadline));
      if (pkcs11::verifies(spki, SignatureScheme::ecdsa_sha256, message, signature)) {
        ++good;
        return;
      }
    } catch (const Error& error) {
      what = error.what();
    }
    ++failed;
    const std::lock_guard lock{mutex_};
    if (first_failure_.empty()) {
      first_failure_ = what;
    }
  }

  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::string first_failure_;
  std::vector<std::thread> threads_;
};

// Another user of the module in this process, with a session of its own, while a Token is up.
class OtherUser {
 public:
  explicit OtherUser(const pkcs11::TokenOptions& options)
      : library_{::dlopen(options.uri.module_path->c_str(), RTLD_NOW | RTLD_NOLOAD), &::dlclose} {
    REQUIRE(library_);
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library_.get(), "C_GetFunctionList"));
    REQUIRE(get(&session_.functions) == CKR_OK);
    const auto slot = pkcs11::select_slot(session_.functions, options.uri).slot_id;
    REQUIRE(session_.functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                                              &session_.handle) == CKR_OK);
  }
  ~OtherUser() { session_.functions->C_CloseSession(session_.handle); }
  OtherUser(const OtherUser&) = delete;
  OtherUser& operator=(const OtherUser&) = delete;
  [[nodiscard]] const pkcs11::Session& session() const { return session_; }

 private:
  std::unique_ptr<void, int (*)(void*)> library_;
  pkcs11::Session session_;
};

// A P-256 pair made past our own template, before any Token uses the module.
inline Uri make_raw_key(const pkcs11::TokenOptions& options, const std::string& label,
                        const std::function<void(pkcs11::Template&)>& private_attributes,
                        const std::optional<Bytes>& id = std::nullopt) {
  pkcs11::PinGuard guard;
  pkcs11::Counters counters;
  const auto use = pkcs11::ModuleSet{}.module(*options.uri.module_path)->enter_loaded(soon());
  const auto connection = pkcs11::connect_token(use, options, guard, counters);
  const Bytes name = bytes(label);
  const Bytes& key_id = id ? *id : name;
  pkcs11::Template open;
  open.flag(CKA_TOKEN, true)
      .flag(CKA_VERIFY, true)
      .bytes(CKA_LABEL, name)
      .bytes(CKA_ID, key_id)
      .bytes(CKA_EC_PARAMS, pkcs11::curve_parameters(KeyType::ec_p256));
  pkcs11::Template closed;
  closed.flag(CKA_TOKEN, true).flag(CKA_SIGN, true).bytes(CKA_LABEL, name).bytes(CKA_ID, key_id);
  private_attributes(closed);
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE public_key = 0;
  CK_OBJECT_HANDLE private_key = 0;
  pkcs11::check(
      use.functions()->C_GenerateKeyPair(connection.anchor, &mechanism, open.attributes(), open.size(),
                                         closed.attributes(), closed.size(), &public_key, &private_key),
      "C_GenerateKeyPair");
  Uri uri;
  uri.token = options.uri.token;
  uri.object = label;
  return uri;
}

}  // namespace p11test
