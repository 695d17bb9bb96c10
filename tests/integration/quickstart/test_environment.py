"""dev/env: the names that stay stable, and a shell in which nothing of the user's leads elsewhere."""
import datetime
import json
import re
import subprocess

from tests.support.running import AWS, sourced

PROMISED = ["CHANCERY_ENDPOINT", "CHANCERY_STATUS", "CHANCERY_OPS", "CHANCERY_CA_ARN", "CHANCERY_SUBORDINATE_CA_ARN",
            "CHANCERY_ROOT_PEM", "CHANCERY_PIDFILE", "CHANCERY_CONFIG", "AWS_ENDPOINT_URL_ACM_PCA", "AWS_CA_BUNDLE",
            "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]
# A shell that works with another account.
ELSEWHERE = {"AWS_PROFILE": "production", "AWS_DEFAULT_PROFILE": "production", "AWS_ACCESS_KEY_ID": "AKIAELSEWHERE",
             "AWS_SECRET_ACCESS_KEY": "elsewhere", "AWS_SESSION_TOKEN": "elsewhere", "AWS_REGION": "eu-central-1",
             "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
             "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/", "AWS_ROLE_ARN": "arn:aws:iam::1:role/elsewhere",
             "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_PAGER": "less"}


def test_every_promised_name_is_there(running):
    text = (running.folder / "env").read_text()
    exported = re.findall(r"^export (\w+)=", text, re.M)
    assert [name for name in PROMISED if name not in exported] == []
    environment = sourced(running.folder / "env", running.environment)
    assert environment["CHANCERY_ENDPOINT"] == environment["AWS_ENDPOINT_URL_ACM_PCA"]
    assert re.fullmatch(r"https://localhost:\d+", environment["CHANCERY_ENDPOINT"])
    for name in ("CHANCERY_STATUS", "CHANCERY_OPS"):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", environment[name])
    assert int(open(environment["CHANCERY_PIDFILE"], encoding="ascii").read()) == running.pid


def test_the_shell_of_another_account_is_led_here(running):
    environment = sourced(running.folder / "env", {**running.environment, **ELSEWHERE})
    assert [name for name in ELSEWHERE if name in environment] == []
    done = subprocess.run([AWS, "acm-pca", "list-certificate-authorities", "--endpoint-url", environment["CHANCERY_ENDPOINT"]],
                          env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    arns = [authority["Arn"] for authority in json.loads(done.stdout)["CertificateAuthorities"]]
    assert {environment["CHANCERY_CA_ARN"], environment["CHANCERY_SUBORDINATE_CA_ARN"]} <= set(arns)


def test_the_profiles_are_there_and_admin_is_the_default(running):
    environment = sourced(running.folder / "env", running.environment)
    for profile in ("admin", "provisioner", "auditor", "default"):
        done = subprocess.run([AWS, "configure", "get", "aws_access_key_id", "--profile", profile], env=environment,
                              capture_output=True, text=True, timeout=60)
        name = "admin" if profile == "default" else profile
        assert done.stdout.strip() == (running.folder / f"credentials/{name}.id").read_text().strip()


def test_quickstart_itself_is_not_led_elsewhere(development):
    development.good(**ELSEWHERE)


def test_the_three_tiers_have_path_lengths_2_1_0_and_15_5_and_2_years(running):
    for name, path_length, years in (("root", 2, 15), ("subordinate", 1, 5), ("issuance", 0, 2)):
        text = subprocess.run(["openssl", "x509", "-in", running.folder / f"ceremony/{name}.pem", "-noout", "-ext", "basicConstraints",
                               "-dates"], check=True, capture_output=True, text=True).stdout
        assert f"pathlen:{path_length}\n" in text, text
        begin, end = (datetime.datetime.strptime(found, "%b %d %H:%M:%S %Y GMT") for found in re.findall(r"not\w+=(.*)", text))
        assert abs((end - begin).days - 365 * years) <= 1, text
