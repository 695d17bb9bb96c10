"""An authority has more keys than the one that issues; whoever restores must have them all."""
import json
import subprocess

from conftest import chancery, ledger_of

from tests.support.issuing import authority, next_key


def key(running, verb, *more):
    done = authority(running, verb, running.ca_arn, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_backup_and_doctor_know_every_key_of_an_authority(running, tmp_path):
    next_key(running, running.ca_arn, tmp_path / "next.csr")
    key(running, "prepare-key", "--csr", tmp_path / "third.csr")
    known = json.loads(key(running, "keys", "--output", "json"))
    assert {one["number"]: one["state"] for one in known} == {1: "RETIRED", 2: "ACTIVE", 3: "PREPARED"}

    folder = tmp_path / "backup"
    manifest = chancery("backup", "--ledger", ledger_of(running), "--to", folder, "--output", "json").json()["manifest"]
    authority, = (one for one in manifest["authorities"] if one["arn"] == running.ca_arn)
    assert {one["key_number"]: (one["key_state"].upper(), one["key_token"], one["key_uri"], one["spki_sha256"])
            for one in (authority, *authority["other_keys"])} == {
                one["number"]: (one["state"], one["token"], one["key"], one["spki_sha256"]) for one in known}
    done = chancery("restore", "--from", folder, "--ledger", tmp_path / "ledger.db")
    assert done.code == 0 and all(one["key"] in done.out and one["spki_sha256"] in done.out for one in known), done.out + done.err

    running.quickstart("stop")
    environment = {**running.environment, "SOFTHSM2_CONF": str(running.folder / "softhsm/softhsm2.conf")}
    name = running.ca_arn.rpartition("/")[2]

    def trials():
        answer = chancery("doctor", "--config", running.folder / "chancery.yaml", "--output", "json", env=environment)
        return {check["check"]: check for check in json.loads(answer.out)["checks"] if f"of {name}" in check["check"]}

    found = trials()
    for what in ("key 1 (retired)", "key 2 (active)", "key 3 (prepared)"):
        signed, = (check for check in found if f"trial signature of {what}" in check)
        assert found[signed]["ok"], found
    uri = next(one["key"] for one in known if one["number"] == 1)
    label = next(part.partition("=")[2] for part in uri.removeprefix("pkcs11:").split(";") if part.startswith("token="))
    pin = (running.folder / f"softhsm/{label}.pin").read_text().strip()
    subprocess.run(["pkcs11-tool", "--module", "/usr/lib/softhsm/libsofthsm2.so", "--token-label", label, "--login", "--pin", pin,
                    "--delete-object", "--type", "privkey", "--label", name], env=environment, check=True, capture_output=True)
    wrong = {check for check, found in trials().items() if not found["ok"]}
    assert len(wrong) == 1 and "of key 1 (retired) of" in wrong.pop()
