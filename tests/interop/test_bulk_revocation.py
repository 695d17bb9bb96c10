"""chancery cert list and revoke: many certificates over the API, as an operator does it after a compromise."""
import json
import os
import signal
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.cli.terminal import typed
from tests.support.templates import arn


def words(running, verb, *arguments):
    return [os.environ["CHANCERY"], "cert", verb, "--authority", running.ca_arn, *map(str, arguments)]


def cert(running, verb, *arguments, profile="admin", **environment):
    return subprocess.run([*words(running, verb, *arguments), "--profile", profile], env={**running.environment, **environment},
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


def revoke(running, *arguments, **more):
    return cert(running, "revoke", "--reason", "KEY_COMPROMISE", *arguments, **more)


def revoke_json(running, *arguments):
    done = revoke(running, "--output", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def issue(running, count, template="EndEntityCertificate"):
    """Certificates for one key; their serials."""
    client = running.boto(max_pool_connections=8)
    order = {"CertificateAuthorityArn": running.ca_arn, "Csr": running.csr(), "SigningAlgorithm": "SHA256WITHECDSA",
             "Validity": {"Value": 1, "Type": "DAYS"}, "TemplateArn": arn(template)}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.issue_certificate(**order)["CertificateArn"], range(count)))
    return {one.rsplit("/", 1)[1] for one in made}


