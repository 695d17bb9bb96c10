"""Audit reports as clients order, await and read them: boto3 with its waiter, the aws command line."""
import csv
import hashlib
import json
import os
import re
import sqlite3
import subprocess

import botocore.exceptions
import pytest

HEADER = ("awsAccountId,requestedByServicePrincipal,certificateArn,serial,subject,notBefore,notAfter,issuedAt,revokedAt,"
          "revocationReason,templateArn").split(",")
LEAF = "arn:aws:acm-pca:::template/EndEntityCertificate/V1"


def code_of(call):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call()
    return raised.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def admin(running):
    return running.boto(retries={"max_attempts": 1})


@pytest.fixture(scope="module")
def auditor(running):
    return running.boto("auditor", retries={"max_attempts": 1})


def order(client, arn, form="JSON", bucket="reports"):
    return client.create_certificate_authority_audit_report(CertificateAuthorityArn=arn, S3BucketName=bucket,
                                                            AuditReportResponseFormat=form)


def await_report(client, arn, report):
    client.get_waiter("audit_report_created").wait(CertificateAuthorityArn=arn, AuditReportId=report,
                                                   WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def audit_events(running, kind):
    with sqlite3.connect(f"file:{running.folder}/ledger/ledger.db?mode=ro", uri=True) as ledger:
        lines = [json.loads(line) for line, in ledger.execute("SELECT line FROM audit ORDER BY seq")]
    return [line for line in lines if line["type"] == kind]


def test_an_auditor_gets_every_certificate_as_json(running, admin, auditor):
    arn = running.ca_arn
    issued = admin.issue_certificate(CertificateAuthorityArn=arn, Csr=running.csr('/O=M\u00fcller, "Pumps"/CN=report.example',
                                                                                 extra=("-utf8",)),
                                     SigningAlgorithm="SHA256WITHECDSA", Validity={"Value": 7, "Type": "DAYS"},
                                     TemplateArn=LEAF)["CertificateArn"]
    admin.get_waiter("certificate_issued").wait(CertificateAuthorityArn=arn, CertificateArn=issued)
    pem = admin.get_certificate(CertificateAuthorityArn=arn, CertificateArn=issued)["Certificate"]
    serial = issued.rsplit("/", 1)[1]
    admin.revoke_certificate(CertificateAuthorityArn=arn, CertificateSerial=serial, RevocationReason="SUPERSEDED")

    report = order(auditor, arn)
    assert re.fullmatch(r"[0-9a-f-]{36}", report["AuditReportId"])
    assert report["S3Key"] == f"audit-report/{arn.rsplit('/', 1)[1]}/{report['AuditReportId']}.json"
    await_report(auditor, arn, report["AuditReportId"])
    described = auditor.describe_certificate_authority_audit_report(CertificateAuthorityArn=arn,
                                                                    AuditReportId=report["AuditReportId"])
    assert (described["AuditReportStatus"], described["S3BucketName"], described["S3Key"]) == ("SUCCESS", "reports", report["S3Key"])
    assert described["CreatedAt"].tzinfo is not None

    file = running.folder / "reports" / report["S3Key"]
    entries = json.loads(file.read_bytes())
    assert all(list(entry) == [name for name in HEADER if name in entry] for entry in entries)
    entry = next(entry for entry in entries if entry["certificateArn"] == issued)
    assert entry["subject"] == 'CN=report.example,O=M\u00fcller\\, \\"Pumps\\"'
    assert entry["serial"].replace(":", "") == serial and entry["revocationReason"] == "SUPERSEDED"
    dates = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601"], input=pem, text=True,
                           capture_output=True, check=True).stdout.strip()
    assert dates == "notAfter=" + entry["notAfter"].replace("T", " ").replace("+0000", "Z")
    assert all("requestedByServicePrincipal" not in entry for entry in entries)
    # What quickstart issued is in it as well: a device's and a server's certificate.
    assert {"CN=SN-12345", "CN=service.example"} <= {entry["subject"] for entry in entries}

    (written,) = [event for event in audit_events(running, "audit_report.written")
                  if event["detail"]["report"] == report["AuditReportId"]]
    assert written["detail"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert written["detail"]["certificates"] == str(len(entries))
    assert code_of(lambda: order(auditor, arn, "CSV")) == "RequestInProgressException"


def test_the_command_line_gets_it_as_csv(running):
    arn = running.subordinate_arn
    report = json.loads(running.aws("create-certificate-authority-audit-report", "--certificate-authority-arn", arn,
                                    "--s3-bucket-name", "reports", "--audit-report-response-format", "CSV",
                                    profile="auditor").stdout)
    running.aws("wait", "audit-report-created", "--certificate-authority-arn", arn, "--audit-report-id",
                report["AuditReportId"], profile="auditor")
    text = (running.folder / "reports" / report["S3Key"]).read_text()
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == HEADER and len(rows) >= 2 and all(len(row) == len(HEADER) for row in rows)
    entry = dict(zip(HEADER, rows[1]))
    assert entry["awsAccountId"] == "123456789012" and entry["revokedAt"] == "" == entry["requestedByServicePrincipal"]
    assert entry["templateArn"] == "arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1"


def test_what_is_not_there_is_not_found_and_who_may_not_gets_nothing(running, admin):
    assert code_of(lambda: order(admin, running.ca_arn, bucket="elsewhere")) == "ResourceNotFoundException"
    assert code_of(lambda: order(admin, running.ca_arn, bucket="../ledger")) == "ResourceNotFoundException"
    assert code_of(lambda: order(admin, running.ca_arn, form="XML")) == "ValidationException"
    assert code_of(lambda: admin.describe_certificate_authority_audit_report(
        CertificateAuthorityArn=running.ca_arn, AuditReportId="0" * 8 + "-0000" * 3 + "-" + "0" * 12)) == \
        "ResourceNotFoundException"
    assert code_of(lambda: order(running.boto("provisioner"), running.ca_arn)) == "AccessDeniedException"


def test_a_report_that_cannot_be_written_fails_and_its_waiter_says_so(running, admin):
    configuration = {"KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA", "Subject": {"CommonName": "Reported"}}
    arn = admin.create_certificate_authority(CertificateAuthorityType="ROOT", CertificateAuthorityConfiguration=configuration)[
        "CertificateAuthorityArn"]
    admin.get_waiter("certificate_authority_csr_created").wait(CertificateAuthorityArn=arn)
    assert code_of(lambda: order(admin, arn)) == "InvalidStateException"
    csr = admin.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"]
    issued = admin.issue_certificate(CertificateAuthorityArn=arn, Csr=csr, SigningAlgorithm="SHA256WITHECDSA",
                                     Validity={"Value": 1, "Type": "YEARS"},
                                     TemplateArn="arn:aws:acm-pca:::template/RootCACertificate/V1")["CertificateArn"]
    admin.get_waiter("certificate_issued").wait(CertificateAuthorityArn=arn, CertificateArn=issued)
    admin.import_certificate_authority_certificate(CertificateAuthorityArn=arn, Certificate=admin.get_certificate(
        CertificateAuthorityArn=arn, CertificateArn=issued)["Certificate"])
    obstacle = running.folder / "reports" / "audit-report" / arn.rsplit("/", 1)[1]
    obstacle.parent.mkdir(exist_ok=True)
    obstacle.write_text("a file where a folder belongs")
    report = order(admin, arn)["AuditReportId"]
    with pytest.raises(botocore.exceptions.WaiterError):
        await_report(admin, arn, report)
    assert admin.describe_certificate_authority_audit_report(CertificateAuthorityArn=arn, AuditReportId=report)[
        "AuditReportStatus"] == "FAILED"
    running.wait_for(lambda: report in (running.folder / "log" / "chanceryd.log").read_text(), "the log to name the report")
    os.unlink(obstacle)
    await_report(admin, arn, order(admin, arn)["AuditReportId"])
