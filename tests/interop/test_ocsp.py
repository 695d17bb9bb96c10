"""OCSP as relying parties ask it: openssl ocsp, GnuTLS ocsptool and curl, against a running daemon."""
import base64
import os
import re
import shutil
import subprocess
import urllib.parse

import pytest

MALFORMED = bytes.fromhex("30030a0101")
TRY_LATER = bytes.fromhex("30030a0103")
UNAUTHORIZED = bytes.fromhex("30030a0106")


class Authority:
    """The quickstart's authority, and what a relying party has of it."""

    def __init__(self, running, folder):
        self.running, self.folder = running, folder
        self.arn = running.ca_arn
        self.url = running.environment["CHANCERY_STATUS"] + "/ocsp"
        self.client = running.boto()
        self.client.update_certificate_authority(CertificateAuthorityArn=self.arn,
                                                 RevocationConfiguration={"OcspConfiguration": {"Enabled": True}})
        held = self.client.get_certificate_authority_certificate(CertificateAuthorityArn=self.arn)
        self.certificate, self.trust = folder / "ca.pem", folder / "trust.pem"
        self.certificate.write_text(held["Certificate"])
        self.trust.write_text("\n".join([held["Certificate"], held.get("CertificateChain", "")]))
        leaf = self.issue("first")
        running.wait_for(lambda: "good" in self.ask(leaf).stdout, "the OCSP signer")

    def issue(self, name):
        made = self.client.issue_certificate(CertificateAuthorityArn=self.arn, Csr=self.running.csr(f"/CN={name}.example").encode(),
                                             SigningAlgorithm="SHA256WITHECDSA", Validity={"Value": 30, "Type": "DAYS"})
        named = {"CertificateAuthorityArn": self.arn, "CertificateArn": made["CertificateArn"]}
        self.client.get_waiter("certificate_issued").wait(**named, WaiterConfig={"Delay": 1})
        path = self.folder / f"{name}.pem"
        path.write_text(self.client.get_certificate(**named)["Certificate"])
        return path

    def revoke(self, certificate, reason="KEY_COMPROMISE"):
        self.client.revoke_certificate(CertificateAuthorityArn=self.arn, CertificateSerial=serial_of(certificate),
                                       RevocationReason=reason)

    def ask(self, *certificates, options=("-no_nonce",), url=None):
        """openssl ocsp; it verifies signer and signature."""
        asked = [word for certificate in certificates for word in ("-cert", certificate)]
        return subprocess.run(["openssl", "ocsp", "-issuer", self.certificate, *asked, "-url", url or self.url, "-CAfile",
                               self.trust, *options], capture_output=True, text=True, timeout=30)

    def request(self, certificate, *options):
        """The DER of a question."""
        path = self.folder / "request.der"
        subprocess.run(["openssl", "ocsp", "-issuer", self.certificate, *options, "-cert", certificate, "-no_nonce", "-reqout",
                        path], capture_output=True, check=True)
        return path.read_bytes()


def serial_of(certificate):
    shown = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-serial"], capture_output=True, text=True, check=True)
    return shown.stdout.strip().partition("=")[2]


