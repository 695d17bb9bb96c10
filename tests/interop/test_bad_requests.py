"""Bad input over the wire: the error names what is wrong, nothing is issued, and a good request works right after (I16)."""
import base64
import hashlib
import json
import sqlite3

import botocore.exceptions
import pytest

from tests.support import handmade
from tests.support.handmade import COMMON_NAME, RSA_SHA256, dns, name, pem, request, rsa_spki, subject_alt_names

RSA = {"algorithm": RSA_SHA256}


class Keys:
    def __init__(self, folder):
        self.folder = folder
        self.ec = self.ec_on("P-256")
        self.rsa = self.make("RSA", "rsa_keygen_bits:2048")

    def make(self, algorithm, *options):
        return handmade.Key(self.folder, "-".join([algorithm, *options]).replace(":", "_"), algorithm, *options)

    def ec_on(self, curve):
        return self.make("EC", f"ec_paramgen_curve:{curve}")


def signed_with_exponent_one(information):
    """With e = 1 the signature is the padded digest itself: anybody can make it (RFC 8017, 9.2)."""
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(information).digest()
    return b"\0\1" + b"\xff" * (256 - 3 - len(digest)) + b"\0" + digest


def off_curve(spki):
    return spki[:-1] + bytes([spki[-1] ^ 1])


def many(count):
    return subject_alt_names(*[dns(f"n{number}.example") for number in range(count)])


# name -> (the request's bytes, what the message says). Everything here is refused by both protocols.
BAD_CSRS = {
    "garbage": (lambda k: b"garbage", "not valid PEM"),
    "a short block": (lambda k: pem(b"\x30\x03\x02\x01\x00"), "CSR"),
    "truncated": (lambda k: pem(request(k.ec)[:-5]), "longer than what holds it"),
    "trailing bytes": (lambda k: pem(request(k.ec) + b"\0"), "trailing bytes"),
    "two blocks": (lambda k: pem(request(k.ec)) * 2, "more than 1 block"),
    "text before": (lambda k: b"hello\n" + pem(request(k.ec)), "text outside of the blocks"),
    "a certificate's label": (lambda k: pem(request(k.ec), "CERTIFICATE"), "not a CERTIFICATE REQUEST"),
    "RSA 1024": (lambda k: pem(request(k.make("RSA", "rsa_keygen_bits:1024"), **RSA)), "RSA with 1024 bits; 2048"),
    "exponent 3": (lambda k: pem(request(k.make("RSA", "rsa_keygen_bits:2048", "rsa_keygen_pubexp:3"), **RSA)),
                   "at least 65537"),
    "exponent 1": (lambda k: pem(request(k.rsa, spki=rsa_spki(k.rsa.modulus(), 1), signature=signed_with_exponent_one, **RSA)),
                   "exponent is below 3"),
    "even exponent": (lambda k: pem(request(k.rsa, spki=rsa_spki(k.rsa.modulus(), 65536), **RSA)), "exponent is even"),
    "point off the curve": (lambda k: pem(request(k.ec, spki=off_curve(k.ec.spki))), "not on its curve"),
    "point at infinity": (lambda k: pem(request(k.ec, spki=handmade.sequence(
        handmade.sequence(handmade.oid(handmade.EC_PUBLIC_KEY), handmade.oid("1.2.840.10045.3.1.7")),
        handmade.bit_string(b"\0")))), "EC point"),
    "secp256k1": (lambda k: pem(request(k.ec_on("secp256k1"))), "use P-256, P-384 or P-521"),
    "Ed448": (lambda k: pem(request(k.make("ED448"), algorithm="1.3.101.113", signature=lambda _: bytes(114))),
              "use RSA, EC or Ed25519"),
    "SHA-1": (lambda k: pem(request(k.rsa, algorithm=handmade.RSA_SHA1, digest="sha1")), "use SHA-256"),
    "signature over something else": (lambda k: pem(request(k.ec, signature=lambda i: k.ec.sign(i + b"x"))), "does not verify"),
    "signature of another key": (lambda k: pem(request(k.ec, signature=k.ec_on("P-384").sign)), "does not verify"),
    "200 names": (lambda k: pem(request(k.ec, attributes=[many(200)])), "more than 150 names"),
    "NUL in the common name": (lambda k: pem(request(k.ec, name((COMMON_NAME, "a\0b.example")))), "control characters"),
    "escape in the common name": (lambda k: pem(request(k.ec, name((COMMON_NAME, "a\x1b[31mb")))), "control characters"),
    "NUL in a DNS name": (lambda k: pem(request(k.ec, attributes=[subject_alt_names(dns(b"good.example\0.evil.example"))])),
                          "control characters"),
    "newline in a DNS name": (lambda k: pem(request(k.ec, attributes=[subject_alt_names(dns(b"a\n.example"))])),
                              "control characters"),
    "common name that is not UTF-8": (lambda k: pem(request(k.ec, name((COMMON_NAME, b"\xff\xfe")))), "valid in its string type"),
    "empty common name": (lambda k: pem(request(k.ec, name((COMMON_NAME, "")))), "non-empty"),
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def client(running):
    return running.boto(retries={"max_attempts": 1})


def order(running, csr, **more):
    return {"CertificateAuthorityArn": running.ca_arn, "Csr": csr, "SigningAlgorithm": "SHA256WITHECDSA",
            "Validity": {"Value": 1, "Type": "DAYS"}, **more}


def error_of(call):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call()
    return raised.value.response["Error"]


def certificates(running):
    with sqlite3.connect(f"file:{running.folder / 'ledger/ledger.db'}?mode=ro", uri=True) as store:
        return store.execute("SELECT count(*) FROM certificates").fetchone()[0]


@pytest.fixture(autouse=True)
def nothing_is_issued_and_a_good_request_works(running, client, keys):
    before = certificates(running)
    yield
    assert certificates(running) == before
    arn = client.issue_certificate(**order(running, pem(request(keys.ec))))["CertificateArn"]
    client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=running.ca_arn, CertificateArn=arn)


