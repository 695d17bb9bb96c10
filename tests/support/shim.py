"""The orders of a test to the interposing PKCS#11 module (tests/fault/shim) of a daemon, and its counters."""
import mmap
import os
import re
import time
from pathlib import Path

SOURCE = Path(os.environ["CHANCERY_SOURCE"])
REAL = "/usr/lib/softhsm/libsofthsm2.so"
MODULE = Path(os.environ["CHANCERY_BIN_DIR"]).parent / "tests/fault/shim/libpkcs11_shim.so"

CKR_FUNCTION_FAILED, CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_REMOVED = 0x06, 0x30, 0x31, 0x32
CKR_TOKEN_NOT_PRESENT = 0xE0
CKA_EXTRACTABLE = 0x162


def words():
    """The layout, from its one description: what each 64-bit word of the control block is called."""
    header = (SOURCE / "tests/fault/shim/shim_control.hpp").read_text()
    lists = re.findall(r"std::atomic<std::uint64_t>\s+([\w, ]+);", header)
    return [name.strip() for names in lists for name in names.split(",")]


def label_hash(label):
    """What `only_key` wants: FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in label.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


class Shim:
    """shim["gone"] = CKR_DEVICE_REMOVED; shim["logins"]. Aligned words of 64 bits: each access is one of the machine's."""

    def __init__(self, file):
        self.words = {name: place for place, name in enumerate(words())}
        file.write_bytes(bytes(8 * len(self.words)))
        with file.open("r+b") as opened:
            self.memory = memoryview(mmap.mmap(opened.fileno(), 0)).cast("Q")
        self.environment = {"SHIM_REAL": REAL, "SHIM_CONTROL": str(file)}
        self.orders = [name for name in self.words if self.words[name] < self.words["initializes"]]

    def __getitem__(self, name):
        return self.memory[self.words[name]]

    def __setitem__(self, name, value):
        self.memory[self.words[name]] = value

    def quiet(self):
        """No faults; the counters stay. Handles keep their new values: the old ones must not come back."""
        for name in self.orders:
            if name != "handles_from":
                self[name] = 0

    def gone_for(self, seconds, rv=CKR_DEVICE_REMOVED):
        """The device goes now and comes back by itself. Returns when, on the monotonic clock in ns."""
        back = time.monotonic_ns() + int(seconds * 1e9)
        self["gone_until_ns"] = back
        self["first_good_ns"] = 0
        self["gone"] = rv
        return back