def fetch(url, *arguments, body=None):
    """(status, headers, body) of curl."""
    more = [] if body is None else ["--data-binary", "@-", "-H", "Content-Type: application/ocsp-request"]
    done = subprocess.run(["curl", "-sS", "--path-as-is", "-D", "/dev/stderr", *more, *arguments, url], input=body,
                          capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    head = done.stderr.decode().strip().splitlines()
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
    return int(head[0].split()[1]), headers, done.stdout


def signatures(running):
    return running.metric("chancery_ocsp_signatures_total")


@pytest.fixture(scope="module")
def authority(running, tmp_path_factory):
    return Authority(running, tmp_path_factory.mktemp("ocsp"))


def test_openssl_gets_good_verified_with_and_without_a_nonce(authority):
    leaf = authority.issue("good")
    for options in (["-no_nonce"], ["-nonce"], ["-sha256", "-no_nonce"]):
        # The digest stands before the certificate that it is for.
        asked = subprocess.run(["openssl", "ocsp", *[o for o in options if o.startswith("-sha")], "-issuer", authority.certificate,
                                "-cert", leaf, "-url", authority.url, "-CAfile", authority.trust,
                                *[o for o in options if not o.startswith("-sha")]], capture_output=True, text=True, timeout=30)
        assert asked.returncode == 0 and f"{leaf}: good" in asked.stdout, asked.stdout + asked.stderr
        assert "Response verify OK" in asked.stderr and "WARNING" not in asked.stderr, asked.stderr


def test_the_very_next_question_after_a_revocation_is_answered_with_revoked(authority):
    leaf = authority.issue("revoked")
    assert "good" in authority.ask(leaf).stdout
    authority.revoke(leaf, "SUPERSEDED")
    answer = authority.ask(leaf)
    assert f"{leaf}: revoked" in answer.stdout and "Reason: superseded" in answer.stdout, answer.stdout
    assert "Revocation Time:" in answer.stdout and "Response verify OK" in answer.stderr
    assert "revoked" in authority.ask(leaf, options=["-nonce"]).stdout


def test_several_certificates_in_one_question(authority):
    good, revoked = authority.issue("several-good"), authority.issue("several-revoked")
    authority.revoke(revoked)
    answer = authority.ask(good, revoked)
    assert f"{good}: good" in answer.stdout and f"{revoked}: revoked" in answer.stdout and "verify OK" in answer.stderr


def test_a_serial_that_was_never_issued_is_unknown_and_counted(authority, running):
    name = f'chancery_ocsp_unissued_serials_total{{authority="{authority.arn}"}}'
    before = running.metric(name)
    answer = authority.ask(options=["-serial", "0x123456789abcdef0123456789abcdef0", "-no_nonce"])
    assert "unknown" in answer.stdout and "Response verify OK" in answer.stderr, answer.stdout + answer.stderr
    assert running.metric(name) == before + 1


@pytest.mark.skipif(shutil.which("ocsptool") is None, reason="optional: gnutls-bin is not installed")
def test_gnutls_gets_good_and_revoked(authority):
    leaf = authority.issue("gnutls")
    command = ["ocsptool", "--ask=" + authority.url, "--load-issuer", authority.certificate, "--load-cert", leaf,
               "--load-trust", authority.trust]
    for nonce in ([], ["--nonce"]):
        asked = subprocess.run([*command, *nonce], capture_output=True, text=True, timeout=30)
        assert asked.returncode == 0 and "Certificate Status: good" in asked.stdout, asked.stdout + asked.stderr
        assert "Verifying OCSP Response: Success" in asked.stdout, asked.stdout + asked.stderr
    authority.revoke(leaf)
    asked = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert "Certificate Status: revoked" in asked.stdout, asked.stdout + asked.stderr


def test_get_in_every_form_that_clients_send(authority, tmp_path):
    leaf = authority.issue("get")
    text = base64.b64encode(authority.request(leaf)).decode()
    base = authority.url.removesuffix("/ocsp")
    bodies = set()
    for path in ("/ocsp/" + urllib.parse.quote(text, safe=""), "/ocsp/" + text, "/ocsp/" + text.rstrip("="),
                 "/" + urllib.parse.quote(text, safe=""), "/" + text):
        status, headers, body = fetch(base + path)
        assert status == 200 and headers["content-type"] == "application/ocsp-response", path
        bodies.add(body)
    assert len(bodies) == 1
    (tmp_path / "answer.der").write_bytes(bodies.pop())
    shown = subprocess.run(
        ["openssl", "ocsp", "-issuer", authority.certificate, "-cert", leaf, "-respin", tmp_path / "answer.der", "-CAfile",
         authority.trust, "-no_nonce"], capture_output=True, text=True, timeout=30)
    assert "good" in shown.stdout and "Response verify OK" in shown.stderr, shown.stdout + shown.stderr


def test_caching_headers_and_304(authority):
    url = authority.url + "/" + base64.urlsafe_b64encode(authority.request(authority.issue("cached"))).decode()
    status, headers, body = fetch(url)
    assert status == 200 and body
    age = int(re.search(r"max-age=(\d+)", headers["cache-control"])[1])
    assert 0 < age <= 300 and {"public", "no-transform", "must-revalidate"} <= set(headers["cache-control"].split(", "))
    assert headers["etag"] and headers["last-modified"] and headers["expires"]
    status, again, body = fetch(url, "-H", f'If-None-Match: {headers["etag"]}')
    assert (status, body) == (304, b"") and again["etag"] == headers["etag"]


def test_bad_questions_cost_no_signature_and_get_the_right_status(authority, running):
    leaf = authority.issue("bad")
    good = authority.request(leaf)
    other = authority.folder / "other.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=Other", "-keyout", os.devnull, "-out", other], capture_output=True, check=True)
    foreign = authority.folder / "foreign.der"
    subprocess.run(["openssl", "ocsp", "-issuer", other, "-cert", leaf, "-no_nonce", "-reqout", foreign], capture_output=True, check=True)
    unknown_digest = good.replace(bytes.fromhex("06052b0e03021a"), bytes.fromhex("06052b0e030219"))
    assert unknown_digest != good
    url, base = authority.url, authority.url.removesuffix("/ocsp")
    before = signatures(running)
    for body, expected in ((b"\x00", MALFORMED), (b"0\x80\x00\x00", MALFORMED), (good + b"\x00", MALFORMED),
                           (good[:-1], MALFORMED), (b"\x30" * 4096, MALFORMED), (b"\x30" * 60000, MALFORMED),
                           (foreign.read_bytes(), UNAUTHORIZED), (unknown_digest, UNAUTHORIZED)):
        for target in (url, base + "/"):
            status, headers, answer = fetch(target, body=body)
            assert (status, answer) == (200, expected), (body[:20], status, answer)
            assert headers["content-type"] == "application/ocsp-response" and headers["cache-control"] == "no-store"
    assert fetch(url, "-H", "Content-Length: 0", body=b"")[2] == MALFORMED
    for path in ("/ocsp/", "/ocsp/%", "/ocsp/%zz", "/ocsp/!!!", "/ocsp/MA", "/ocsp/" + "M" * 8000, "/MEQwQ", "/ocsp/a.b"):
        status, _, answer = fetch(base + path)
        assert (status, answer) == (200, MALFORMED), path
    assert fetch(url, "-H", "Content-Type: text/plain", "--data-binary", "x")[0] == 415
    assert fetch(base + "/favicon.ico")[0] == 404 and fetch(base + "/My/page.html")[0] == 404
    assert signatures(running) == before


