"""Buckets of a running Chancery on servers that speak S3, and what is ordered into them."""
import os
import re
import subprocess
from pathlib import Path

from tests.support.running import free_port

GATEWAY = Path(os.environ["CHANCERY_BUILD_DIR"]) / "peers/versitygw/versitygw"
KEY_ID, SECRET = "BUCKETKEY00000000001", "the secret key of the bucket server"


class Gateway:
    """A real S3 server (versitygw) over TLS that keeps its buckets in a folder."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.authority = folder / "authority.pem"
        for name in ("reports", "archive"):
            (folder / "buckets" / name).mkdir(parents=True)
        self._make_certificate()

    def _make_certificate(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30]
        openssl(*new, "-subj", "/CN=Test servers", "-keyout", self.folder / "authority.key", "-out", self.authority)
        openssl(*new, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext",
                "basicConstraints=critical,CA:FALSE", "-CA", self.authority, "-CAkey", self.folder / "authority.key",
                "-keyout", self.folder / "server.key", "-out", self.folder / "server.pem")

    @property
    def endpoint(self):
        return f"https://localhost:{self.port}"

    def start(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [GATEWAY, "--port", f"127.0.0.1:{self.port}", "--region", "us-east-1", "--cert", self.folder / "server.pem",
                 "--key", self.folder / "server.key", "posix", "--sidecar", self._sidecar(), self.folder / "buckets"],
                env={**os.environ, "ROOT_ACCESS_KEY_ID": KEY_ID, "ROOT_SECRET_ACCESS_KEY": SECRET}, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)

    def _sidecar(self):
        place = self.folder / "attributes"
        place.mkdir(exist_ok=True)
        return place

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def client(self):
        import boto3
        import botocore.config
        return boto3.client("s3", endpoint_url=self.endpoint, verify=str(self.authority), aws_access_key_id=KEY_ID,
                            aws_secret_access_key=SECRET, region_name="us-east-1",
                            config=botocore.config.Config(s3={"addressing_style": "path"}))

    def is_up(self):
        import botocore.exceptions
        try:
            self.client().head_bucket(Bucket="reports")
            return True
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            return False


def entry(name, endpoint, *, secret="credentials/bucket.secret", **more):
    """One entry of `buckets`, as text."""
    members = {"endpoint": endpoint, "access_key_id": KEY_ID, "secret_access_key_file": secret, **more}
    return f"  - name: {name}\n    s3:\n" + "".join(f"      {key}: {value}\n" for key, value in members.items())


def write_secret(running, secret, name="bucket.secret"):
    file = running.folder / "credentials" / name
    file.write_text(secret + "\n")
    file.chmod(0o600)


def configure(running, *entries):
    """Adds the buckets and starts the daemon again."""
    running.quickstart("stop")
    file = running.folder / "chancery.yaml"
    file.write_text(file.read_text().replace("buckets:\n", "buckets:\n" + "".join(entries)))
    running.start()


def new_authority(running, name):
    """The ARN of an ACTIVE root: each authority has one report in half an hour."""
    client = running.boto()
    arn = client.create_certificate_authority(
        CertificateAuthorityType="ROOT", CertificateAuthorityConfiguration={
            "KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA", "Subject": {"CommonName": name}})["CertificateAuthorityArn"]
    client.get_waiter("certificate_authority_csr_created").wait(CertificateAuthorityArn=arn)
    issued = client.issue_certificate(CertificateAuthorityArn=arn, Validity={"Value": 1, "Type": "YEARS"},
                                      Csr=client.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"],
                                      SigningAlgorithm="SHA256WITHECDSA",
                                      TemplateArn="arn:aws:acm-pca:::template/RootCACertificate/V1")["CertificateArn"]
    client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=arn, CertificateArn=issued)
    client.import_certificate_authority_certificate(CertificateAuthorityArn=arn, Certificate=client.get_certificate(
        CertificateAuthorityArn=arn, CertificateArn=issued)["Certificate"])
    return arn


class Report:
    def __init__(self, running, arn, bucket, form="JSON"):
        self.running, self.arn = running, arn
        ordered = running.boto("auditor").create_certificate_authority_audit_report(
            CertificateAuthorityArn=arn, S3BucketName=bucket, AuditReportResponseFormat=form)
        self.id, self.key = ordered["AuditReportId"], ordered["S3Key"]

    @property
    def status(self):
        return self.running.boto("auditor").describe_certificate_authority_audit_report(
            CertificateAuthorityArn=self.arn, AuditReportId=self.id)["AuditReportStatus"]

    def becomes(self, status):
        self.running.wait_for(lambda: self.status == status, f"the report to be {status}")

    def log_line(self, words):
        """The line of the daemon's log about this report that holds the words."""
        def lines():
            log = (self.running.folder / "log" / "chanceryd.log").read_text(errors="replace")
            return [line for line in log.splitlines() if self.id in line and re.search(words, line)]
        self.running.wait_for(lines, f"a line with {words!r} about {self.id} in the log")
        return lines()[-1]
