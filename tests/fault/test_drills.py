"""The token misbehaves in every way that tests/fault/shim knows while 64 clients issue through two authorities of it: clients see
certificates or "not now", nothing accepted is lost (I1, I2, I5, I12), the daemon goes on by itself (I19)."""
import json
import subprocess
import time

import pytest

from tests.fault.client import Client, Refused
from tests.fault.load import Load, check_everything_told_is_true
from tests.support.running import Running
from tests.support.shim import (CKA_EXTRACTABLE, CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_REMOVED, CKR_FUNCTION_FAILED,
                                CKR_TOKEN_NOT_PRESENT, MODULE, REAL, Shim, label_hash)

CLIENTS = 64
PACE = 0.5  # seconds between two requests of a client: what two cores bear beside the clients
# So many are accepted without a token in no less than 7 s (each client waits PACE after its request and after each of its
# polls); a sealed token looks at its PIN source every 5 s.
LONGER_THAN_A_PAUSE = 3 * CLIENTS
RECOVERY = 1  # second from the token's return to the first good signature
LOSSES = 3  # a machine that does something else at one return does not do it at all of them
STOPPED_KEY = {"InvalidStateException", "RequestFailedException"}


class Drill:
    def __init__(self, running):
        self.running = running
        self.issuing, self.other = running.ca_arn, running.subordinate_arn
        self.pin_file = running.folder / "softhsm/issuing.pin"
        self.pin = self.pin_file.read_text()
        self.shim = Shim(running.folder / "shim-control")
        running.quickstart("stop")
        config = running.folder / "chancery.yaml"
        config.write_text(config.read_text().replace(REAL, str(MODULE))
                          .replace("authority:\n", "authority:\n  sign_deadline: 2s\n"))
        running.environment |= self.shim.environment
        running.start()
        self.loads = []

    def load(self, **options):
        self.loads.append(Load(self.running, CLIENTS, PACE, [self.issuing, self.other], **options))
        self.loads[-1].delivers(CLIENTS // 2)
        return self.loads[-1]

    def write_pin(self, text):
        fresh = self.pin_file.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(text)
        fresh.replace(self.pin_file)

    def told(self, name):
        """What /readyz says of that check."""
        done = subprocess.run(["curl", "-sS", self.running.environment["CHANCERY_OPS"] + "/readyz"], capture_output=True, text=True)
        return next((check["detail"] for check in json.loads(done.stdout)["checks"] if check["name"] == name), "")

    def is_up(self):
        return self.running.metric('chancery_token_up{token="issuing"}') == 1

    def status(self, authority):
        return Client(self.running).call("DescribeCertificateAuthority", CertificateAuthorityArn=authority)[
            "CertificateAuthority"]["Status"]

    def end(self, load, stopped=None):
        """All faults are over: the clients end, and what they were told is held against the store."""
        load.stop()
        check_everything_told_is_true(self.running, load, stopped)
        print(dict(load.answers), f"slowest {load.slowest:.2f} s")

    def recovery(self, load, back):
        """Seconds from the return at `back` to the first good signature; a client has a certificate as well by then."""
        self.running.wait_for(lambda: self.shim["first_good_ns"] != 0, "a signature after the return", seconds=20)
        signed = (self.shim["first_good_ns"] - back) / 1e9
        self.running.wait_for(lambda: any(at > back for at, _ in load.delivered_at), "a certificate after the return", seconds=20)
        delivered = (min(at for at, _ in load.delivered_at if at > back) - back) / 1e9
        print(f"recovery: first signature {signed:.3f} s, first certificate {delivered:.3f} s after the return")
        return signed

    def back_to_normal(self):
        for load in self.loads:
            load.stop()
        self.loads.clear()
        self.shim.quiet()
        self.shim["wrong_pins"] = 0
        self.write_pin(self.pin)
        self.running.wait_for(self.running.ready, "the daemon to be as before")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    running = Running(tmp_path_factory.mktemp("chancery"))
    yield Drill(running)
    running.quickstart("stop")


@pytest.fixture
def drill(whole):
    yield whole
    whole.back_to_normal()


@pytest.mark.parametrize("rv", [CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT])
def test_a_token_that_is_gone_for_two_seconds_costs_waiting_and_nothing_else(drill, rv):
    load = drill.load()
    recoveries = []
    while len(recoveries) < LOSSES and min(recoveries, default=RECOVERY) >= RECOVERY:
        logins = drill.shim["logins"]
        back = drill.shim.gone_for(2, rv)
        accepted = len(load.accepted)
        drill.running.wait_for(lambda: not drill.is_up(), "the loss to be noticed")
        drill.running.wait_for(lambda: len(load.accepted) >= accepted + 10, "requests to be accepted without a token")
        recoveries.append(drill.recovery(load, back))
        load.delivers(CLIENTS)
        assert drill.shim["logins"] - logins <= 2
    assert 0 <= min(recoveries) < RECOVERY
    drill.end(load)


@pytest.mark.parametrize("order", ["bad_sessions", "logouts", "loses_sessions", "handles_from"])
def test_a_token_that_forgets_is_not_noticed_by_clients(drill, order):
    load = drill.load()
    drill.shim[order] = drill.shim["handles_from"] + (1 << 32) if order == "handles_from" else 1
    drill.running.wait_for(lambda: order == "handles_from" or drill.shim[order] == 0, "the fault to happen")
    load.delivers(CLIENTS)
    drill.end(load)
    assert {result for _, result in load.answers} <= {"ok", "RequestInProgressException"}


def test_a_token_with_four_sessions_is_a_slower_token(drill):
    drill.shim["sign_latency_us"] = 5000
    load = drill.load()
    drill.shim["session_limit"] = 4
    drill.shim["loses_sessions"] = 1
    drill.running.wait_for(lambda: drill.shim["loses_sessions"] == 0, "the sessions to be lost")
    load.delivers(2 * CLIENTS)
    drill.end(load)
    assert {result for _, result in load.answers} <= {"ok", "RequestInProgressException"}
    assert drill.shim["sessions"] <= 4


@pytest.mark.parametrize("rv", [CKR_FUNCTION_FAILED, CKR_DEVICE_MEMORY])
def test_a_token_that_is_busy_is_asked_again_on_the_same_connection(drill, rv):
    drill.shim["throttle_rv"] = rv
    load = drill.load()
    epoch = drill.running.metric('chancery_token_epoch{token="issuing"}')
    throttled = drill.shim["throttled"]
    drill.shim["queue_limit_us"] = 20_000
    drill.shim["capacity_per_s"] = 60
    load.delivers(2 * CLIENTS)
    drill.shim["capacity_per_s"] = 0
    load.delivers(CLIENTS)
    drill.end(load)
    assert drill.shim["throttled"] > throttled
    assert drill.running.metric('chancery_token_epoch{token="issuing"}') == epoch


def test_a_token_that_is_slow_is_waited_for(drill):
    drill.shim["sign_latency_us"] = 200_000
    load = drill.load()
    load.delivers(CLIENTS)
    drill.end(load)
    assert load.slowest < 5
    assert {result for _, result in load.answers} <= {"ok", "RequestInProgressException"}


def test_a_pin_that_turned_wrong_is_tried_once_and_the_right_one_heals(drill):
    load = drill.load()
    logins = drill.shim["logins"]
    drill.write_pin("a-wrong-pin-7261")
    drill.shim["loses_sessions"] = 1
    drill.running.wait_for(lambda: "sealed" in drill.told("token:issuing"), "the token to be sealed")
    drill.shim.gone_for(0.2)
    accepted = len(load.accepted)
    drill.running.wait_for(lambda: len(load.accepted) >= accepted + LONGER_THAN_A_PAUSE, "requests to be accepted")
    assert drill.shim["logins"] - logins == 1
    assert "CKR_PIN_INCORRECT" in drill.running.log_lines("token sealed")[-1]["rv"]
    drill.write_pin(drill.pin)
    drill.running.wait_for(drill.is_up, "the right PIN to be taken")
    load.delivers(CLIENTS)
    assert drill.shim["logins"] - logins == 2
    drill.end(load)


def test_a_locked_pin_is_never_tried_again(drill):
    load = drill.load()
    drill.shim["pin_tries"] = 1
    logins = drill.shim["logins"]
    drill.write_pin("a-wrong-pin-7261")
    drill.shim["loses_sessions"] = 1
    drill.running.wait_for(lambda: "sealed" in drill.told("token:issuing"), "the token to be sealed")
    drill.write_pin(drill.pin)
    drill.running.wait_for(lambda: "locked" in drill.told("token:issuing"), "the lock to be seen", seconds=15)
    accepted = len(load.accepted)
    drill.running.wait_for(lambda: len(load.accepted) >= accepted + LONGER_THAN_A_PAUSE, "requests to be accepted")
    assert drill.shim["logins"] - logins == 1
    drill.shim["wrong_pins"] = 0  # by the security officer
    drill.running.wait_for(drill.is_up, "the login after the unlocking", seconds=15)
    load.delivers(CLIENTS)
    assert drill.shim["logins"] - logins == 2
    drill.end(load)


def test_a_corrupt_signature_leaves_nobodys_hands_and_stops_its_key_alone(drill):
    load = drill.load(allowed={drill.issuing: STOPPED_KEY | {"InternalFailure"}})
    drill.shim["only_key"] = label_hash(drill.issuing.rpartition("/")[2])
    drill.shim["corrupt_signature"] = 1
    drill.running.wait_for(lambda: drill.status(drill.issuing) == "DISABLED", "the authority to be stopped")
    before = drill.shim["good_signs"]
    load.delivers(CLIENTS, drill.other)
    assert drill.status(drill.other) == "ACTIVE"
    drill.end(load, stopped=drill.issuing)
    check_signatures(drill, load)
    assert drill.shim["good_signs"] > before
    assert drill.running.metric(f'chancery_authority_key_up{{authority="{drill.issuing}"}}') == 0

    drill.shim.quiet()
    admin = Client(drill.running)
    admin.call("UpdateCertificateAuthority", CertificateAuthorityArn=drill.issuing, Status="ACTIVE")
    with pytest.raises(Refused, match="InvalidStateException"):  # nor by a person's word alone
        admin.call("IssueCertificate", CertificateAuthorityArn=drill.issuing, Csr=load.csr, SigningAlgorithm="SHA256WITHECDSA",
                   Validity={"Value": 1, "Type": "DAYS"})
    drill.running.quickstart("stop")
    drill.running.start()
    drill.end(drill.load())


def check_signatures(drill, load):
    """Every certificate that a client was given verifies up to the root."""
    folder = drill.running.folder / "delivered"
    folder.mkdir(exist_ok=True)
    files = []
    for number, pem in enumerate(load.delivered.values()):
        files.append(folder / f"{number}.pem")
        files[-1].write_text(pem)
    upper = folder / "upper.pem"
    upper.write_text("".join((drill.running.folder / f"ceremony/{name}.pem").read_text() for name in ("issuance", "subordinate")))
    subprocess.run(["openssl", "verify", "-CAfile", drill.running.root_pem, "-untrusted", upper, *files], check=True,
                   capture_output=True)


def test_a_weakened_attribute_stops_its_authority_alone_until_it_is_as_it_was(drill):
    load = drill.load(allowed={drill.issuing: STOPPED_KEY})
    key_up = f'chancery_authority_key_up{{authority="{drill.issuing}"}}'
    drill.shim["only_key"] = label_hash(drill.issuing.rpartition("/")[2])
    drill.shim["weaken_attribute"] = CKA_EXTRACTABLE
    drill.shim["loses_sessions"] = 1  # the next connection looks at its keys
    drill.running.wait_for(lambda: drill.running.metric(key_up) == 0, "the weak key to be refused")
    load.delivers(CLIENTS, drill.other)
    drill.running.wait_for(lambda: load.answers["IssueCertificate", "InvalidStateException"] > 0, "a client to hear of it")
    assert "CKA_EXTRACTABLE is true" in drill.told(f"authority:{drill.issuing}")
    drill.shim["weaken_attribute"] = 0
    drill.shim["loses_sessions"] = 1
    drill.running.wait_for(lambda: drill.running.metric(key_up) == 1, "the key to be trusted again")
    load.delivers(CLIENTS // 2, drill.issuing)
    drill.end(load)


def test_calls_that_hang_with_one_key_hold_up_no_other(drill):
    load = drill.load()
    drill.shim["only_key"] = label_hash(drill.issuing.rpartition("/")[2])
    drill.shim["hang_sign"] = 1
    drill.running.wait_for(lambda: drill.shim["hanging"] >= 4, "calls to hang")
    load.delivers(2 * CLIENTS, drill.other)
    assert drill.status(drill.issuing) == "ACTIVE"  # reads go on
    accepted = len(load.accepted)
    drill.running.wait_for(lambda: len(load.accepted) >= accepted + CLIENTS, "requests to be accepted")
    drill.shim["hang_sign"] = 0
    load.delivers(CLIENTS, drill.issuing)
    drill.running.wait_for(lambda: drill.shim["hanging"] == 0, "the calls to come back")
    drill.end(load)