def test_a_disabled_authority_goes_on_answering(authority):
    leaf = authority.issue("disabled")
    named = {"CertificateAuthorityArn": authority.arn}
    authority.client.update_certificate_authority(**named, Status="DISABLED")
    try:
        answer = authority.ask(leaf)
        assert "good" in answer.stdout and "Response verify OK" in answer.stderr
        authority.revoke(leaf)
        assert "revoked" in authority.ask(leaf).stdout
    finally:
        authority.client.update_certificate_authority(**named, Status="ACTIVE")


def test_revoked_stays_revoked_after_kill_and_restart(authority, running):
    leaf, other = authority.issue("killed"), authority.issue("alive")
    authority.revoke(leaf)
    running.kill()
    running.start()
    assert f"{leaf}: revoked" in authority.ask(leaf).stdout
    assert f"{other}: good" in authority.ask(other).stdout


def test_one_sender_leaves_signatures_to_the_others_and_kept_answers_are_for_all(authority, running):
    leaf, question = authority.issue("greedy"), authority.folder / "nonce.der"
    subprocess.run(["openssl", "ocsp", "-issuer", authority.certificate, "-cert", leaf, "-nonce", "-reqout", question],
                   capture_output=True, check=True)
    running.quickstart("stop")
    file = running.folder / "chancery.yaml"
    file.write_text(file.read_text() + "\nrevocation: {ocsp_nonce_per_second: 4}\n")
    running.start()

    def ask(sender, body):
        return fetch(authority.url, "--interface", sender, body=body)[2]

    def ten_answers(sender):
        """One after the other on one connection: faster than the budget grows, however busy the machine is."""
        done = subprocess.run(["curl", "-sS", "--interface", sender, "--data-binary", f"@{question}", "-H",
                               "Content-Type: application/ocsp-request", *[authority.url] * 10], capture_output=True, timeout=30, check=True)
        return done.stdout

    plain = authority.request(leaf)
    running.wait_for(lambda: ask("127.0.0.1", plain) != TRY_LATER, "the signer")
    running.wait_for(lambda: ten_answers("127.0.0.1").endswith(TRY_LATER), "one sender to have its part")
    assert ask("127.0.0.2", question.read_bytes()) != TRY_LATER
    assert ask("127.0.0.1", plain) != TRY_LATER
