"""chancery doctor, chancery config check, chanceryd --check."""
import shutil

from conftest import MODULE, SOURCE

CONFIG = """
listeners:
  api:
    port: 0
    tls: {{certificate: tls.pem, private_key: tls-key.pem}}
  status: {{port: 0}}
  operations: {{port: 0}}
tokens:
  - name: issuing
    uri: pkcs11:token=issuing
    module: {module}
    pin_source: file:hsm/issuing.pin
ledger: {{path: ledger/ledger.db}}
principals: principals.yaml
"""

PRINCIPALS = """
accounts: [{id: "123456789012"}]
principals:
  - name: admin
    account: "123456789012"
    access_keys: [{id: CHANCERYADMIN0001, secret_file: admin.secret}]
    policies: [administrator.json]
"""


def sound(bench):
    folder = bench.folder
    bench.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                  "-subj", "/CN=localhost", "-keyout", folder / "tls-key.pem", "-out", folder / "tls.pem")
    (folder / "ledger").mkdir()
    (folder / "admin.secret").write_text("secret\n")
    for private in ("admin.secret", "tls-key.pem"):
        (folder / private).chmod(0o600)
    shutil.copy(SOURCE / "config/policies/administrator.json", folder)
    (folder / "principals.yaml").write_text(PRINCIPALS)
    config = folder / "chancery.yaml"
    config.write_text(CONFIG.format(module=MODULE))
    return config


def checks(result):
    return {check["check"]: check for check in __import__("json").loads(result.out)["checks"]}


def test_config_check_says_sound_or_everything_that_is_wrong(bench):
    config = sound(bench)
    assert bench.run("config", "check", "--config", config).code == 0
    assert bench.run("--config", config, "--check", program="CHANCERYD").code == 0
    config.write_text(config.read_text() + "colour: blue\nnode: 'A B'\n")
    wrong = bench.run("config", "check", "--config", config)
    assert wrong.code == 1
    assert "colour: unknown key" in wrong.err and "node: " in wrong.err
    refused = bench.run("--config", config, "--check", program="CHANCERYD")
    assert refused.code == 78
    assert "colour: unknown key" in refused.err


def test_config_check_names_the_profile_that_would_give_devices_too_much(bench):
    """I11"""
    config = sound(bench)
    profile = "provisioning: {profiles: [{name: pumps, template: %s, authority: 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/x'}]}\n"
    text = config.read_text()
    config.write_text(text + profile % "EndEntityCertificate_APIPassthrough")
    assert bench.run("config", "check", "--config", config).code == 0
    for template in ("RootCACertificate", "EndEntityCertificate_CSRPassthrough"):
        config.write_text(text + profile % template)
        for arguments, program in ((("config", "check", "--config", config), "CHANCERY"), (("--config", config, "--check"), "CHANCERYD")):
            wrong = bench.run(*arguments, program=program)
            assert wrong.code != 0 and "profile 'pumps'" in wrong.err and template in wrong.err


def test_doctor_finds_a_sound_installation_sound(bench):
    answer = bench.run("doctor", "--config", sound(bench), "--output", "json")
    assert answer.code == 0, answer.out + answer.err
    assert all(check["ok"] for check in checks(answer).values())


def test_doctor_names_the_call_that_failed_and_what_to_do(bench):
    config = sound(bench)
    bench.pin("issuing").write_text("not-the-pin\n")
    answer = bench.run("doctor", "--config", config)
    assert answer.code == 1
    assert "C_Login" in answer.out and "CKR_PIN_INCORRECT" in answer.out
    assert "not-the-pin" not in answer.out + answer.err


def test_doctor_names_a_missing_token(bench):
    answer = bench.run("doctor", "--module", MODULE, "--token", "nowhere", "--pin-source", f"file:{bench.pin()}")
    assert answer.code == 1
    assert "nowhere" in answer.out


def test_doctor_finds_a_tls_key_of_another_certificate(bench):
    config = sound(bench)
    bench.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                  bench.folder / "tls-key.pem")
    answer = bench.run("doctor", "--config", config)
    assert answer.code == 1
    assert "tls" in answer.out


def test_the_folder_of_a_bucket_is_checked(bench):
    config = sound(bench)
    config.write_text(config.read_text() + "buckets: [{name: reports, directory: reports}]\n")
    wrong = bench.run("config", "check", "--config", config)
    assert wrong.code == 1 and "buckets[0].directory" in wrong.err and "no such folder" in wrong.err
    assert "no such folder" in bench.run("doctor", "--config", config).out
    (bench.folder / "reports").mkdir()
    answer = bench.run("doctor", "--config", config, "--output", "json")
    assert answer.code == 0 and checks(answer)["bucket reports"]["ok"]
    assert not list((bench.folder / "reports").iterdir())


def test_doctor_leaves_nothing_behind(bench):
    config = sound(bench)
    before = bench.run("doctor", "--config", config, "--output", "json")
    again = bench.run("doctor", "--config", config, "--output", "json")
    assert before.code == again.code == 0


def test_version(bench):
    assert bench.run("version", "--output", "json").json()["chancery"]
