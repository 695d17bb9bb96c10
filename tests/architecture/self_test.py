#!/usr/bin/python3
"""Shows that each rule can fail: builds a small tree, breaks it in one way, and expects exactly that rule to say so."""
import sys
import tempfile
import unittest
from pathlib import Path

import check

SOUND = {
    "ca/base/error.hpp": "#pragma once\n",
    "ca/x509/name.cpp": '#include "ca/base/error.hpp"\n',
    "daemon/net/server.cpp": "#include <boost/asio.hpp>\nvoid f() { co_return; }\n",
    "tests/unit/base/error_test.cpp": "// sleep() is named here only\n",
    "tests/support/running.py": "time.sleep(0.05)\n",
    "scripts/test": "#!/bin/bash\n",
    "ca/base/CMakeLists.txt": "chancery_module(ca_base LINKS OpenSSL::Crypto Threads::Threads)\n",
    "ca/x509/CMakeLists.txt": "chancery_module(ca_x509 LINKS ca_base)\n",
    "daemon/cli/CMakeLists.txt": "add_executable(chancery main.cpp)\ntarget_link_libraries(chancery PRIVATE ca_x509)\n",
    "daemon/cli/hsm_list_slots.cpp": "\n",
    "README.md": "Run `scripts/test`, then `chancery hsm list-slots`.\n",
}

BROKEN = {
    "includes": [
        {"ca/base/error.hpp": '#include "ca/x509/name.hpp"\n'},
        {"daemon/acmpca/issue.cpp": '#include "daemon/provisioning/routes.hpp"\n'},
        {"pkcs11/key.cpp": '#include "ca/base/bytes.hpp"\n'},
        {"ca/x509/name.cpp": '#include "error.hpp"\n'},
        {"daemon/acmpca/issue.cpp": '#include "ca/ledger/sqlite/sqlite_store.hpp"\n'},
    ],
    "foreign_headers": [
        {"daemon/http/router.cpp": "#include <boost/beast.hpp>\n"},
        {"ca/issuance/issue.cpp": "#include <nlohmann/json.hpp>\n"},
        {"ca/ledger/ledger.cpp": "#include <sqlite3.h>\n"},
        {"daemon/main.cpp": "#include <yaml-cpp/yaml.h>\n"},
        {"daemon/net/server.cpp": "#include <boost/beast/http.hpp>\n"},
        {"daemon/wiring/key_ring.cpp": "#include <openssl/crypto.h>\n"},
        {"config/load.cpp": "#include <openssl/ssl.h>\n"},
        {"daemon/ops/log.cpp": "#include <CLI/CLI.hpp>\n"},
    ],
    "links": [
        {"ca/base/CMakeLists.txt": "chancery_module(ca_base LINKS ca_x509)\n"},
        {"pkcs11/CMakeLists.txt": "chancery_module(pkcs11 # nothing of ours\n  LINKS\n  ca_base)\n"},
        {"ca/x509/CMakeLists.txt": "chancery_module(ca_x509 LINKS ca_base)\ntarget_link_libraries(ca_x509 PRIVATE yaml-cpp)\n"},
        {"ca/x509/CMakeLists.txt": "chancery_module(ca_x509 LINKS ca_base test_softhsm)\n"},
        {"config/CMakeLists.txt": "chancery_module(config LINKS OpenSSL::SSL)\n"},
    ],
    "coroutines": [{"daemon/http/router.cpp": "void f() { co_await g(); }\n"}],
    "file_size": [{"ca/x509/name.cpp": "\n" * 501}, {"scripts/test": "\n" * 501}],
    "names": [{"ca/x509/name_util.cpp": "\n"}, {"tests/support/key_helper.hpp": "\n"}, {"ca/x509/NameRules.hpp": "\n"},
              {"pkcs11/slot.hpp": "struct SlotInfo {\n"}, {"ca/x509/name.hpp": "  enum class NameData;\n"},
              {"ca/x509/name.hpp": "using NameUtils = int;\n"}, {"tests/support/running.py": "class DaemonManager:\n"}],
    "sleeps": [
        {"tests/unit/base/a.cpp": "std::this_thread::sleep_for(1s);\n"},
        {"tests/integration/net/test_stop.cpp": "usleep(100);\n"},
        {"tests/interop/test_boto3.py": "time.sleep(1)\n"},
    ],
    "machine_paths": [{"README.md": "see /home/someone/tree\n"}, {"scripts/test": "cd /work/tree\n"}],
    "readme_commands": [
        {"README.md": "Run `scripts/no-such`.\n"},
        {"README.md": "Run `chancery hsm explode`.\n"},
        {"README.md": "See [there](docs/nowhere.md).\n"},
    ],
}


class EachRuleCanFail(unittest.TestCase):
    def faults(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in {**SOUND, **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return {name for name, rule in check.RULES.items() if list(rule(root))}

    def test_the_sound_tree_breaks_no_rule(self):
        self.assertEqual(self.faults({}), set())

    def test_every_rule_has_a_tree_that_breaks_it(self):
        self.assertEqual(set(BROKEN), set(check.RULES))

    def test_each_broken_tree_is_found_by_its_rule_alone(self):
        for rule, trees in BROKEN.items():
            for files in trees:
                with self.subTest(rule=rule, files=list(files)):
                    self.assertEqual(self.faults(files), {rule})


if __name__ == "__main__":
    sys.exit(unittest.main())
