"""Requests that no client of ours sends, as raw bytes over TLS: a clear refusal, and the daemon still serves."""
import re
import socket
import ssl
import urllib.parse

import pytest

HOST = b"Host: localhost\r\n"


def talk(running, raw, size=None):
    """The answer until the connection closes, or its first bytes."""
    where = urllib.parse.urlparse(running.endpoint)
    context = ssl.create_default_context(cafile=running.bundle)
    with socket.create_connection((where.hostname, where.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(raw)
            answer = b""
            try:
                while (size is None or len(answer) < size) and (chunk := tls.recv(size or 65536)):
                    answer += chunk
            except (ConnectionError, ssl.SSLError, TimeoutError):
                pass
            return answer


@pytest.mark.parametrize("raw, status", [
    (b"\x00\x01\x02\x03garbage", b"400"),
    (b"POST / HTTP/1.1\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", b"400"),
    (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\nhello", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"X-A: b\r\n folded\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"X-A : b\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\nHost: localhost\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 999999999\r\n\r\n", b"413"),
    (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", b"405"),
    (b"GET /nowhere HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", b"404"),
    (b"POST / HTTP/3.0\r\n" + HOST + b"\r\n", b"505"),
    (b"POST / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 20000 + b"\r\n\r\n", b"431"),
])
def test_doubtful_requests_are_refused_and_the_connection_closes(running, raw, status):
    answer = talk(running, raw)
    assert answer.startswith(b"HTTP/1.1 " + status), answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert running.ready()


def test_pipelined_requests_are_answered_in_order(running):
    one = b"GET /provision/1 HTTP/1.1\r\n" + HOST + b"\r\n"
    two = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}"
    last = b"GET /provision/1 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    answer = talk(running, one + two + last)
    codes = re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert codes == [b"401", b"400", b"401"]


def test_an_unsigned_request_is_named(running):
    body = b"{}"
    answer = talk(running, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-amz-json-1.1\r\n"
                  b"X-Amz-Target: ACMPrivateCA.ListCertificateAuthorities\r\nContent-Length: 2\r\nConnection: close\r\n\r\n" + body)
    assert b"MissingAuthenticationTokenException" in answer


KNOWN = "AWS4-HMAC-SHA256 Credential={}/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64
IMPORT = 4 * (32 + 2048) * 1024 // 3 + 64 * 1024


@pytest.mark.parametrize("path, operation, known, bound", [
    ("/", "IssueCertificate", True, 65536), ("/", "PutPolicy", True, 131072), ("/", "PutPolicy", False, 65536),
    ("/", "ImportCertificateAuthorityCertificate", True, IMPORT), ("/", "ImportCertificateAuthorityCertificate", False, 65536),
    ("/provision", None, True, 49152),
])
def test_a_body_is_bounded_by_what_its_head_says_before_it_is_read(running, path, operation, known, bound):
    """I16"""
    key = running.credentials("admin")[0] if known else "CHANCERYSTRANGER"

    def answer(size):
        target = f"X-Amz-Target: ACMPrivateCA.{operation}\r\n" if operation else ""
        return talk(running, f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{target}X-Amz-Date: 20261124T120000Z\r\n"
                    f"Authorization: {KNOWN.format(key)}\r\nExpect: 100-continue\r\nContent-Length: {size}\r\n\r\n".encode(),
                    size=12)

    assert answer(bound) == b"HTTP/1.1 100"
    assert answer(bound + 1) == b"HTTP/1.1 413"
