"""Trust bundles: the roots that relying parties fetch, the next one before it is used."""
import signal
import os
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.support.buckets import new_authority


def fetch(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.headers, answer.read().decode()


@pytest.fixture(scope="module")
def next_root(running):
    file = running.folder / "next-root.pem"
    client = running.boto()
    arn = new_authority(running, "Next Root")
    file.write_text(client.get_certificate_authority_certificate(CertificateAuthorityArn=arn)["Certificate"] + "\n")
    return file


def configure(running, text):
    file = running.folder / "chancery.yaml"
    original = file.read_text().partition("\ntrust_bundles:")[0]
    file.write_text(original + f"\ntrust_bundles:\n{text}")


def test_the_next_root_is_in_the_bundle_after_a_reload_and_an_unchanged_bundle_is_304(running, next_root):
    url = running.environment["CHANCERY_STATUS"] + "/trust/devices.pem"
    configure(running, f"  - name: devices\n    files: [{running.root_pem}]\n")
    running.reload()
    headers, first = fetch(url)
    assert headers["Content-Type"] == "application/pem-certificate-chain" and first.count("BEGIN CERTIFICATE") == 1
    with pytest.raises(urllib.error.HTTPError) as unchanged:
        fetch(url, **{"If-None-Match": headers["ETag"]})
    assert unchanged.value.code == 304
    configure(running, f"  - name: devices\n    files: [{running.root_pem}, {next_root}, {running.root_pem}]\n")
    running.reload()
    both = fetch(url, **{"If-None-Match": headers["ETag"]})[1]
    assert both.startswith(first) and both.count("BEGIN CERTIFICATE") == 2
    bundle = running.folder / "bundle.pem"
    bundle.write_text(both)
    for root in (running.root_pem, next_root):
        done = subprocess.run(["openssl", "verify", "-CAfile", bundle, root], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    for path in ("/trust/other.pem", "/trust/devices", "/trust/.pem", "/trust/..%2fdevices.pem"):
        with pytest.raises(urllib.error.HTTPError) as absent:
            fetch(running.environment["CHANCERY_STATUS"] + path)
        assert absent.value.code == 404, path


def test_what_is_no_root_is_refused_and_the_old_bundle_stays(running, next_root):
    url = running.environment["CHANCERY_STATUS"] + "/trust/devices.pem"
    configure(running, f"  - name: devices\n    files: [{running.root_pem}]\n")
    running.reload()
    before = fetch(url)[1]
    subordinate = running.folder / "subordinate.pem"
    subordinate.write_text(running.boto().get_certificate_authority_certificate(
        CertificateAuthorityArn=running.subordinate_arn)["Certificate"] + "\n")
    refused = 'chancery_config_reloads_total{result="refused"}'
    for file, words in ((subordinate, "is not self-signed"), (running.folder / "absent.pem", "cannot be read"),
                        (running.folder / "chancery.yaml", "chancery.yaml")):
        count = running.metric(refused)
        configure(running, f"  - name: devices\n    files: [{file}]\n")
        os.kill(running.pid, signal.SIGHUP)
        running.wait_for(lambda: running.metric(refused) > count, "the refusal")
        assert words in running.log_lines("configuration refused, the old one stays")[-1]["problem"]
        assert fetch(url)[1] == before
