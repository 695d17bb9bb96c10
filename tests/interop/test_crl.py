"""CRLs as relying parties see them: OpenSSL, GnuTLS, nginx and zlint read what the daemon publishes."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import botocore.exceptions
import pytest

from tests.support.buckets import GATEWAY, SECRET, Gateway, configure, entry, new_authority, write_secret
from tests.support.running import free_port

ZLINT = shutil.which("zlint") or str(Path(os.environ["CHANCERY_BUILD_DIR"]) / "peers/zlint/zlint")
NGINX = shutil.which("nginx", path=f"{os.environ['CHANCERY_BUILD_DIR']}/peers/nginx/usr/sbin:/usr/sbin:{os.environ['PATH']}")
DAYS = 7


def run(*arguments, **more):
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=60, **more)


def fetch(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.status, dict(answer.headers), answer.read()


class Issuer:
    """An authority whose certificates have CRLs, and a folder for what its relying parties hold."""

    def __init__(self, running, folder, name, **crl):
        self.running, self.folder, self.client = running, folder, running.boto()
        folder.mkdir(exist_ok=True)
        self.arn = new_authority(running, name)
        self.configure(**crl)
        self.root = folder / "root.pem"
        self.root.write_text(self.client.get_certificate_authority_certificate(CertificateAuthorityArn=self.arn)["Certificate"] + "\n")

    @property
    def id(self):
        return self.arn.rpartition("/")[2]

    def configure(self, **crl):
        """As a newer SDK sends it: Debian 12's boto3 does not know all members."""
        answer = self.try_to_configure(**crl)
        assert answer == {}, answer

    def try_to_configure(self, **crl):
        body = json.dumps({"CertificateAuthorityArn": self.arn, "RevocationConfiguration": {
            "CrlConfiguration": {"Enabled": True, "ExpirationInDays": DAYS, **crl}}})
        _, answer = self.running.curl("/", "-H", "X-Amz-Target: ACMPrivateCA.UpdateCertificateAuthority", "-H",
                                      "Content-Type: application/x-amz-json-1.1", "-d", body, profile="admin")
        return json.loads(answer or "{}")

    def issue(self, name, days=30):
        key, csr, pem = (self.folder / f"{name}.{suffix}" for suffix in ("key", "csr", "pem"))
        done = run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                   "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", csr)
        assert done.returncode == 0, done.stderr
        arn = self.client.issue_certificate(CertificateAuthorityArn=self.arn, Csr=csr.read_bytes(), SigningAlgorithm="SHA256WITHECDSA",
                                            Validity={"Value": days, "Type": "DAYS"})["CertificateArn"]
        self.client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=self.arn, CertificateArn=arn)
        pem.write_text(self.client.get_certificate(CertificateAuthorityArn=self.arn, CertificateArn=arn)["Certificate"] + "\n")
        return Leaf(self, pem, arn)


class Leaf:
    def __init__(self, issuer, pem, arn):
        self.issuer, self.pem, self.arn = issuer, pem, arn
        text = run("openssl", "x509", "-in", pem, "-noout", "-ext", "crlDistributionPoints").stdout
        self.url = next((line.strip()[4:] for line in text.splitlines() if line.strip().startswith("URI:")), None)

    @property
    def serial(self):
        return self.arn.rpartition("/")[2]

    def revoke(self, reason="KEY_COMPROMISE"):
        self.issuer.client.revoke_certificate(CertificateAuthorityArn=self.issuer.arn, CertificateSerial=self.serial, RevocationReason=reason)

    def crl(self):
        """The CRL that the certificate points to, as a PEM file."""
        der = self.pem.with_suffix(".crl")
        der.write_bytes(fetch(self.url)[2])
        pem = self.pem.with_suffix(".crl.pem")
        done = run("openssl", "crl", "-inform", "DER", "-in", der, "-CAfile", self.issuer.root, "-out", pem)
        assert done.returncode == 0 and "verify OK" in done.stderr, done.stderr
        return pem

    def openssl_says(self, check="-crl_check_all"):
        done = run("openssl", "verify", check, "-extended_crl", "-CAfile", self.issuer.root, "-CRLfile", self.crl(), self.pem)
        return done.stdout + done.stderr

    def becomes_revoked(self, check="-crl_check_all"):
        self.issuer.running.wait_for(lambda: "certificate revoked" in self.openssl_says(check), "the CRL to list the certificate", 60)


