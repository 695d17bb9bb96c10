"""A real SPIRE server whose UpstreamAuthority `aws_pca` points at the daemon: nothing of it knows that this is not AWS."""
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.running import free_port

SPIRE = Path(os.environ["CHANCERY_BUILD_DIR"]) / "peers/spire/spire-server"

pytestmark = pytest.mark.skipif(not SPIRE.exists(), reason="optional: no SPIRE server; scripts/peers builds it where Go is installed")

CONFIG = """
server {{
  bind_address = "127.0.0.1"
  bind_port = "{port}"
  socket_path = "{folder}/api.sock"
  trust_domain = "example.test"
  data_dir = "{folder}/data"
  log_level = "INFO"
  ca_ttl = "{ca_ttl}"
  default_x509_svid_ttl = "10s"
}}
plugins {{
  DataStore "sql" {{ plugin_data {{ database_type = "sqlite3" connection_string = "{folder}/data/datastore.sqlite3" }} }}
  KeyManager "memory" {{ plugin_data {{}} }}
  NodeAttestor "join_token" {{ plugin_data {{}} }}
  UpstreamAuthority "aws_pca" {{
    plugin_data {{
      region = "us-east-1"
      certificate_authority_arn = "{authority}"
      endpoint = "{endpoint}"
    }}
  }}
}}
"""


@pytest.fixture(scope="module")
def principal(running):
    """A principal with the sample policy for SPIRE and nothing else."""
    folder = running.folder
    (folder / "spire.json").write_text((Path(os.environ["CHANCERY_SOURCE"]) / "config/policies/spire.json").read_text())
    secret = folder / "credentials/spire.secret"
    secret.write_text("the secret key of the SPIRE server\n")
    secret.chmod(0o600)
    (folder / "credentials/spire.id").write_text("SPIREKEY000000000001\n")
    with (folder / "principals.yaml").open("a") as principals:
        principals.write("""
  - name: spire
    account: "123456789012"
    access_keys: [{id: SPIREKEY000000000001, secret_file: credentials/spire.secret}]
    policies: [spire.json]
""")
    running.reload()
    return running.credentials("spire")


class Spire:
    def __init__(self, running, principal, folder, ca_ttl):
        self.folder, self.running = folder, running
        (folder / "data").mkdir(parents=True)
        self.config = folder / "server.conf"
        self.config.write_text(CONFIG.format(port=free_port(), folder=folder, ca_ttl=ca_ttl,
                                             authority=running.subordinate_arn, endpoint=running.endpoint))
        self.environment = {**running.environment, "AWS_ACCESS_KEY_ID": principal[0], "AWS_SECRET_ACCESS_KEY": principal[1]}
        for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            self.environment.pop(name, None)
        self.process = None

    def start(self):
        log = (self.folder / "server.log").open("a")
        self.process = subprocess.Popen([SPIRE, "run", "-config", self.config], env=self.environment, stdout=log, stderr=log)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)

    @property
    def log(self):
        return (self.folder / "server.log").read_text()

    def cli(self, *arguments):
        return subprocess.run([SPIRE, *arguments, "-socketPath", self.folder / "api.sock"], capture_output=True, text=True, timeout=30)

    def is_healthy(self):
        return self.cli("healthcheck").returncode == 0

    def wait_until_healthy(self):
        self.running.wait_for(lambda: self.is_healthy() or self.process.poll() is not None, "SPIRE")
        assert self.process.poll() is None, self.log

    def mint(self, name):
        """(leaf and intermediates, the trust bundle), PEM files."""
        out = self.folder / name
        out.mkdir()
        done = self.cli("x509", "mint", "-spiffeID", f"spiffe://example.test/{name}", "-ttl", "1m", "-write", str(out))
        assert done.returncode == 0, done.stderr + self.log
        return out / "svid.pem", out / "bundle.pem"


@pytest.fixture
def spire(running, principal, tmp_path):
    made = []

    def make(ca_ttl="1h"):
        made.append(Spire(running, principal, tmp_path / f"spire{len(made)}", ca_ttl))
        return made[-1]
    yield make
    for one in made:
        one.stop()


def certificates(pem):
    return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem.read_text(), re.S)


def text_of(certificate, *fields):
    return subprocess.run(["openssl", "x509", "-noout", *fields], input=certificate, text=True, capture_output=True, check=True).stdout


def test_an_svid_verifies_up_to_the_root(running, spire):
    server = spire()
    server.start()
    server.wait_until_healthy()
    svid, bundle = server.mint("workload")
    chain = certificates(svid)
    assert len(chain) >= 2
    assert "spiffe://example.test/workload" in text_of(chain[0], "-ext", "subjectAltName")
    intermediate = text_of(chain[1], "-ext", "basicConstraints,subjectAltName")
    assert "CA:TRUE, pathlen:0" in intermediate and "spiffe://example.test" in intermediate
    # The bundle that workloads trust is our root, and the chain leads there with nothing else.
    assert text_of(certificates(bundle)[0], "-fingerprint") == text_of(Path(running.root_pem).read_text(), "-fingerprint")
    running.verify(chain[0], "\n".join(chain[1:]))


def test_the_intermediate_is_rotated(running, spire):
    # SPIRE looks every ten seconds, prepares the next one at half the life and takes it a sixth before the end.
    server = spire(ca_ttl="70s")
    server.start()
    server.wait_until_healthy()
    first = text_of(certificates(server.mint("before")[0])[1], "-serial")
    running.wait_for(lambda: server.log.count("X509 CA activated") > 1 or server.process.poll() is not None,
                     "SPIRE to take its next intermediate", seconds=100)
    assert server.process.poll() is None, server.log
    svid, _ = server.mint("after")
    chain = certificates(svid)
    assert text_of(chain[1], "-serial") != first
    running.verify(chain[0], "\n".join(chain[1:]))


def test_a_daemon_that_is_down_stops_a_start_but_not_a_running_server(running, spire):
    """docs/operating.md says so: SPIRE asks for its intermediate at its start and ends when it gets none."""
    up = spire()
    up.start()
    up.wait_until_healthy()
    running.quickstart("stop")
    try:
        assert certificates(up.mint("meanwhile")[0])  # it has its intermediate
        down = spire()
        down.start()
        assert down.process.wait(timeout=120) != 0
        assert "aws_pca" in down.log
    finally:
        running.start()
    down.start()
    down.wait_until_healthy()
    down.mint("later")


def test_the_policy_gives_spire_nothing_else(running, principal):
    client = running.boto("spire", retries={"max_attempts": 1})
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.issue_certificate(CertificateAuthorityArn=running.subordinate_arn, Csr=running.csr(), SigningAlgorithm="SHA256WITHECDSA",
                                 Validity={"Value": 1, "Type": "DAYS"})
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
