"""What only time brings: CRLs at half of their life, OCSP signers at two thirds of theirs. The daemon runs under faketime."""
import datetime
from pathlib import Path

import pytest

from tests.interop.test_crl import Issuer, reachable, run

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="optional: faketime is not installed")


def start(running, tries=5):
    """A process whose parent under libfaketime ends before it has begun finds no semaphore: that is the library's, and passes."""
    for left in reversed(range(tries)):
        try:
            running.start()
            return
        except AssertionError as error:
            if "ft_shm_init" not in str(error) or left == 0:
                raise


@pytest.fixture
def later(running):
    """later(FAKETIME): the daemon again, at that time."""
    real = dict(running.environment)

    def restart(offset):
        running.quickstart("stop")
        running.environment = {**real, "LD_PRELOAD": str(LIBRARY), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                               "FAKETIME_DONT_RESET": "1"}
        start(running)
        running.environment = dict(real)
    yield restart
    running.environment = real
    running.quickstart("stop")
    running.start()


def shown(leaf, option):
    return run("openssl", "crl", "-in", leaf.crl(), "-noout", option).stdout.strip().partition("=")[2]


def when(text):
    return datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y %Z")


def test_a_crl_is_renewed_at_half_of_its_life_and_an_entry_stays_once_beyond_its_end(running, later, tmp_path):
    issuer = Issuer(running, tmp_path / "half", "Half-life")
    leaf = issuer.issue("short.example", days=5)
    leaf.revoke()
    running.wait_for(lambda: reachable(leaf.url), "the CRL")
    leaf.becomes_revoked()
    number, end = shown(leaf, "-crlnumber"), when(shown(leaf, "-nextupdate"))
    later("+83h")
    running.wait_for(lambda: reachable(leaf.url), "the CRL")
    assert shown(leaf, "-crlnumber") == number
    later("+85h")
    running.wait_for(lambda: reachable(leaf.url) and shown(leaf, "-crlnumber") != number, "the next CRL")
    assert int(shown(leaf, "-crlnumber"), 16) > int(number, 16)
    assert when(shown(leaf, "-nextupdate")) > end + datetime.timedelta(hours=80)
    assert leaf.serial.upper() in run("openssl", "crl", "-in", leaf.crl(), "-noout", "-text").stdout
    number = shown(leaf, "-crlnumber")
    later("+175h")  # its certificate has ended meanwhile: listed once more
    running.wait_for(lambda: reachable(leaf.url) and shown(leaf, "-crlnumber") != number, "the next CRL")
    assert leaf.serial.upper() in run("openssl", "crl", "-in", leaf.crl(), "-noout", "-text").stdout
    number = shown(leaf, "-crlnumber")
    later("+265h")
    running.wait_for(lambda: reachable(leaf.url) and shown(leaf, "-crlnumber") != number, "the next CRL")
    assert leaf.serial.upper() not in run("openssl", "crl", "-in", leaf.crl(), "-noout", "-text").stdout


def test_a_daemon_that_slept_beyond_the_end_of_its_crl_makes_a_new_one(running, later, tmp_path):
    issuer = Issuer(running, tmp_path / "slept", "Slept")
    leaf = issuer.issue("slept.example")
    running.wait_for(lambda: reachable(leaf.url), "the CRL")
    end = when(shown(leaf, "-nextupdate"))
    later("+10d")
    running.wait_for(lambda: reachable(leaf.url) and when(shown(leaf, "-nextupdate")) > end, "a CRL that has not ended")


def signer_end(running, issuer, leaf, offset=None):
    """When the certificate of the OCSP signer ends; None: no verified answer."""
    answer = issuer.folder / "answer.der"
    faked = ["faketime", "-f", offset] if offset else []
    done = run(*faked, "openssl", "ocsp", "-url", running.environment["CHANCERY_STATUS"] + "/ocsp", "-issuer", issuer.root, "-cert", leaf.pem,
               "-CAfile", issuer.root, "-no_nonce", "-respout", answer)
    if "Response verify OK" not in done.stderr or f"{leaf.pem}: good" not in done.stdout:
        return None
    text = run("openssl", "ocsp", "-respin", answer, "-noverify", "-resp_text").stdout
    return next(when(line.split(": ", 1)[1].strip()) for line in text.splitlines() if "Not After" in line)


def test_an_ocsp_signer_is_renewed_at_two_thirds_of_its_life(running, later, tmp_path):
    issuer = Issuer(running, tmp_path / "signer", "Signer renewal")
    issuer.client.update_certificate_authority(CertificateAuthorityArn=issuer.arn,
                                               RevocationConfiguration={"OcspConfiguration": {"Enabled": True}})
    leaf = issuer.issue("long.example", days=60)
    ends = []

    def is_verified(offset=None):
        ends.append(signer_end(running, issuer, leaf, offset))
        return ends[-1] is not None
    running.wait_for(is_verified, "a verified answer")
    first = ends[-1]
    later("+19d")
    running.wait_for(lambda: is_verified("+19d"), "a verified answer")
    assert ends[-1] == first
    later("+21d")
    running.wait_for(lambda: is_verified("+21d") and ends[-1] > first, "an answer by the next signer")
    assert ends[-1] >= first + datetime.timedelta(days=20)