@pytest.fixture(scope="module")
def issuer(running, tmp_path_factory):
    made = Issuer(running, tmp_path_factory.mktemp("complete"), "Complete CRL")
    running.wait_for(lambda: has_crl(running, made.id), "the first CRL")
    return made


def has_crl(running, name):
    try:
        return fetch(f"{running.environment['CHANCERY_STATUS']}/crl/{name}.crl")[0] == 200
    except urllib.error.HTTPError:
        return False


def test_openssl_and_gnutls_see_a_revocation_on_the_crl_of_the_certificate(issuer):
    good, bad = issuer.issue("good.example"), issuer.issue("bad.example")
    assert good.openssl_says().endswith(": OK\n")
    bad.revoke()
    bad.becomes_revoked()
    assert good.openssl_says().endswith(": OK\n")
    text = run("openssl", "crl", "-in", bad.crl(), "-noout", "-text").stdout
    assert "Key Compromise" in text and "X509v3 CRL Number" in text and "Authority Key Identifier" in text
    verified = run("certtool", "--verify-crl", "--load-ca-certificate", issuer.root, "--infile", bad.crl())
    assert verified.returncode == 0 and "Verified" in verified.stdout, verified.stdout + verified.stderr
    chain = issuer.folder / "chain.pem"
    chain.write_text(bad.pem.read_text() + issuer.root.read_text())
    refused = run("certtool", "--verify", "--load-ca-certificate", issuer.root, "--load-crl", bad.crl(), "--infile", chain)
    assert "revoked" in (refused.stdout + refused.stderr).lower()


def test_every_reason_is_the_one_that_was_given(issuer):
    names = {"UNSPECIFIED": None, "CERTIFICATE_AUTHORITY_COMPROMISE": "CA Compromise", "AFFILIATION_CHANGED": "Affiliation Changed",
             "SUPERSEDED": "Superseded", "CESSATION_OF_OPERATION": "Cessation Of Operation", "PRIVILEGE_WITHDRAWN": "Privilege Withdrawn",
             "A_A_COMPROMISE": "AA Compromise"}
    leaves = {reason: issuer.issue(reason.lower().replace("_", "-") + ".example") for reason in names}
    for reason, leaf in leaves.items():
        leaf.revoke(reason)
    for leaf in leaves.values():
        leaf.becomes_revoked()
    text = run("openssl", "crl", "-in", leaf.crl(), "-noout", "-text").stdout
    entries = {part.split("\n", 1)[0].strip().lower(): part for part in text.split("Serial Number: ")[1:]}
    for reason, words in names.items():
        entry_text = entries[leaves[reason].serial.lower()].split("Signature Algorithm")[0]
        assert words in entry_text if words else "CRL Reason Code" not in entry_text, (reason, entry_text)


def test_an_authority_whose_crl_is_switched_off_has_no_gauges_of_it(running, tmp_path):
    issuer = Issuer(running, tmp_path / "off", "Switched Off CA")
    gauges = [f'chancery_crl{name}{{authority="{issuer.arn}"}}' for name in
              ("s", "_unpublished", "_unlisted_revocations", "_next_update_timestamp_seconds")]
    scrape = lambda: fetch(running.environment["CHANCERY_OPS"] + "/metrics")[2].decode()
    running.wait_for(lambda: all(gauge in scrape() for gauge in gauges), "the gauges of the CRL")
    issuer.client.update_certificate_authority(CertificateAuthorityArn=issuer.arn,
                                               RevocationConfiguration={"CrlConfiguration": {"Enabled": False}})
    running.wait_for(lambda: not any(gauge in scrape() for gauge in gauges), "the gauges to be gone")


