"""chancery ca: the offline root."""
SUBJECT = "CN=Example Root,O=Example"


def init_root(bench, **more):
    return bench.run("ca", "init-root", "--state", bench.folder / "state", *bench.token(), "--subject", SUBJECT,
                     "--out", bench.folder / "root.pem", *more.get("extra", []))


def sign(bench, csr, *more, template="SubordinateCACertificate_PathLen1"):
    return bench.run("ca", "sign", "--state", bench.folder / "state", "--csr", csr, "--template", template,
                     "--out", bench.folder / "sub.pem", *more)


def test_an_offline_root_signs_a_subordinate(bench):
    made = init_root(bench)
    assert made.code == 0, made.err
    root = bench.openssl("x509", "-in", bench.folder / "root.pem", "-noout", "-text")
    assert "CA:TRUE" in root and "ecdsa-with-SHA384" in root
    done = sign(bench, bench.csr("sub"), "--yes")
    assert done.code == 0, done.err
    assert "About to sign" in done.err and "CN=Example Subordinate" in done.err
    subordinate = bench.openssl("x509", "-in", bench.folder / "sub.pem", "-noout", "-text")
    assert "pathlen:1" in subordinate
    bench.openssl("verify", "-CAfile", bench.folder / "root.pem", bench.folder / "sub.pem")


def test_nothing_is_signed_without_a_yes(bench):
    assert init_root(bench).code == 0
    answer = sign(bench, bench.csr("sub"))
    assert answer.code == 1
    assert "--yes" in answer.err
    assert not (bench.folder / "sub.pem").exists()


def test_a_validity_beyond_the_root_is_refused(bench):
    assert init_root(bench, extra=["--validity", "100d"]).code == 0
    answer = sign(bench, bench.csr("sub"), "--yes", "--validity", "200d")
    assert answer.code == 1
    assert "validity" in answer.err
    assert not (bench.folder / "sub.pem").exists()


def test_a_request_that_is_no_csr_is_refused(bench):
    assert init_root(bench).code == 0
    broken = bench.folder / "broken.csr"
    broken.write_text("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")
    answer = sign(bench, broken, "--yes")
    assert answer.code == 1
    assert "malformed_csr" in answer.err


def test_a_second_root_in_one_folder_is_refused(bench):
    assert init_root(bench).code == 0
    again = init_root(bench)
    assert again.code == 1
    assert "already has its root" in again.err


def test_sign_without_a_root_says_what_to_do(bench):
    answer = sign(bench, bench.csr("sub"), "--yes")
    assert answer.code == 1
    assert "init-root" in answer.err


def test_the_folder_remembers_the_token_but_no_pin(bench):
    assert init_root(bench).code == 0
    pin = bench.pin().read_text().strip()
    for file in (bench.folder / "state").iterdir():
        assert pin.encode() not in file.read_bytes(), file
