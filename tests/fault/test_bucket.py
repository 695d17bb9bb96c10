"""A server for buckets that misbehaves: what it answers, or does not, never ends the daemon and never loses a report."""
import hashlib
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.buckets import SECRET, Report, configure, entry, new_authority, write_secret
from tests.support.running import is_gone


class Misbehaving(ThreadingHTTPServer):
    """`how` names what every PUT meets; what is stored is in `objects` by path."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.how, self.objects, self.seen, self.ended = "well", {}, [], threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(self.server.how)
        getattr(self, self.server.how)(body)

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def well(self, body):
        assert hashlib.sha256(body).hexdigest() == self.headers["x-amz-content-sha256"]
        self.server.objects[self.path] = body
        self.answer(200, ETag='"1"')

    def error_500(self, body):
        self.answer(500, b"<Error><Code>InternalError</Code><RequestId>R1</RequestId></Error>")

    def throttled(self, body):
        self.answer(503, b"<Error><Code>SlowDown</Code></Error>")

    def silent(self, body):
        self.server.ended.wait(60)

    def closed(self, body):
        self.close_connection = True

    def truncated(self, body):
        self.answer(200, b"half", ETag='"1"', **{"Content-Length": 1000})
        self.close_connection = True

    def dripping(self, body):
        self.send_response(200)
        self.end_headers()
        while not self.server.ended.wait(0.1):
            self.wfile.write(b"x")

    def endless_head(self, body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.server.ended.is_set():
            self.wfile.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")

    def endless_body(self, body):
        self.wfile.write(b"HTTP/1.1 500 Oops\r\n\r\n")
        while not self.server.ended.is_set():
            self.wfile.write(b"x" * 65536)

    def page(self, body):
        self.answer(200, b"<html>Please log in</html>")

    def not_http(self, body):
        self.wfile.write(b"220 mail.example.test ESMTP\r\n" * 10)
        self.close_connection = True

    def redirected(self, body):
        self.answer(302, Location=f"http://127.0.0.1:{self.server.elsewhere}/x")

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def server():
    misbehaving = Misbehaving()
    yield misbehaving
    misbehaving.ended.set()
    misbehaving.shutdown()


@pytest.fixture(scope="module")
def chancery(running, server):
    write_secret(running, SECRET)
    configure(running, entry("faulty", server.endpoint, timeout="1s"), entry("patient", server.endpoint, timeout="60s"))
    return running


@pytest.mark.parametrize("how, words", [
    ("error_500", "500 InternalError"), ("throttled", "503 SlowDown"), ("silent", "[Tt]imeout"), ("closed", "empty reply|returned nothing"),
    ("truncated", "partial file"), ("dripping", "[Tt]imeout"), ("endless_head", "64 KiB"), ("endless_body", "answered 500"),
    ("page", "ETag"), ("not_http", "answered 0|[Uu]nsupported|[Ww]eird")])
def test_what_may_pass_keeps_the_report_until_it_has_passed(chancery, server, how, words):
    server.how = how
    report = Report(chancery, new_authority(chancery, how), "faulty")
    assert len(report.log_line(f"is not written yet.*({words})")) < 1000
    assert report.status == "CREATING" and how in server.seen
    server.how = "well"
    report.becomes("SUCCESS")
    assert server.objects["/faulty/" + report.key].startswith(b"[")


def test_a_redirection_is_not_followed(chancery, server):
    elsewhere = Misbehaving()
    server.elsewhere, server.how = elsewhere.server_address[1], "redirected"
    report = Report(chancery, new_authority(chancery, "redirected"), "faulty")
    report.becomes("FAILED")
    assert "redirection is not followed" in report.log_line("has failed")
    assert not elsewhere.seen
    elsewhere.shutdown()


def test_the_daemon_ends_at_once_while_a_server_is_silent_and_goes_on_later(chancery, server):
    arn = new_authority(chancery, "ends")
    server.how, server.seen = "silent", []
    report = Report(chancery, arn, "patient")
    chancery.wait_for(lambda: server.seen, "the transfer to have begun")
    pid = chancery.pid
    os.kill(pid, signal.SIGTERM)
    chancery.wait_for(lambda: is_gone(pid), "the daemon to end", seconds=30)  # of the 60 s that the server may be silent
    server.how = "well"
    chancery.start()
    report.becomes("SUCCESS")
