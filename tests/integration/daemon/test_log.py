"""The log: who reads it, and what must be found in it."""
import fcntl
import http.client
import os

PIPE_BYTES = 4096


def test_a_log_that_nobody_reads_holds_up_neither_requests_nor_the_end(daemon):
    """I16"""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    daemon.spawn(writer)
    os.close(writer)
    text = b""
    while b'"serving"' not in text:
        text += os.read(reader, PIPE_BYTES)
    daemon.log.write_bytes(text)
    connection = http.client.HTTPConnection("127.0.0.1", int(daemon.line("serving")["status"]), timeout=10)
    for _ in range(10 * PIPE_BYTES // 100):  # a line of the log is longer than 100 bytes
        connection.request("GET", "/ca/11111111-2222-4333-8444-555555555555.cer")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404
    daemon.wait_for(lambda: daemon.ready()[0] == 200, "the daemon to be ready")
    assert daemon.stop() == 0
    os.close(reader)
