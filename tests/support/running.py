"""A whole Chancery as scripts/quickstart leaves it, in a folder of its own, for tests that speak to it from outside."""
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

SOURCE = Path(os.environ["CHANCERY_SOURCE"])
# Debian's own when it is there, whatever comes first in the tester's PATH.
AWS = next((path for path in ("/usr/bin/aws", shutil.which("aws")) if path and os.access(path, os.X_OK)), "aws")
OURS = {"CHANCERY_SOURCE", "CHANCERY_BIN_DIR"}


def clean_environment(**more):
    """The tester's environment without what would lead clients elsewhere: other accounts, other endpoints, proxies."""
    kept = {name: value for name, value in os.environ.items()
            if name in OURS or not name.startswith(("AWS_", "CHANCERY_", "SOFTHSM2_")) and not name.lower().endswith("_proxy")}
    return {**kept, **{name: str(value) for name, value in more.items()}}


def sourced(file, environment):
    """The environment of a shell that has sourced the file."""
    done = subprocess.run(["bash", "-euc", '. "$1"; env -0', "bash", file], env=environment, capture_output=True, check=True)
    return dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)


# Below those that the kernel gives to who asks for any port: while its daemon is down, or not up yet, nobody gets one by chance.
PORTS = range(10000, 32768)
given_ports = set()


def free_port():
    """A port that nobody has; each is given once."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in given_ports:
            given_ports.add(port)
            return port


def is_gone(pid):
    """Ended; it may still be listed when nobody has waited for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Running:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.environment = clean_environment(CHANCERY_DEV_DIR=self.folder, CHANCERY_API_PORT=free_port(),
                                             CHANCERY_STATUS_PORT=free_port(), CHANCERY_OPS_PORT=free_port())
        self.quickstart()
        self.read_env()

    def quickstart(self, *arguments):
        done = subprocess.run([SOURCE / "scripts/quickstart", *arguments], env=self.environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def read_env(self):
        self.environment = sourced(self.folder / "env", self.environment)
        self.endpoint = self.environment["CHANCERY_ENDPOINT"]
        self.ca_arn = self.environment["CHANCERY_CA_ARN"]
        self.subordinate_arn = self.environment["CHANCERY_SUBORDINATE_CA_ARN"]
        self.root_pem = self.environment["CHANCERY_ROOT_PEM"]
        self.bundle = self.environment["AWS_CA_BUNDLE"]

    # -- the daemon as a process

    @property
    def pid(self):
        return int((self.folder / "chanceryd.pid").read_text())

    def kill(self):
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        self.wait_for(lambda: is_gone(pid), "the killed daemon to be gone")

    def start(self):
        self.quickstart()

    def metric(self, name):
        with urllib.request.urlopen(self.environment["CHANCERY_OPS"] + "/metrics", timeout=20) as answer:
            found = re.search(rf"^{re.escape(name)} (\S+)$", answer.read().decode(), re.M)
        return float(found[1])

    def reload(self):
        taken = 'chancery_config_reloads_total{result="ok"}'
        before = self.metric(taken)
        os.kill(self.pid, signal.SIGHUP)
        self.wait_for(lambda: self.metric(taken) > before, "the configuration to be taken")

    def log_lines(self, message):
        """The daemon's own log lines with that message, oldest first: all that it had said when it was asked."""
        try:
            urllib.request.urlopen(self.environment["CHANCERY_STATUS"] + "/nothing", timeout=20)
        except urllib.error.HTTPError as nothing:
            last = nothing.headers["x-amzn-RequestId"]
        # The log is written behind, in order: what stands before the line about this request was said before it.
        self.wait_for(lambda: any(last in line for line in self.written_lines()), "the log to be written")
        return [line for line in map(json.loads, self.written_lines()) if line["msg"] == message]

    def written_lines(self):
        """Those of the daemon that are there to their end."""
        whole, _, _ = (self.folder / "log/chanceryd.log").read_text().rpartition("\n")
        return [line for line in whole.split("\n") if line.startswith("{")]

    def ready(self):
        try:
            with urllib.request.urlopen(self.environment["CHANCERY_OPS"] + "/readyz", timeout=20) as answer:
                return answer.status == 200
        except OSError:
            return False

    @staticmethod
    def wait_for(condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited {seconds} s for {what}"
            time.sleep(0.05)

    # -- clients

    def aws(self, *arguments, profile="admin", check=True):
        done = subprocess.run([AWS, "acm-pca", "--endpoint-url", self.endpoint, "--profile", profile, *map(str, arguments)],
                              env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        assert not check or done.returncode == 0, done.stderr
        return done

    def boto(self, profile="admin", **config):
        import boto3
        import botocore.config
        key, secret = self.credentials(profile)
        return boto3.client("acm-pca", endpoint_url=self.endpoint, verify=self.bundle, aws_access_key_id=key,
                            aws_secret_access_key=secret, region_name=self.environment["AWS_DEFAULT_REGION"],
                            config=botocore.config.Config(**config) if config else None)

    def credentials(self, profile):
        folder = self.folder / "credentials"
        return (folder / f"{profile}.id").read_text().strip(), (folder / f"{profile}.secret").read_text().strip()

    def curl(self, path, *arguments, profile="provisioner"):
        """(status, body) of a request signed by curl itself."""
        key, secret = self.credentials(profile)
        done = subprocess.run(["curl", "-sS", "--config", "-", "--cacert", self.bundle, "--aws-sigv4",
                               "aws:amz:us-east-1:acm-pca", "-w", "\n%{http_code}", *map(str, arguments),
                               self.endpoint + path],
                              input=f'user = "{key}:{secret}"\n', capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def curl_with_certificate(self, path, certificate, key, *arguments):
        """(status, body) of a request whose caller is proved by TLS; (None, curl's words) when TLS itself failed."""
        done = subprocess.run(["curl", "-sS", "--cacert", self.bundle, "--cert", certificate, "--key", key, "-w",
                               "\n%{http_code}", *map(str, arguments), self.endpoint + path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            return None, done.stderr
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    # -- what a client does before it asks

    def csr(self, subject="/CN=client.example", *, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), extra=(),
            keyout="/dev/null"):
        done = subprocess.run(["openssl", "req", "-new", "-newkey", *key, "-nodes", "-subj", subject, "-keyout", keyout,
                               *extra], capture_output=True, text=True, check=True)
        return done.stdout

    def verify(self, certificate, chain):
        leaf, upper = self.folder / "verify-leaf.pem", self.folder / "verify-chain.pem"
        leaf.write_text(certificate)
        upper.write_text(chain)
        done = subprocess.run(["openssl", "verify", "-CAfile", self.root_pem, "-untrusted", upper, leaf],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