def test_http_caching_and_ranges(issuer):
    leaf = issuer.issue("cache.example")
    # A date tells apart what is a second apart, so a CRL has none in its first one.
    issuer.running.wait_for(lambda: "Last-Modified" in fetch(leaf.url)[1], "the CRL to have a date")
    status, headers, body = fetch(leaf.url)
    assert status == 200 and headers["Content-Type"] == "application/pkix-crl"
    assert "max-age=" in headers["Cache-Control"] and int(headers["Cache-Control"].split("max-age=")[1]) <= 60
    for name, value in (("If-None-Match", headers["ETag"]), ("If-Modified-Since", headers["Last-Modified"])):
        with pytest.raises(urllib.error.HTTPError) as unchanged:
            fetch(leaf.url, **{name: value})
        assert unchanged.value.code == 304
    status, partial, part = fetch(leaf.url, Range="bytes=5-14")
    assert status == 206 and part == body[5:15] and partial["Content-Range"] == f"bytes 5-14/{len(body)}"
    assert fetch(leaf.url, **{"Range": "bytes=5-14", "If-Range": '"another"'})[2] == body
    with pytest.raises(urllib.error.HTTPError) as beyond:
        fetch(leaf.url, Range=f"bytes={len(body)}-")
    assert beyond.value.code == 416 and beyond.value.headers["Content-Range"] == f"bytes */{len(body)}"
    for path in ("/crl/", "/crl/x.crl", "/crl/00000000-0000-4000-8000-000000000000.crl", "/crl/%2e%2e/x.crl", f"/ca/{issuer.id}.crl/x"):
        with pytest.raises(urllib.error.HTTPError) as absent:
            fetch(issuer.running.environment["CHANCERY_STATUS"] + path)
        assert absent.value.code == 404, path


def test_authorities_are_fetched_as_der_and_as_pkcs7(issuer):
    status = issuer.running.environment["CHANCERY_STATUS"]
    subordinate = issuer.running.subordinate_arn.rpartition("/")[2]
    _, headers, der = fetch(f"{status}/ca/{subordinate}.cer")
    assert headers["Content-Type"] == "application/pkix-cert"
    _, headers, p7c = fetch(f"{status}/ca/{subordinate}.p7c")
    assert headers["Content-Type"] == "application/pkcs7-mime"
    shown = subprocess.run(["openssl", "pkcs7", "-inform", "DER", "-print_certs"], input=p7c, capture_output=True, check=True).stdout.decode()
    assert shown.count("BEGIN CERTIFICATE") >= 2
    assert subprocess.run(["openssl", "x509", "-inform", "DER"], input=der, capture_output=True, check=True).stdout.decode().strip() in shown


def test_partitions_are_checked_by_openssl(running, tmp_path):
    issuer = Issuer(running, tmp_path / "partitioned", "Partitioned CRL", CrlType="PARTITIONED", CustomPath="lists/of-ours")
    good, bad = issuer.issue("good.example"), issuer.issue("bad.example")
    assert "/lists/of-ours/" in bad.url and issuer.id not in bad.url
    bad.revoke()
    running.wait_for(lambda: reachable(bad.url), "the partition's CRL")
    # The root itself is in no partition: only the leaf is looked up.
    bad.becomes_revoked("-crl_check")
    assert good.openssl_says("-crl_check").endswith(": OK\n")
    text = run("openssl", "crl", "-in", bad.crl(), "-noout", "-text").stdout
    assert "X509v3 Issuing Distribution Point: critical" in text.replace("Distrubution", "Distribution") and bad.url in text


def reachable(url):
    try:
        return fetch(url)[0] == 200
    except urllib.error.HTTPError:
        return False


def test_a_revocation_outlives_kill_9_and_numbers_go_on_growing(issuer):
    leaf = issuer.issue("killed.example")
    before = number_of(leaf)
    leaf.revoke()
    issuer.running.kill()  # perhaps before the CRL, perhaps behind it
    issuer.running.start()
    issuer.running.wait_for(lambda: reachable(leaf.url), "the CRL to be served again")
    leaf.becomes_revoked()
    assert number_of(leaf) > before
    with pytest.raises(botocore.exceptions.ClientError) as again:
        leaf.revoke()
    assert again.value.response["Error"]["Code"] == "RequestAlreadyProcessedException"