def raw(running, path, body, tmp_path, *headers, profile="admin"):
    """A request signed by curl with these bytes as its body."""
    file = tmp_path / "body"
    file.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
    words = [word for header in headers for word in ("-H", header)]
    status, text = running.curl(path, *words, "--data-binary", f"@{file}", profile=profile)
    return status, json.loads(text)


def issue_raw(running, body, tmp_path):
    status, answer = raw(running, "/", body, tmp_path, "Content-Type: application/x-amz-json-1.1",
                         "X-Amz-Target: ACMPrivateCA.IssueCertificate")
    return status, answer["__type"], answer["message"]


def provision(running, body, tmp_path):
    status, problem = raw(running, "/provision", body, tmp_path, "Content-Type: application/json", profile="provisioner")
    return status, problem["code"], problem["detail"]


@pytest.mark.parametrize("what", BAD_CSRS)
def test_issue_certificate_refuses_a_request_that_cannot_be_used(running, client, keys, what):
    make, says = BAD_CSRS[what]
    answer = error_of(lambda: client.issue_certificate(**order(running, make(keys))))
    assert answer["Code"] == "MalformedCSRException" and says in answer["Message"], answer


@pytest.mark.parametrize("what", BAD_CSRS)
def test_provision_refuses_a_request_that_cannot_be_used(running, keys, tmp_path, what):
    make, says = BAD_CSRS[what]
    status, code, detail = provision(running, {"device_id": "bad.example", "csr": make(keys).decode()}, tmp_path)
    assert (status, code) == (422, "malformed_csr") and says in detail, detail


def test_requests_of_the_wrong_size_are_refused(running, client, keys):
    assert error_of(lambda: client.issue_certificate(**order(running, b"")))["Code"] == "ValidationException"
    large = pem(request(keys.ec, attributes=[subject_alt_names(*[dns("x" * 60 + f"{n}.example") for n in range(420)])]))
    answer = error_of(lambda: client.issue_certificate(**order(running, large)))
    assert answer["Code"] == "ValidationException" and "less than or equal to 32768" in answer["Message"]


def test_a_binary_request_is_named(running, client, keys):
    answer = error_of(lambda: client.issue_certificate(**order(running, request(keys.ec))))
    assert answer["Code"] == "MalformedCSRException" and "PEM" in answer["Message"]


