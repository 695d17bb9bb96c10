"""A daemon on ports that the system picks, in a folder of its own."""
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

SOURCE = Path(os.environ["CHANCERY_SOURCE"])

CONFIG = """
pidfile: chanceryd.pid
listeners:
  api:
    port: 0
    tls: {certificate: tls.pem, private_key: tls-key.pem}
  status: {port: 0}
  operations: {port: 0}
tokens:
  - name: issuing
    uri: pkcs11:token=issuing
    module: /usr/lib/softhsm/libsofthsm2.so
    pin_source: file:hsm/issuing.pin
ledger: {path: ledger/ledger.db}
principals: principals.yaml
"""

PRINCIPALS = """
accounts: [{id: "123456789012"}]
principals:
  - name: admin
    account: "123456789012"
    access_keys: [{id: CHANCERYADMIN0001, secret_file: admin.secret}]
    policies: [policy.json]
  - name: other
    account: "123456789012"
    access_keys: [{id: CHANCERYOTHER0001, secret_file: admin.secret}]
    policies: [policy.json]
"""
ADMINISTRATOR = (SOURCE / "config/policies/administrator.json").read_text()


def make_tls(folder, name="localhost"):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "tls-key.pem",
                    "-out", folder / "tls.pem"], check=True, capture_output=True)


class Daemon:
    def __init__(self, folder):
        self.folder = folder
        # AddressSanitizer keeps what was freed: little of it, where memory is measured.
        self.environment = {"ASAN_OPTIONS": "quarantine_size_mb=1", **os.environ, "SOFTHSM2_CONF": str(folder / "hsm/softhsm2.conf")}
        subprocess.run([SOURCE / "scripts/dev-softhsm", folder / "hsm", "issuing"], check=True)
        make_tls(folder)
        (folder / "ledger").mkdir()
        (folder / "policy.json").write_text(ADMINISTRATOR)
        (folder / "admin.secret").write_text("not-a-secret-worth-keeping\n")
        (folder / "admin.secret").chmod(0o600)
        (folder / "tls-key.pem").chmod(0o600)
        (folder / "principals.yaml").write_text(PRINCIPALS)
        self.config = folder / "chancery.yaml"
        self.config.write_text(CONFIG)
        self.log = folder / "log"
        self.process = None

    def spawn(self, output, preexec_fn=None, **environment):
        self.process = subprocess.Popen([os.environ["CHANCERYD"], "--config", self.config], stderr=output, stdout=output,
                                        env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
                                        preexec_fn=preexec_fn)

    def start(self, wait=True, **more):
        with self.log.open("ab") as log:
            self.spawn(log, **more)
        if wait:
            self.wait_for(lambda: self.line("serving") is not None, "the daemon to serve")
            self.wait_for(lambda: self.ready()[0] == 200, "the daemon to be ready")

    def tls(self):
        """A connection to the API for bytes that no client would send."""
        plain = socket.create_connection(("127.0.0.1", int(self.line("serving")["api"])), timeout=20)
        return ssl.create_default_context(cafile=self.folder / "tls.pem").wrap_socket(plain, server_hostname="localhost")

    def wait_for(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end and self.process.poll() is None, f"waited for {what}: {self.log.read_text()[-2000:]}"
            time.sleep(0.02)

    def lines(self):
        found = []
        for text in self.log.read_text().splitlines():
            try:
                found.append(json.loads(text))
            except json.JSONDecodeError:
                pass
        return found

    def line(self, message):
        fitting = [line for line in self.lines() if line["msg"] == message]
        return fitting[-1] if fitting else None

    def get(self, path):
        url = f"http://127.0.0.1:{self.line('serving')['operations']}{path}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def ready(self):
        return self.get("/readyz")

    def client(self, key="CHANCERYADMIN0001", service="acm-pca"):
        """The administrator, or the other principal, as an SDK that asks once."""
        import boto3
        import botocore.config
        return boto3.client(service, endpoint_url=f"https://localhost:{self.line('serving')['api']}",
                            verify=str(self.folder / "tls.pem"), aws_access_key_id=key,
                            aws_secret_access_key=(self.folder / "admin.secret").read_text().strip(), region_name="us-east-1",
                            config=botocore.config.Config(retries={"max_attempts": 1}, proxies={}))

    def metric(self, name):
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def certificate(self):
        """Subject of the certificate that the API listener shows."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.line('serving')['api']}"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
        return next(line for line in done.stdout.splitlines() if line.startswith("subject="))

    def reload(self, result):
        """Sends SIGHUP and waits for its outcome, and for the line about it: the log waits for nobody."""
        name = f'chancery_config_reloads_total{{result="{result}"}}'
        message = {"ok": "configuration taken", "refused": "configuration refused, the old one stays"}[result]
        before, said = self.metric(name), self.count(message)
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.metric(name) == before + 1, f"a reload that is {result}")
        self.wait_for(lambda: self.count(message) > said, f"the line about a reload that is {result}")

    def count(self, message):
        return sum(line["msg"] == message for line in self.lines())

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)
        return self.process.returncode if self.process else None


@pytest.fixture
def daemon(tmp_path):
    it = Daemon(tmp_path)
    yield it
    it.stop()


class NotifySocket:
    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(60)

    def next(self):
        """The next message that is no watchdog's."""
        while True:
            text = self.socket.recv(4096).decode()
            if text != "WATCHDOG=1":
                return text


@pytest.fixture
def notify(tmp_path):
    return NotifySocket(tmp_path / "notify")