def number_of(leaf):
    return int(run("openssl", "crl", "-in", leaf.crl(), "-noout", "-crlnumber").stdout.strip().split("=")[1], 16)


def test_a_disabled_authority_goes_on_with_its_crl(running, tmp_path):
    issuer = Issuer(running, tmp_path / "disabled", "Disabled CRL")
    leaf = issuer.issue("late.example")
    issuer.client.update_certificate_authority(CertificateAuthorityArn=issuer.arn, Status="DISABLED")
    leaf.revoke("SUPERSEDED")
    running.wait_for(lambda: reachable(leaf.url), "the CRL")
    leaf.becomes_revoked()


def test_nginx_refuses_a_client_whose_certificate_is_revoked(issuer, tmp_path):
    if not NGINX:
        pytest.skip("optional: nginx is not here; scripts/peers unpacks Debian's")
    server, good, bad = (issuer.issue(name) for name in ("localhost", "client-good.example", "client-bad.example"))
    bad.revoke()
    bad.becomes_revoked()
    shutil.copy(bad.crl(), tmp_path / "crl.pem")
    port = free_port()
    (tmp_path / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log info; events {{}}
http {{
  access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy; fastcgi_temp_path {tmp_path}/fastcgi;
  uwsgi_temp_path {tmp_path}/uwsgi; scgi_temp_path {tmp_path}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {server.pem}; ssl_certificate_key {server.pem.with_suffix(".key")};
    ssl_client_certificate {issuer.root}; ssl_verify_client on; ssl_crl {tmp_path}/crl.pem;
    location / {{ return 200 "served"; }}
  }}
}}
""")
    process = subprocess.Popen([NGINX, "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
                               stderr=subprocess.PIPE, text=True)
    try:
        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        issuer.running.wait_for(listens, "nginx")

        def ask(leaf):
            context = ssl.create_default_context(cafile=str(issuer.root))
            context.load_cert_chain(leaf.pem, leaf.pem.with_suffix(".key"))
            try:
                with urllib.request.urlopen(f"https://localhost:{port}/", context=context, timeout=10) as answer:
                    return answer.status
            except urllib.error.HTTPError as refused:
                return refused.code
        assert ask(good) == 200
        assert ask(bad) == 400
    finally:
        process.terminate()
        process.wait(60)
    assert "revoked" in (tmp_path / "error.log").read_text()


def test_zlint_has_nothing_against_the_crls(issuer):
    if not Path(ZLINT).exists():
        pytest.skip("optional: zlint is not here; scripts/peers builds it where Go is installed")
    leaf = issuer.issue("linted.example")
    leaf.revoke()
    leaf.becomes_revoked()
    # The API has reasons that public TLS authorities may not give.
    done = run(ZLINT, "-format", "pem", "-excludeNames", "e_cab_crl_has_valid_reason_code", leaf.crl())
    assert done.returncode == 0, done.stderr
    assert '"result":"pass"' in done.stdout
    assert '"result":"error"' not in done.stdout and '"result":"fatal"' not in done.stdout, done.stdout


@pytest.fixture(scope="module")
def gateway(running, tmp_path_factory):
    if not GATEWAY.exists():
        pytest.skip("optional: no S3 server; scripts/peers builds versitygw where Go is installed")
    server = Gateway(tmp_path_factory.mktemp("gateway"))
    write_secret(running, SECRET)
    server.start()
    running.wait_for(server.is_up, "the S3 server")
    configure(running, entry("crl-bucket", server.endpoint, bucket="archive", ca_bundle=server.authority),
              entry("second-bucket", server.endpoint, bucket="reports", ca_bundle=server.authority))
    yield server
    server.stop()


def test_a_crl_is_in_its_bucket_again_when_the_bucket_is_back(running, gateway, tmp_path):
    issuer = Issuer(running, tmp_path / "bucket", "Bucket CRL", S3BucketName="crl-bucket", S3ObjectAcl="BUCKET_OWNER_FULL_CONTROL")
    key = f"crl/{issuer.id}.crl"

    def there():
        try:
            return gateway.client().get_object(Bucket="archive", Key=key)["Body"].read()
        except botocore.exceptions.ClientError:
            return None
    leaf = issuer.issue("bucket.example")
    running.wait_for(lambda: there() is not None, "the first CRL in the bucket")
    assert there() == fetch(leaf.url)[2]
    gateway.stop()
    leaf.revoke()
    leaf.becomes_revoked()  # at our own listener, while the bucket is away
    unpublished = f'chancery_crl_unpublished{{authority="{issuer.arn}"}}'
    running.wait_for(lambda: running.metric(unpublished) == 1, "the alarm")
    gateway.start()
    running.wait_for(lambda: gateway.is_up() and there() == fetch(leaf.url)[2], "the CRL in the bucket", 60)
    running.wait_for(lambda: running.metric(unpublished) == 0, "the alarm to end")
    shown = issuer.client.describe_certificate_authority(CertificateAuthorityArn=issuer.arn)["CertificateAuthority"]
    crl = shown["RevocationConfiguration"]["CrlConfiguration"]
    assert crl["S3BucketName"] == "crl-bucket" and crl["S3ObjectAcl"] == "BUCKET_OWNER_FULL_CONTROL" and crl["ExpirationInDays"] == DAYS
    assert shown["RevocationConfiguration"]["OcspConfiguration"] == {"Enabled": False}


def test_every_place_that_certificates_name_has_the_last_crl_behind_kill_9_and_with_crls_switched_off(running, gateway, tmp_path):
    issuer = Issuer(running, tmp_path / "moved", "Moved CRL", S3BucketName="crl-bucket", CustomPath="first")
    leaves = [issuer.issue("first.example")]
    for bucket, path in (("crl-bucket", "second"), ("second-bucket", "third")):
        issuer.configure(S3BucketName=bucket, CustomPath=path)
        leaves.append(issuer.issue(f"{path}.example"))
    issuer.client.update_certificate_authority(CertificateAuthorityArn=issuer.arn,
                                               RevocationConfiguration={"CrlConfiguration": {"Enabled": False}})
    assert issuer.issue("none.example").url is None
    running.kill()
    running.start()
    leaves[0].revoke()
    running.wait_for(lambda: reachable(leaves[0].url), "the CRL to be served again")
    leaves[0].becomes_revoked()

    def is_there(bucket, path):
        try:
            found = gateway.client().get_object(Bucket=bucket, Key=f"{path}/{issuer.id}.crl")["Body"].read()
        except botocore.exceptions.ClientError:
            return False
        return found == fetch(leaves[0].url)[2]
    for place in (("archive", "first"), ("archive", "second"), ("reports", "third")):
        running.wait_for(lambda: is_there(*place), f"the CRL at {place}", 60)
    assert len({fetch(leaf.url)[2] for leaf in leaves}) == 1
    # What the server holds it holds a moment before the daemon hears of it.
    running.wait_for(lambda: running.metric(f'chancery_crl_unpublished{{authority="{issuer.arn}"}}') == 0, "the alarm to end")


def test_what_the_daemon_cannot_publish_is_refused(issuer):
    refused = issuer.try_to_configure(S3BucketName="not-configured")
    assert refused["__type"] == "ValidationException" and "Check your S3 bucket permissions and try again" in refused["message"]
    for wrong in ({"CustomCname": "http://crl.example.com"}, {"CustomPath": "a/../b"},
                  {"CustomCname": "crl.example.com", "CrlDistributionPointExtensionConfiguration": {"OmitExtension": True}}):
        assert issuer.try_to_configure(**wrong)["__type"] == "InvalidArgsException", wrong
    issuer.configure()


def test_omit_extension_leaves_the_pointer_out_and_the_crl_lists_the_certificate_all_the_same(running, tmp_path):
    issuer = Issuer(running, tmp_path / "omit", "Omit CDP", CrlDistributionPointExtensionConfiguration={"OmitExtension": True})
    leaf = issuer.issue("silent.example")
    assert leaf.url is None
    leaf.revoke()
    leaf.url = f"{running.environment['CHANCERY_STATUS']}/crl/{issuer.id}.crl"
    running.wait_for(lambda: reachable(leaf.url), "the CRL")
    leaf.becomes_revoked()