def listed(running, *arguments):
    done = cert(running, "list", "--output", "json", "--limit", "10000", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def revocations(running):
    """The serials in the audit log, each as often as it stands there."""
    with sqlite3.connect(f"file:{running.folder}/ledger/ledger.db?mode=ro", uri=True) as ledger:
        lines = ledger.execute("SELECT line FROM audit WHERE line LIKE '%\"type\":\"certificate.revoked\"%'").fetchall()
    return [json.loads(line)["serial"] for line, in lines]


def start(running, *arguments):
    return subprocess.Popen([*words(running, "revoke", "--reason", "KEY_COMPROMISE", "--yes", *arguments), "--profile", "admin"],
                            env=running.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_an_interrupted_revocation_goes_on_and_revokes_each_certificate_once(running):
    template = "EndEntityServerAuthCertificate"
    serials = issue(running, 300, template)
    others = {one["serial"] for one in listed(running, "--all", "--state", "ISSUED")} - {
        one["serial"] for one in listed(running, "--where", f"template={template}")}
    where = ["--where", f"template={template}"]
    shown = revoke_json(running, *where, "--dry-run")
    wanted = shown["to_revoke"]
    assert wanted >= 300 and shown["by_template"] == {template: wanted} and not set(revocations(running)) & serials

    process = start(running, *where, "--rate", "30")
    running.wait_for(lambda: len(set(revocations(running)) & serials) >= 30, "some revocations")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "interrupted" in err and "run the same command again" in err, err
    revoked = len(revocations(running))
    assert 30 <= revoked < wanted
    assert f"revoked          {revoked}\n" in out and f"left             {wanted - revoked}\n" in out, out

    rest = revoke_json(running, *where, "--yes")
    assert (rest["revoked"], rest["already_revoked"], rest["failed"], rest["left"]) == (wanted - revoked, 0, 0, 0)
    found = revocations(running)
    assert len(found) == len(set(found)) == wanted and serials <= set(found)
    assert {one["state"] for one in listed(running, *where)} == {"REVOKED"}
    assert others <= {one["serial"] for one in listed(running, "--all", "--state", "ISSUED")}
    assert revoke_json(running, *where, "--yes")["revoked"] == 0


def test_a_daemon_that_is_killed_in_the_middle_is_waited_for(running):
    serials = issue(running, 200, "CodeSigningCertificate")
    process = start(running, "--where", "template=CodeSigningCertificate", "--rate", "50", "--output", "json")
    running.wait_for(lambda: len(set(revocations(running)) & serials) >= 20, "some revocations")
    running.kill()
    running.start()
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    done = json.loads(out)
    assert (done["revoked"], done["already_revoked"], done["failed"]) == (200, 0, 0)
    found = [serial for serial in revocations(running) if serial in serials]
    assert sorted(found) == sorted(serials)


def test_devices_of_a_list_are_revoked_and_those_without_a_certificate_are_named(running, tmp_path):
    for device in ("SN-B1", "SN-B2", "SN-B3"):
        body = json.dumps({"device_id": device, "csr": running.csr(f"/CN={device}")})
        status, text = running.curl("/provision", "-H", "Content-Type: application/json", "--data-binary", body)
        assert status == 200, text
    devices = tmp_path / "devices.txt"
    devices.write_text("# stolen\nSN-B1\n\nSN-B3\nSN-B99\n")
    where = ["--where", f"devices=@{devices}"]
    shown = revoke_json(running, *where, "--dry-run")
    assert shown["to_revoke"] == 2 and shown["devices_without"] == ["SN-B99"]
    assert {one["device_id"] for one in shown["first"]} == {"SN-B1", "SN-B3"}
    assert revoke_json(running, *where, "--yes")["revoked"] == 2
    assert [one["state"] for one in listed(running, "--where", "device=SN-B2")] == ["ISSUED"]
    assert [one["state"] for one in listed(running, "--where", "device=SN-B1", "device=SN-B3")] == ["REVOKED"] * 2


def test_times_and_a_key_select_together(running):
    one = listed(running, "--all", "--state", "ISSUED")[-1]
    begin = one["issued_at"].split(".")[0] + "Z"
    assert one["serial"] in {each["serial"] for each in listed(running, "--where", f"issued-after={begin}")}
    assert one["serial"] not in {each["serial"] for each in listed(running, "--where", f"issued-before={begin}")}
    assert listed(running, "--where", "key-sha256=" + "0" * 64) == []


@pytest.mark.parametrize("arguments, code, reason", [
    (["--where", "devise=SN-1", "--yes"], 2, "write device=ID"),
    (["--where", "devices=@/nonexistent/list", "--yes"], 2, "cannot be read"),
    (["--yes"], 2, "--where CONDITION"),
    (["--all", "--where", "device=SN-1", "--yes"], 2, "--where CONDITION"),
    (["--where", "template=Nonsense", "--yes"], 1, "template must be one of"),
    (["--where", "issued-after=yesterday", "--yes"], 1, "must be a time"),
    (["--endpoint", "http://localhost:1", "--all", "--yes"], 2, "https://HOST:PORT"),
])
def test_what_is_not_understood_revokes_nothing(running, arguments, code, reason):
    before = len(revocations(running))
    done = revoke(running, *arguments)
    assert done.returncode == code and reason in done.stderr, done.stderr
    assert len(revocations(running)) == before


def test_without_a_terminal_nothing_is_revoked_unasked(running):
    issue(running, 1)
    before = len(revocations(running))
    done = revoke(running, "--all")
    assert done.returncode == 2 and "--yes" in done.stderr
    assert len(revocations(running)) == before


def test_at_a_terminal_the_count_must_be_typed(running):
    issue(running, 3, "EndEntityClientAuthCertificate")
    where = ["--where", "template=EndEntityClientAuthCertificate", "--reason", "SUPERSEDED"]
    count = revoke_json(running, *where[:2], "--dry-run")["to_revoke"]
    assert count >= 3
    before = len(revocations(running))
    environment = {**running.environment, "AWS_PROFILE": "admin"}
    code, shown = typed(words(running, "revoke", *where), environment, ["y"])
    assert code == 1 and "not the number" in shown and len(revocations(running)) == before
    code, shown = typed(words(running, "revoke", *where), environment, [str(count)])
    assert code == 0 and "100 %" in shown, shown
    assert len(revocations(running)) == before + count


def test_who_may_not_is_told_and_nothing_is_revoked(running):
    issue(running, 1)
    before = len(revocations(running))
    listing = revoke(running, "--all", "--yes", profile="provisioner")
    assert listing.returncode == 1 and "access_denied" in listing.stderr and "chancery:ListCertificates" in listing.stderr
    revoking = revoke(running, "--all", "--yes", profile="auditor")
    assert revoking.returncode == 1 and "AccessDeniedException" in revoking.stderr, revoking.stderr
    assert cert(running, "list", "--all", profile="auditor").returncode == 0
    assert len(revocations(running)) == before


def test_a_wrong_bundle_or_secret_is_named_and_nothing_is_revoked(running, tmp_path):
    before = len(revocations(running))
    untrusted = revoke(running, "--all", "--yes", "--ca-bundle", running.root_pem)
    assert untrusted.returncode == 1 and "certificate is not trusted" in untrusted.stderr, untrusted.stderr
    key, secret = running.credentials("admin")
    file = tmp_path / "credentials"
    file.write_text(f"[admin]\naws_access_key_id = {key}\naws_secret_access_key = {secret[::-1]}x\n")
    refused = revoke(running, "--all", "--yes", "--credentials-file", file)
    assert refused.returncode == 1 and "invalid_signature" in refused.stderr and secret not in refused.stderr, refused.stderr
    file.write_text("[other]\n")
    assert "no profile 'admin'" in revoke(running, "--all", "--yes", "--credentials-file", file).stderr
    assert len(revocations(running)) == before
