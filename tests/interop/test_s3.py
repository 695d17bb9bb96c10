"""Audit reports in the buckets of a real S3-compatible server, read back with boto3."""
import csv
import hashlib
import json
import sqlite3

import pytest

from tests.support.buckets import GATEWAY, SECRET, Gateway, Report, configure, entry, new_authority, write_secret

pytestmark = pytest.mark.skipif(not GATEWAY.exists(),
                                reason="optional: no S3 server; scripts/peers builds versitygw where Go is installed")

WRONG = "a secret key that the server never had"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    server = Gateway(tmp_path_factory.mktemp("gateway"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def chancery(running, gateway):
    write_secret(running, SECRET)
    write_secret(running, WRONG, "wrong.secret")
    trusted = {"ca_bundle": gateway.authority}
    configure(running, entry("audit-s3", gateway.endpoint, bucket="reports", **trusted), entry("archive", gateway.endpoint, **trusted),
              entry("misspelt", gateway.endpoint, **trusted), entry("untrusted", gateway.endpoint, bucket="reports"),
              entry("denied", gateway.endpoint, bucket="reports", secret="credentials/wrong.secret", **trusted))
    return running


@pytest.fixture
def up(chancery, gateway):
    if gateway.process is None:
        gateway.start()
        chancery.wait_for(gateway.is_up, "the S3 server")
    return gateway


@pytest.mark.parametrize("form, media_type, bucket, there", [("JSON", "application/json", "audit-s3", "reports"),
                                                             ("CSV", "text/csv; charset=utf-8", "archive", "archive")])
def test_a_report_arrives_byte_for_byte(chancery, up, form, media_type, bucket, there):
    arn = chancery.ca_arn if form == "JSON" else chancery.subordinate_arn
    report = Report(chancery, arn, bucket, form)
    report.becomes("SUCCESS")
    found = up.client().get_object(Bucket=there, Key=report.key)
    contents = found["Body"].read()
    assert found["ContentType"] == media_type
    rows = json.loads(contents) if form == "JSON" else list(csv.reader(contents.decode().splitlines()))[1:]
    assert len(rows) >= 1
    with sqlite3.connect(f"file:{chancery.folder}/ledger/ledger.db?mode=ro", uri=True) as ledger:
        lines = [json.loads(line) for line, in ledger.execute("SELECT line FROM audit ORDER BY seq")]
    (written,) = [line["detail"] for line in lines
                  if line["type"] == "audit_report.written" and line["detail"]["report"] == report.id]
    assert written["sha256"] == hashlib.sha256(contents).hexdigest()
    assert written["bytes"] == str(len(contents)) and written["certificates"] == str(len(rows))
    assert not list((chancery.folder / "ledger").glob(".upload*"))


def test_a_report_waits_for_its_server_and_survives_a_kill_meanwhile(chancery, up):
    arn = new_authority(chancery, "Waits")
    up.stop()
    report = Report(chancery, arn, "audit-s3")
    report.log_line("is not written yet.*(?i:connect)")
    assert report.status == "CREATING"
    chancery.kill()
    chancery.start()
    assert report.status == "CREATING"
    up.start()
    report.becomes("SUCCESS")
    assert json.loads(up.client().get_object(Bucket="reports", Key=report.key)["Body"].read())


def test_a_wrong_secret_fails_the_report_and_the_log_says_what_to_do(chancery, up):
    arn = new_authority(chancery, "Denied")
    report = Report(chancery, arn, "denied")
    report.becomes("FAILED")
    line = report.log_line("has failed, order another")
    assert "SignatureDoesNotMatch" in line and "secret_access_key_file" in line
    # Corrected: the next one arrives, and no restart was needed.
    write_secret(chancery, SECRET, "wrong.secret")
    Report(chancery, arn, "denied").becomes("SUCCESS")


def test_a_bucket_that_is_not_there_fails_the_report(chancery, up):
    report = Report(chancery, new_authority(chancery, "Misspelt"), "misspelt")
    report.becomes("FAILED")
    assert "NoSuchBucket" in report.log_line("has failed")


def test_a_certificate_of_an_unknown_authority_is_not_trusted(chancery, up):
    report = Report(chancery, new_authority(chancery, "Untrusted"), "untrusted")
    assert "ca_bundle" in report.log_line("certificate is not trusted")
    assert report.status == "CREATING"
    assert not [entry for entry in up.client().list_objects_v2(Bucket="reports").get("Contents", []) if report.id in entry["Key"]]


def test_no_secret_is_in_any_log_or_ledger(chancery, up):
    for file in [*(chancery.folder / "log").rglob("*"), *(chancery.folder / "ledger").rglob("*")]:
        if file.is_dir():
            continue
        contents = file.read_bytes()
        assert SECRET.encode() not in contents and WRONG.encode() not in contents, file
        assert b"Signature=" not in contents, file
