"""A call into the token's library that does not come back (I16)."""
import mmap
import os
import re
import struct
from pathlib import Path

from conftest import CONFIG, SOURCE


class Shim:
    """The orders of tests/support/shim to the PKCS#11 library of a daemon."""

    def __init__(self, daemon):
        header = (SOURCE / "tests/support/shim/shim_control.hpp").read_text()
        lists = re.findall(r"std::atomic<std::uint64_t>\s+([\w, ]+);", header)
        self.names = [name.strip() for names in lists for name in names.split(",")]
        file = daemon.folder / "shim-control"
        file.write_bytes(bytes(8 * len(self.names)))
        with file.open("r+b") as opened:
            self.memory = mmap.mmap(opened.fileno(), 0)
        module = Path(os.environ["CHANCERY_BIN_DIR"]).parent / "tests/support/shim/libpkcs11_shim.so"
        daemon.environment |= {"SHIM_REAL": "/usr/lib/softhsm/libsofthsm2.so", "SHIM_CONTROL": str(file)}
        daemon.config.write_text(CONFIG.replace("/usr/lib/softhsm/libsofthsm2.so", str(module))
                                 + "authority: {sign_deadline: 1s}\n")

    def __getitem__(self, name):
        return struct.unpack_from("Q", self.memory, 8 * self.names.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("Q", self.memory, 8 * self.names.index(name), value)


def test_a_call_that_hangs_in_the_tokens_library_does_not_hold_the_end(daemon):
    """I16"""
    shim = Shim(daemon)
    daemon.start()
    shim["hang_sign"] = 1
    daemon.client().create_certificate_authority(
        CertificateAuthorityType="ROOT",
        CertificateAuthorityConfiguration={"KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA",
                                           "Subject": {"CommonName": "hanging"}})
    daemon.wait_for(lambda: shim["hanging"] > 0, "the first signature with the new key")
    daemon.wait_for(lambda: daemon.metric('chancery_token_lost_calls_total{token="issuing"}'), "the call to be given up")
    assert daemon.ready()[0] in (200, 503)  # it answers
    assert daemon.stop() == 0
    assert int(daemon.line("leaving behind calls that do not come back from a token's library")["calls"]) >= 1
