#pragma once
// Internal: what an OfflineAuthority stands on.
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "ca/signer/pkcs11_signer.hpp"
#include "daemon/cli/offline_authority.hpp"

namespace cli {

inline constexpr const char* kOfflineToken = "offline";

// Options, principal and caller of the operator at the keyboard.
[[nodiscard]] ca::AuthorityServiceOptions offline_options(const PublishedFiles& published);
[[nodiscard]] std::vector<ca::Principal> operator_principal();
[[nodiscard]] ca::Caller make_caller();

struct OfflineAuthority::Parts {
  Parts(const std::filesystem::path& where, const TokenArguments& arguments, const PublishedFiles& published)
      : folder{where},
        token_arguments{arguments},
        store{{.path = (where / "ledger.db").string(), .node = kOfflineToken, .readers = 1}, clock},
        token{token_options(kOfflineToken, arguments)},
        signer{{{kOfflineToken, &token}}},
        policy{operator_principal()},
        service{offline_options(published), {}, store, store, signer, policy, clock},
        caller{make_caller()} {}

  std::filesystem::path folder;
  TokenArguments token_arguments;
  ca::SystemClock clock;
  ca::SqliteStore store;
  pkcs11::Token token;
  ca::Pkcs11Signer signer;
  ca::PolicyEngine policy;
  ca::AuthorityService service;
  ca::Caller caller;
};

}  // namespace cli
