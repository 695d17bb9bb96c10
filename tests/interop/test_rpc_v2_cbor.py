"""Smithy RPC v2 CBOR, the protocol that newer SDKs prefer: what must be refused, whoever signed it. The SDK for Go speaks it whole (test_go.py)."""
import ssl
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

LIST = bytes.fromhex("bfff")
MINE = {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor", "Accept": "application/cbor"}


class Client:
    def __init__(self, running):
        self.running = running
        self.context = ssl.create_default_context(cafile=running.bundle)

    def send(self, operation, body, headers=MINE, profile="admin"):
        """(status, headers, body)"""
        key, secret = self.running.credentials(profile)
        asked = botocore.awsrequest.AWSRequest("POST", f"{self.running.endpoint}/service/ACMPrivateCA/operation/{operation}", data=body,
                                               headers=dict(headers))
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(key, secret), "acm-pca", "us-east-1").add_auth(asked)
        request = urllib.request.Request(asked.url, body, dict(asked.headers.items()), method="POST")
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


@pytest.fixture(scope="module")
def client(running):
    return Client(running)


def without(name, **more):
    return {**{key: value for key, value in MINE.items() if key != name}, **more}


def test_an_answer_says_its_protocol_and_points_in_time_are_tagged(running, client):
    status, headers, body = client.send("ListCertificateAuthorities", LIST)
    assert status == 200 and headers["Content-Type"] == "application/cbor" and headers["Smithy-Protocol"] == "rpc-v2-cbor"
    assert running.ca_arn.encode() in body and b"\x69CreatedAt\xc1\xfb" in body


def test_an_operation_without_output_answers_with_nothing(running, client):
    arn = running.ca_arn.encode()
    body = b"\xa2\x77CertificateAuthorityArn\x78" + bytes([len(arn)]) + arn + b"\x64Tags\x81\xa1\x63Key\x61k"
    status, headers, answer = client.send("TagCertificateAuthority", body)
    assert status == 200 and answer == b"" and headers["Content-Type"] is None


@pytest.mark.parametrize("operation, body, headers, name", [
    ("ListCertificateAuthorities", LIST, without("Smithy-Protocol"), "SerializationException"),
    ("ListCertificateAuthorities", LIST, without("Content-Type"), "SerializationException"),
    ("ListCertificateAuthorities", LIST, {**MINE, "X-Amz-Target": "ACMPrivateCA.DeletePolicy"}, "SerializationException"),
    ("ListCertificateAuthorities", b"{}", MINE, "SerializationException"),
    ("ListCertificateAuthorities", b"{}", without("Content-Type", **{"Content-Type": "application/x-amz-json-1.1"}), "SerializationException"),
    ("ListCertificateAuthorities", b"", MINE, "SerializationException"),
    ("ListCertificateAuthorities", LIST + b"\0", MINE, "SerializationException"),
    ("ListCertificateAuthorities", b"\xa1\x6aMaxResults\x00", MINE, "ValidationException"),
    ("DescribeCertificateAuthority", LIST, MINE, "ValidationException"),
    ("ListCertificates", LIST, MINE, "UnknownOperationException"),
    ("", LIST, MINE, "UnknownOperationException"),
])
def test_what_is_wrong_is_refused_by_name(client, operation, body, headers, name):
    status, answered, text = client.send(operation, body, headers)
    assert status == 400 and answered["x-amzn-ErrorType"] == name and answered["Content-Type"] == "application/cbor"
    assert b"\x66__type" in text and f"com.amazonaws.acmpca#{name}".encode() in text


def test_a_policy_holds_in_this_protocol_too(running, client):
    arn = running.ca_arn.encode()
    body = b"\xa1\x77CertificateAuthorityArn\x78" + bytes([len(arn)]) + arn
    assert client.send("DeleteCertificateAuthority", body, profile="auditor")[1]["x-amzn-ErrorType"] == "AccessDeniedException"


def test_the_operation_is_signed_with_the_path(running, client, monkeypatch):
    sign = botocore.auth.SigV4Auth.add_auth

    def sign_another(self, request):
        sign(self, request)
        request.url = request.url.replace("DescribeCertificateAuthority", "ListCertificateAuthorities")

    monkeypatch.setattr(botocore.auth.SigV4Auth, "add_auth", sign_another)
    assert client.send("DescribeCertificateAuthority", LIST)[1]["x-amzn-ErrorType"] == "InvalidSignatureException"
