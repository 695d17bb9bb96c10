"""The log: who reads it, and what must be found in it."""
import fcntl
import http.client
import os
import shutil
import sqlite3
import urllib.error
import urllib.request

import botocore.exceptions
import pytest

PIPE_BYTES = 4096


def test_a_log_that_nobody_reads_holds_up_neither_requests_nor_the_end(daemon):
    """I16"""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    daemon.spawn(writer)
    os.close(writer)
    text = b""
    while b'"serving"' not in text or not text.endswith(b"\n"):
        part = os.read(reader, PIPE_BYTES)
        assert part, text
        text += part
    daemon.log.write_bytes(text)
    connection = http.client.HTTPConnection("127.0.0.1", int(daemon.line("serving")["status"]), timeout=60)
    for _ in range(10 * PIPE_BYTES // 100):  # a line of the log is longer than 100 bytes
        connection.request("GET", "/ca/11111111-2222-4333-8444-555555555555.cer")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404
    daemon.wait_for(lambda: daemon.ready()[0] == 200, "the daemon to be ready")
    assert daemon.stop() == 0
    os.close(reader)


ROOT = {"CertificateAuthorityType": "ROOT", "CertificateAuthorityConfiguration": {
    "KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA", "Subject": {"CommonName": "Root"}}}


def lines_of(daemon, request_id):
    return [line for line in daemon.lines() if line.get("request_id") == request_id and line["msg"] == "request"]


def test_a_503_is_logged_once_with_its_cause_and_the_client_sees_none_of_it(daemon):
    """I18"""
    daemon.start()
    with sqlite3.connect(daemon.folder / "ledger/ledger.db") as other:
        other.execute("BEGIN IMMEDIATE")  # as a backup that holds the lock for too long
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            daemon.client().create_certificate_authority(**ROOT)
        other.rollback()
    answer = raised.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert answer["Error"] == {"Code": "ServiceUnavailable",
                               "Message": "The service is temporarily unavailable. Send the same request again."}
    request_id = answer["ResponseMetadata"]["RequestId"]
    daemon.wait_for(lambda: lines_of(daemon, request_id), "the line of the request")
    [line] = lines_of(daemon, request_id)
    assert line["level"] == "warning" and line["status"] == "503"
    assert "the ledger cannot be written now" in line["cause"]


def test_a_probe_that_fails_says_in_the_log_which_check_it_was(daemon):
    shutil.rmtree(daemon.folder / "hsm/tokens")
    (daemon.folder / "hsm/tokens").mkdir()
    daemon.start(wait=False)
    daemon.wait_for(lambda: daemon.line("serving") is not None, "the daemon to serve")
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"http://127.0.0.1:{daemon.line('serving')['operations']}/readyz", timeout=20)
    request_id = raised.value.headers["x-amzn-RequestId"]
    daemon.wait_for(lambda: lines_of(daemon, request_id), "the line of the request")
    [line] = lines_of(daemon, request_id)
    assert line["level"] == "warning" and line["cause"] == "signing, token:issuing"


def token_lines(daemon):
    return [line for line in daemon.lines() if line["msg"] in ("token up", "token down", "token sealed")]


def test_an_outage_of_a_token_is_one_line_and_its_end_another(daemon):
    """I19"""
    daemon.start()
    daemon.wait_for(lambda: len(token_lines(daemon)) == 1, "the first connection to be told")
    tokens, away = daemon.folder / "hsm/tokens", daemon.folder / "away"
    tokens.rename(away)
    tokens.mkdir()
    daemon.wait_for(lambda: len(token_lines(daemon)) == 2, "the outage to be told")
    tokens.rmdir()
    away.rename(tokens)
    daemon.wait_for(lambda: len(token_lines(daemon)) == 3, "the recovery to be told")
    first, down, up = token_lines(daemon)
    assert [first["msg"], first["level"], first["token"], first["epoch"]] == ["token up", "info", "issuing", "1"]
    assert [down["msg"], down["level"], down["token"], down["epoch"]] == ["token down", "warning", "issuing", "1"]
    assert down["call"].startswith("C_") and down["rv"].startswith("CKR_") and down["cause"]
    assert [up["msg"], up["level"], up["token"], up["epoch"]] == ["token up", "info", "issuing", "2"]
    assert int(up["away_ms"]) > 0


def test_a_sealed_token_is_an_error_that_says_what_a_person_must_do(daemon):
    """I18"""
    pin = daemon.folder / "hsm/issuing.pin"
    right = pin.read_text()
    pin.write_text("a-wrong-pin-7261\n")
    daemon.start(wait=False)
    daemon.wait_for(lambda: token_lines(daemon), "the seal to be told")
    [sealed] = token_lines(daemon)
    assert [sealed["msg"], sealed["level"], sealed["token"], sealed["call"]] == ["token sealed", "error", "issuing", "C_Login"]
    assert sealed["rv"].startswith("CKR_PIN_INCORRECT") and "put the right PIN into the PIN source" in sealed["hint"]
    pin.write_text(right)
    daemon.wait_for(lambda: len(token_lines(daemon)) == 2, "the token to be up")
    assert token_lines(daemon)[1]["msg"] == "token up"
    assert "a-wrong-pin-7261" not in daemon.log.read_text()
