"""The map of the tree: who may include and link whom. The one place to change when the architecture changes."""

# Modules of ours, by folder. A file belongs to the longest folder that holds it.
CA_CORE = ["ca/base", "ca/x509", "ca/templates", "ca/policy", "ca/lint", "ca/audit", "ca/inventory", "ca/ledger",
           "ca/signer", "ca/storage", "ca/issuance", "ca/revocation", "ca/authority"]

MAY_INCLUDE = {
    "pkcs11": [],
    "ca/base": [],
    "ca/x509": ["ca/base"],
    "ca/templates": ["ca/x509", "ca/base"],
    "ca/policy": ["ca/x509", "ca/base"],
    "ca/lint": ["ca/templates", "ca/policy", "ca/x509", "ca/base"],
    "ca/audit": ["ca/base"],
    "ca/inventory": ["ca/x509", "ca/base"],
    "ca/ledger": ["ca/inventory", "ca/audit", "ca/x509", "ca/base"],
    "ca/ledger/sqlite": ["ca/ledger", "ca/inventory", "ca/audit", "ca/x509", "ca/base"],
    "ca/storage": ["ca/base"],
    "ca/signer": ["ca/x509", "ca/base", "pkcs11"],
    "ca/issuance": ["ca/templates", "ca/policy", "ca/lint", "ca/ledger", "ca/inventory", "ca/audit", "ca/signer",
                    "ca/x509", "ca/base"],
    "ca/revocation": ["ca/templates", "ca/policy", "ca/lint", "ca/ledger", "ca/inventory", "ca/audit", "ca/signer",
                      "ca/storage", "ca/x509", "ca/base"],
    "ca/authority": ["ca/issuance", "ca/revocation", "ca/templates", "ca/policy", "ca/lint", "ca/ledger", "ca/inventory", "ca/audit",
                     "ca/signer", "ca/storage", "ca/x509", "ca/base"],
    "config": ["ca/policy", "ca/templates", "ca/x509", "ca/base", "pkcs11"],
    "daemon/http": ["ca/policy", "ca/base"],
    "daemon/net": ["daemon/http", "ca/base"],
    "daemon/ops": ["daemon/http", "ca/base"],
    "daemon/auth": ["daemon/http", "ca/policy", "ca/x509", "ca/base"],
    # What our own interfaces share: problem documents.
    "daemon/rest": ["daemon/http", "daemon/auth", *CA_CORE],
    # Protocols: they never include each other.
    "daemon/acmpca": ["daemon/http", "daemon/auth", *CA_CORE],
    "daemon/provisioning": ["daemon/rest", "daemon/http", "daemon/auth", *CA_CORE],
    "daemon/inventory": ["daemon/rest", "daemon/http", "daemon/auth", *CA_CORE],
    "daemon/keys": ["daemon/rest", "daemon/http", "daemon/auth", *CA_CORE],
    "daemon/status": ["daemon/http", "daemon/auth", *CA_CORE],
    "daemon/sts": ["daemon/http", "daemon/auth", *CA_CORE],
    # Clients of servers elsewhere.
    "daemon/http_client": ["ca/base"],
    "daemon/client": ["daemon/http_client", "ca/inventory", "ca/x509", "ca/base"],
    "daemon/s3": ["daemon/http_client", "ca/storage", "ca/base"],
    "daemon/ceremony": ["ca/x509", "ca/base"],
    # Copies of a ledger's file: only for the offline verbs.
    "daemon/backup": ["ca/ledger/sqlite", "ca/inventory", "ca/storage", "ca/base"],
    # The two programs: wiring.
    "daemon/cli": ["daemon/ceremony", "daemon/backup", "daemon/client", "daemon/http_client", "config", "pkcs11", "ca/ledger/sqlite", *CA_CORE],
    "daemon": ["config", "pkcs11", "ca/ledger/sqlite", "daemon/http", "daemon/net", "daemon/ops", "daemon/auth",
               "daemon/acmpca", "daemon/rest", "daemon/provisioning", "daemon/inventory", "daemon/keys", "daemon/status", "daemon/sts",
               "daemon/s3", *CA_CORE],
}

# Headers of others, by the beginning of the include, and the folders or files that may have them.
FOREIGN = {
    "boost/": ["daemon/net"],
    "boost/beast": [],
    "openssl/": ["ca/base", "ca/x509", "pkcs11", "daemon/net", "daemon/cli", "daemon/ceremony"],
    "libgfshare.h": ["daemon/ceremony"],
    "yaml-cpp/": ["config"],
    "nlohmann/": ["daemon", "ca/policy", "ca/audit"],
    "sqlite3.h": ["ca/ledger/sqlite"],
    "libpq-fe.h": ["ca/ledger/postgres"],
    "libp11.h": ["pkcs11"],
    "p11-kit/": ["pkcs11"],
    "prometheus/": ["daemon/ops"],
    "CLI/": ["daemon/cli", "daemon/main.cpp"],
    "curl/": ["daemon/http_client"],
}

# What a CMakeLists.txt may link: modules of ours under the map above, libraries where their headers may be.
LIBRARY_HEADERS = {
    "Boost::": "boost/",
    "CLI11::": "CLI/",
    "CURL::": "curl/",
    "OpenSSL::": "openssl/",
    "PkgConfig::GFSHARE": "libgfshare.h",
    "PkgConfig::LIBP11": "libp11.h",
    "PkgConfig::P11KIT": "p11-kit/",
    "PkgConfig::SQLITE": "sqlite3.h",
    "nlohmann_json::": "nlohmann/",
    "prometheus-cpp::": "prometheus/",
    "yaml-cpp": "yaml-cpp/",
}
ANYBODY_LINKS = {"chancery_flags", "Threads::Threads", "${CMAKE_DL_LIBS}"}

# Coroutines live in the network layer only.
COROUTINES_IN = ["daemon/net"]

# Tests wait for events, never for time. These have a pause in them and say why; a unit test has no place here.
MAY_SLEEP = {
    "tests/fault/load.py": "a client's pause before it repeats a request",
    "tests/fault/shim/keys.cpp": "a token that is slow on purpose",
    "tests/fault/shim/pkcs11_shim.cpp": "a token that hangs on purpose",
    "tests/integration/authority/world.cpp": "between two looks at a condition",
    "tests/integration/daemon/conftest.py": "between two looks at a condition",
    "tests/integration/net/test_limits.cpp": "a peer that is slow on purpose",
    "tests/integration/net/world.hpp": "between two looks at a condition",
    "tests/integration/pkcs11/device_test.cpp": "as long as the supervisor's own pauses",
    "tests/integration/pkcs11/login_test.cpp": "as long as the supervisor's own pauses",
    "tests/integration/pkcs11/recovery_test.cpp": "as long as the supervisor's own pauses",
    "tests/integration/pkcs11/token_under_test.hpp": "between two looks at a condition",
    "tests/support/running.py": "between two looks at a condition",
}

MAX_LINES = 500
BANNED_NAME_PARTS = {"manager", "helper", "helpers", "util", "utils", "impl", "data", "info"}
SOURCE_FOLDERS = ["pkcs11", "ca", "config", "daemon"]
SOURCE_SUFFIXES = {".cpp", ".hpp"}
SKIPPED_FOLDERS = {".git", "build", "dev", "dist", "__pycache__", ".pytest_cache", ".cache"}
