"""Certificate requests byte by byte (RFC 2986), for those that no tool makes. Keys and signatures come from openssl."""
import base64
import subprocess

COMMON_NAME, ORGANIZATION = "2.5.4.3", "2.5.4.10"
RSA_ENCRYPTION, EC_PUBLIC_KEY = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
ECDSA_SHA256, RSA_SHA256, RSA_SHA1 = "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.5"
EXTENSION_REQUEST, SUBJECT_ALT_NAME = "1.2.840.113549.1.9.14", "2.5.29.17"
UTF8_STRING, PRINTABLE_STRING = 0x0C, 0x13


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts):
    return der(0x30, *parts)


def integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def bit_string(content):
    return der(0x03, b"\0", content)


def oid(text):
    arcs = [int(arc) for arc in text.split(".")]
    content = bytes([40 * arcs[0] + arcs[1]])
    for arc in arcs[2:]:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.insert(0, 0x80 | arc & 0x7F)
        content += bytes(septets)
    return der(0x06, content)


def name(*attributes):
    """(type, text) or (type, bytes, string tag)."""
    rdns = []
    for kind, value, *tag in attributes:
        content = value.encode() if isinstance(value, str) else value
        rdns.append(der(0x31, sequence(oid(kind), der(tag[0] if tag else UTF8_STRING, content))))
    return sequence(*rdns)


def dns(value):
    return der(0x82, value.encode() if isinstance(value, str) else value)


def subject_alt_names(*names):
    extension = sequence(oid(SUBJECT_ALT_NAME), der(0x04, sequence(*names)))
    return sequence(oid(EXTENSION_REQUEST), der(0x31, sequence(extension)))


def rsa_spki(modulus, exponent):
    return sequence(sequence(oid(RSA_ENCRYPTION), der(0x05)), bit_string(sequence(integer(modulus), integer(exponent))))


def pem(content, label="CERTIFICATE REQUEST"):
    text = base64.encodebytes(content).decode().replace("\n", "")
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True).stdout


class Key:
    """A key pair of openssl genpkey: Key(folder, "ec", "EC", "ec_paramgen_curve:P-256")."""

    def __init__(self, folder, file, algorithm, *options):
        self.file = folder / f"{file}.key"
        words = [word for option in options for word in ("-pkeyopt", option)]
        openssl("genpkey", "-algorithm", algorithm, *words, "-out", self.file)
        self.spki = openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")

    def sign(self, content, digest="sha256"):
        return openssl("dgst", f"-{digest}", "-sign", self.file, data=content)

    def modulus(self):
        return int(openssl("rsa", "-in", self.file, "-noout", "-modulus").decode().strip().split("=")[1], 16)


def request(key, subject=None, *, spki=None, attributes=(), algorithm=ECDSA_SHA256, digest="sha256", signature=None):
    """A CertificationRequest in DER; what is not given is sound."""
    subject = name((COMMON_NAME, "bad.example")) if subject is None else subject
    information = sequence(integer(0), subject, spki or key.spki, der(0xA0, *attributes))
    parameters = der(0x05) if algorithm in (RSA_SHA256, RSA_SHA1) else b""
    signature = key.sign(information, digest) if signature is None else signature(information)
    return sequence(information, sequence(oid(algorithm), parameters), bit_string(signature))