@pytest.mark.parametrize("member, value, code, says", [
    ("Csr", 5, "SerializationException", "'csr' must be a string"),
    ("Csr", None, "ValidationException", "'csr'"),
    ("Csr", ["eA=="], "SerializationException", "'csr' must be a string"),
    ("Csr", "***", "SerializationException", "base64"),
    ("Validity", "1", "SerializationException", "'validity' must be an object"),
    ("Validity", {}, "ValidationException", "2 validation errors detected"),
    ("Validity", {"Value": "1", "Type": "DAYS"}, "SerializationException", "'validity.value' must be a whole number"),
    ("Validity", {"Value": 1.5, "Type": "DAYS"}, "SerializationException", "'validity.value' must be a whole number"),
    ("Validity", {"Value": True, "Type": "DAYS"}, "SerializationException", "'validity.value' must be a whole number"),
    ("Validity", {"Value": 10 ** 30, "Type": "DAYS"}, "SerializationException", "'validity.value'"),
    ("Validity", {"Value": -1, "Type": "DAYS"}, "ValidationException", "greater than or equal to 1"),
    ("Validity", {"Value": 1, "Type": "HOURS"}, "ValidationException", "[END_DATE, ABSOLUTE, DAYS, MONTHS, YEARS]"),
    ("Validity", {"Value": 99, "Type": "YEARS"}, "ValidationException",
     "The certificate validity specified exceeds the certificate authority validity"),
    ("Validity", {"Value": 1000, "Type": "ABSOLUTE"}, "ValidationException", "in the past"),
    ("IdempotencyToken", 5, "SerializationException", "'idempotencyToken' must be a string"),
    ("IdempotencyToken", "x" * 37, "ValidationException", "less than or equal to 36"),
    ("CertificateAuthorityArn", 5, "SerializationException", "'certificateAuthorityArn' must be a string"),
    ("CertificateAuthorityArn", "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/zzz", "InvalidArnException", "arn"),
    ("CertificateAuthorityArn", "arn:aws:acm-pca:us-east-1:210987654321:certificate-authority/11111111-2222-3333-4444-555555555555",
     "AccessDeniedException", "no resource-based policy allows"),
    ("TemplateArn", "nonsense", "ValidationException", "'templateArn'"),
    ("TemplateArn", "arn:aws:acm-pca:::template/NoSuchCertificate/V1", "InvalidArgsException", "no certificate template"),
    ("TemplateArn", "arn:aws:acm-pca:::template/RootCACertificate_CSRPassthrough/V1", "InvalidArgsException", "no certificate template"),
    ("SigningAlgorithm", 5, "SerializationException", "'signingAlgorithm' must be a string"),
    ("SigningAlgorithm", "SHA1WITHRSA", "ValidationException", "enum value set"),
])
def test_a_member_of_the_wrong_kind_is_named(running, keys, tmp_path, member, value, code, says):
    good = order(running, base64.b64encode(pem(request(keys.ec))).decode())
    status, kind, message = issue_raw(running, {**good, member: value}, tmp_path)
    assert (status, kind) == (400, code) and says in message, message


@pytest.mark.parametrize("body, says", [
    (b"", "syntax error"), (b"{", "syntax error"), (b"[]", "object is expected"), (b"{} x", "syntax error"), (b"{}\0", "NUL"),
    (b'{"Csr":"eA==","Csr":"eA=="}', "twice"), (b"[" * 5000, "32 levels"), (b'{"Csr":"\xff"}', "syntax error"),
    (b'{"Csr":"\\ud800"}', "syntax error"), (b'{"Csr":NaN}', "syntax error"),
])
def test_a_body_that_is_no_request_is_refused(running, tmp_path, body, says):
    status, kind, message = issue_raw(running, body, tmp_path)
    assert (status, kind) == (400, "SerializationException") and says in message, message


@pytest.mark.parametrize("body, status, code, says", [
    (b"{", 400, "malformed_request", "not JSON"),
    ([], 400, "malformed_request", "must be a JSON object"),
    ({"device_id": 5, "csr": "x"}, 400, "malformed_request", "device_id must be a string"),
    ({"device_id": "x", "csr": ["x"]}, 400, "malformed_request", "csr must be a string"),
    ({"device_id": "x"}, 400, "constraint_violation", "csr is missing"),
    ({"device_id": "../x", "csr": "x"}, 400, "constraint_violation", "device_id must be 1 to 64 characters"),
    ({"device_id": "x", "csr": "x", "profile": "no"}, 404, "resource_not_found", "profile named 'no'"),
    (b'{"device_id":"a","device_id":"b","csr":"x"}', 400, "malformed_request", "twice"),
])
def test_provision_names_the_member_that_is_wrong(running, tmp_path, body, status, code, says):
    answer = provision(running, body, tmp_path)
    assert answer[:2] == (status, code) and says in answer[2], answer


def test_an_authority_that_is_not_active_issues_nothing(running, client, keys, tmp_path):
    csr = pem(request(keys.ec, name((COMMON_NAME, "SN-1"))))
    client.update_certificate_authority(CertificateAuthorityArn=running.ca_arn, Status="DISABLED")
    try:
        answer = error_of(lambda: client.issue_certificate(**order(running, csr)))
        refused = provision(running, {"device_id": "SN-1", "csr": csr.decode()}, tmp_path)
    finally:
        client.update_certificate_authority(CertificateAuthorityArn=running.ca_arn, Status="ACTIVE")
    says = "The certificate authority is not in a valid state for issuing certificates"
    assert answer == {"Code": "InvalidStateException", "Message": says}
    assert refused == (409, "invalid_state", says)


def test_an_authority_without_its_certificate_issues_nothing(running, client, keys):
    arn = client.create_certificate_authority(
        CertificateAuthorityType="SUBORDINATE", CertificateAuthorityConfiguration={
            "KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA", "Subject": {"CommonName": "Not yet"}},
    )["CertificateAuthorityArn"]
    answer = error_of(lambda: client.issue_certificate(**order(running, pem(request(keys.ec)), CertificateAuthorityArn=arn)))
    assert answer["Code"] == "InvalidStateException", answer
