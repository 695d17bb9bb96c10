"""start, start again, stop, clean."""
import os

import pytest

from tests.support.running import is_gone


def test_the_first_run_says_what_it_does_and_ends_with_a_running_authority(development):
    printed = development.good()
    for line in ("root: key on the token 'root'", "subordinate: key in the daemon's token", "issuance: key in the daemon's token",
                 "issued      device SN-12345 through POST /provision: chain verified up to the root",
                 "issued      service.example through aws acm-pca:        chain verified up to the root",
                 f"Chancery runs (process {development.pid})."):
        assert line in printed
    assert oct(development.folder.stat().st_mode & 0o777) == "0o700"
    secret = [file for file in development.folder.rglob("*") if file.is_file() and file.stat().st_mode & 0o077]
    assert not [file for file in secret if file.suffix in {".secret", ".pin", ".curl"} or "key" in file.name], secret


def test_a_second_run_changes_nothing(development):
    development.good()
    pid = development.pid
    files = ("ceremony/root.pem", "ceremony/issuance.arn", "issued/server.pem", "credentials/admin.secret", "chancery.yaml", "env")
    before = {name: (development.folder / name).read_bytes() for name in files}
    printed = development.good()
    assert "ceremony" not in printed.split("Chancery runs")[0] and "issued" not in printed.split("Chancery runs")[0]
    assert development.pid == pid
    assert {name: (development.folder / name).read_bytes() for name in files} == before


def test_stopped_and_started_it_is_the_same_authority(development):
    development.good()
    root, pid = (development.folder / "ceremony/root.pem").read_bytes(), development.pid
    assert f"chanceryd ({pid}) has ended" in development.good("stop")
    assert is_gone(pid)
    assert "is not running" in development.good("stop")
    printed = development.good()
    assert "start       chanceryd" in printed and "ceremony    " not in printed
    assert (development.folder / "ceremony/root.pem").read_bytes() == root


def test_clean_ends_the_daemon_and_deletes_the_folder(development):
    development.good()
    pid = development.pid
    assert f"deleted {development.folder}" in development.good("clean")
    assert not development.folder.exists() and is_gone(pid)
    assert "nothing to delete" in development.good("clean")


@pytest.mark.parametrize("verb", [(), ("clean",)])
def test_a_folder_of_somebody_else_is_left_alone(development, verb):
    development.folder.mkdir()
    (development.folder / "thesis.tex").write_text("ten years of work")
    refused = development.run(*verb)
    assert refused.returncode == 1
    assert str(development.folder) in refused.stderr and "not made by quickstart" in refused.stderr
    assert os.listdir(development.folder) == ["thesis.tex"]


def test_an_unknown_word_shows_the_usage_and_does_nothing(development):
    refused = development.run("restart")
    assert refused.returncode == 2 and "scripts/quickstart [start|stop|clean]" in refused.stderr
    assert not development.folder.exists()
