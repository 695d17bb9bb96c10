"""Clients that take all they can get: the daemon bounds what it gives them, and others are served (I16)."""
import re
import time

import botocore.exceptions
import pytest
from conftest import CONFIG

IMPORT_BYTES = 4 * (32 + 2048) * 1024 // 3
MIB = 1024 * 1024


def memory_of(daemon):
    text = open(f"/proc/{daemon.process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) * 1024


def import_head(key, size):
    return (f"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: ACMPrivateCA.ImportCertificateAuthorityCertificate\r\n"
            f"X-Amz-Date: 20261124T120000Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential={key}/20261124/us-east-1/acm-pca/"
            f"aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}\r\n"
            f"Content-Length: {size}\r\n\r\n").encode()


@pytest.mark.parametrize("service, operation, code", [
    ("acm-pca", "list_certificate_authorities", "ThrottlingException"), ("sts", "get_caller_identity", "Throttling")])
def test_a_principal_over_its_rate_is_throttled_and_another_is_served(daemon, service, operation, code):
    daemon.config.write_text(CONFIG + "limits: {requests_per_second: 1, request_burst: 2}\n")
    daemon.start()
    greedy, modest = daemon.client(service=service), daemon.client("CHANCERYOTHER0001", service)
    began = time.monotonic()
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        while time.monotonic() - began < 20:
            getattr(greedy, operation)()
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    getattr(modest, operation)()
    assert daemon.metric('chancery_throttled_requests_total{listener="api"}') >= 1


def test_a_flood_of_large_bodies_takes_bounded_memory(daemon):
    """Forty bodies of 2.7 MiB that never end: a known access key in the head is no secret."""
    daemon.config.write_text(CONFIG + "limits: {large_bodies: 16MiB, body_time: 5m}\n")
    daemon.start()
    before = memory_of(daemon)
    flood, answers = [], []
    for _ in range(40):
        connection = daemon.tls()
        connection.settimeout(0.2)
        flood.append(connection)
        try:
            connection.sendall(import_head("CHANCERYADMIN0001", IMPORT_BYTES) + b"x" * (IMPORT_BYTES - 1))
        except OSError:
            pass

    def refused():
        """How many were; those that have a place are silent."""
        for connection in flood:
            try:
                answers.append(connection.recv(4096))
            except OSError:
                pass
        return sum(b"ThrottlingException" in answer for answer in answers)
    daemon.wait_for(lambda: refused() >= 30, "those that have no place to be refused")
    assert memory_of(daemon) - before < 16 * MIB * 3
    daemon.client().list_certificate_authorities()
    for connection in flood:
        connection.close()


def test_strangers_get_no_large_body_at_all(daemon):
    daemon.start()
    with daemon.tls() as connection:
        connection.sendall(import_head("CHANCERYNOBODY", 65537))
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413 ") and b"RequestEntityTooLargeException" in answer


def test_pipelined_requests_that_nobody_reads_the_answers_of_are_bounded(daemon):
    daemon.config.write_text(CONFIG + "limits: {write_time: 500ms}\n")
    daemon.start()
    before = memory_of(daemon)
    with daemon.tls() as connection:
        connection.settimeout(20)
        sent = 0
        with pytest.raises(OSError):  # the daemon stops reading, then gives up on who does not read
            while sent < 256 * MIB:
                connection.sendall(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)
                sent += 48 * 1000
    assert memory_of(daemon) - before < 32 * MIB
    daemon.client().list_certificate_authorities()


PATHS = [
    (b"//", b"404"), (b"/.", b"404"), (b"/./", b"404"), (b"/provision/..", b"401"), (b"/%2e", b"404"), (b"/livez", b"404"),
    (b"/provision%2f1", b"404"), (b"/PROVISION/1", b"404"), (b"/?/provision/1", b"405"), (b"/metrics", b"404"),
    (b"/../../etc/passwd", b"404"), (b"/%00", b"404"), (b"/\\provision", b"404"),
]


def test_a_path_is_what_it_says_and_nothing_else(daemon):
    daemon.start()
    for path, status in PATHS:
        with daemon.tls() as connection:
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 " + status), path
