"""A boto3 newer than Debian's, which knows RPC v2 CBOR: the suites that Debian's passes in aws-json pass with it in CBOR."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

NEW = Path(os.environ["CHANCERY_BUILD_DIR"]) / "peers/boto3"
HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(not (NEW / "version").exists(), reason="optional: no boto3 that knows RPC v2 CBOR; scripts/peers gets it where pip is installed")


def python(*arguments):
    environment = {**os.environ, "PYTHONPATH": f"{NEW}:{os.environ['PYTHONPATH']}"}
    return subprocess.run([sys.executable, "-B", *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=280)


def test_botocore_takes_rpc_v2_cbor_when_told_to():
    done = python("-c", "import tests.support.prefer_rpc, boto3\n"
                        "print(boto3.client('acm-pca', region_name='us-east-1').meta.service_model.resolved_protocol)")
    assert done.stdout.strip() == "smithy-rpc-v2-cbor", done.stderr


@pytest.mark.parametrize("suite", ["boto3", "lifecycle", "audit_report"])
def test_a_suite_of_the_other_protocol_passes(suite):
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.support.prefer_rpc", HERE / f"test_{suite}.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout and "skipped" not in done.stdout
