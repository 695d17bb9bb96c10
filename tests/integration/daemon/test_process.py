"""The daemon as its service manager sees it."""
import os
import re
import resource
import shutil
import signal
import socket
import subprocess

import botocore.exceptions
import pytest
from conftest import CONFIG, PRINCIPALS, make_tls


def test_it_serves_says_so_and_ends_with_0(daemon, notify):
    daemon.start(NOTIFY_SOCKET=notify.path)
    assert notify.next().startswith("READY=1")
    assert (daemon.folder / "chanceryd.pid").read_text().strip() == str(daemon.process.pid)
    daemon.process.send_signal(signal.SIGTERM)
    assert notify.next().startswith("STOPPING=1")
    assert daemon.process.wait(timeout=60) == 0  # stop() would be a second signal
    assert not (daemon.folder / "chanceryd.pid").exists()
    assert daemon.line("drained")


def is_refused(daemon):
    try:
        socket.create_connection(("127.0.0.1", int(daemon.line("serving")["api"])), timeout=5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionError:  # its last moment
        pass
    return False


def half_a_request(daemon):
    """A daemon that has begun to read a request, which is whole with five bytes more; it waits for them longer than a test takes."""
    daemon.config.write_text(CONFIG + "limits: {body_time: 5m, drain_time: 5m}\n")
    daemon.start()
    tls = daemon.tls()
    tls.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert tls.recv(1000).startswith(b"HTTP/1.1 100 ")
    return tls


def test_a_drain_is_seen_by_probes_and_answers_what_was_begun(daemon):
    with half_a_request(daemon) as request:
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_for(lambda: daemon.ready()[0] == 503, "readyz to say that the daemon ends")
        assert '"draining"' in daemon.ready()[1] and daemon.get("/livez")[0] == 200
        daemon.wait_for(lambda: is_refused(daemon), "new connections to be refused")
        request.sendall(b"hello")
        answer = request.recv(65536)
        assert answer.startswith(b"HTTP/1.1 400 ") and b"UnknownOperationException" in answer
        assert b"Connection: close" in answer
    assert daemon.process.wait(timeout=60) == 0
    assert daemon.line("drained")


def test_a_second_sigterm_ends_at_once_and_says_so(daemon):
    with half_a_request(daemon):
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_for(lambda: daemon.ready()[0] == 503, "the drain")
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(timeout=60) == 1
    assert daemon.line("a second signal: ends at once, requests that still run are not answered")
    assert not (daemon.folder / "chanceryd.pid").exists()


def test_sigint_ends_it_too(daemon):
    daemon.start()
    assert daemon.stop(signal.SIGINT) == 0


def test_it_takes_all_descriptors_that_it_may_and_says_when_they_are_few(daemon):
    """I16"""
    daemon.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (512, 4000)))
    limits = open(f"/proc/{daemon.process.pid}/limits", encoding="ascii").read()
    assert re.search(r"Max open files\s+4000\s+4000", limits)
    [warning] = [line["msg"] for line in daemon.lines() if "file descriptors" in line["msg"]]
    assert "limits.connections is 4096" in warning and "at most 1248" in warning


def test_no_core_file_can_hold_a_secret(daemon):
    """I18"""
    daemon.start()
    limits = open(f"/proc/{daemon.process.pid}/limits", encoding="ascii").read()
    assert re.search(r"Max core file size\s+0\s+0", limits)
    if os.geteuid() != 0:
        assert os.stat(f"/proc/{daemon.process.pid}/mem").st_uid == 0  # not dumpable


def test_a_refused_configuration_ends_with_78_and_names_every_problem(daemon):
    daemon.config.write_text(CONFIG + "colour: blue\nauthority: {issue_wait: never}\n")
    daemon.start(wait=False)
    assert daemon.process.wait(timeout=60) == 78
    text = daemon.log.read_text()
    assert "colour: unknown key" in text and "authority.issue_wait" in text


def checked(daemon):
    return subprocess.run([os.environ["CHANCERYD"], "--check", "--config", daemon.config], env=daemon.environment,
                          capture_output=True, text=True, timeout=60)


def another_key(daemon):
    made = daemon.folder / "another"
    made.mkdir()
    make_tls(made)
    shutil.copy(made / "tls-key.pem", daemon.folder / "tls-key.pem")


def no_client_ca(daemon):
    (daemon.folder / "clients.pem").write_text("no certificate\n")
    daemon.config.write_text(CONFIG.replace("private_key: tls-key.pem", "private_key: tls-key.pem, client_ca: clients.pem"))


@pytest.mark.parametrize("spoil, named, why", [
    (another_key, "tls-key.pem", "mismatch"),
    (lambda daemon: (daemon.folder / "tls.pem").write_text("no certificate\n"), "tls.pem", "no start line"),
    (lambda daemon: (daemon.folder / "tls-key.pem").write_text("no key\n"), "tls-key.pem", ""),
    (no_client_ca, "clients.pem", "no PEM certificates in it"),
    (lambda daemon: (daemon.folder / "admin.secret").write_text("\n"), "admin.secret", "one line"),
])
def test_a_file_that_cannot_be_used_is_found_by_the_check_and_refused_at_the_start_with_78(daemon, spoil, named, why):
    assert checked(daemon).returncode == 0
    spoil(daemon)
    check = checked(daemon)
    assert check.returncode == 78 and "sound" not in check.stdout
    assert str(daemon.folder / named) in check.stderr and why in check.stderr
    daemon.start(wait=False)
    assert daemon.process.wait(timeout=60) == 78
    assert str(daemon.folder / named) in daemon.log.read_text()


def test_the_check_names_every_file_that_cannot_be_used(daemon):
    another_key(daemon)
    (daemon.folder / "admin.secret").write_text("\n")
    text = checked(daemon).stderr
    assert "tls-key.pem" in text and "admin.secret" in text


def test_a_second_daemon_on_the_same_ledger_is_refused(daemon):
    """I2"""
    daemon.start()
    second = subprocess.run([os.environ["CHANCERYD"], "--config", daemon.config], env=daemon.environment,
                            capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert "ledger" in second.stderr
    assert daemon.ready()[0] == 200


def test_a_ledger_that_is_moved_away_takes_the_readiness_with_it(daemon):
    """I1"""
    daemon.start()
    ledger, away = daemon.folder / "ledger/ledger.db", daemon.folder / "ledger/away"
    ledger.rename(away)
    status, text = daemon.ready()
    assert status == 503 and "ledger.db: was moved or deleted" in text
    assert daemon.metric("chancery_ledger_up") == 0
    away.rename(ledger)
    assert daemon.ready()[0] == 200
    assert daemon.stop() == 0


def test_a_missing_ledger_is_not_replaced_by_an_empty_one(daemon):
    """I2"""
    daemon.start()
    daemon.stop()
    (daemon.folder / "ledger/ledger.db").rename(daemon.folder / "ledger/away")
    daemon.start(wait=False)
    assert daemon.process.wait(timeout=60) == 1
    cause = daemon.line("chanceryd ends")["cause"]
    assert "ledger.db: is missing, but a ledger was here" in cause and "restore it from a backup" in cause
    assert not (daemon.folder / "ledger/ledger.db").exists()


def test_a_taken_port_is_named(daemon):
    daemon.start()
    other = daemon.folder / "other"
    shutil.copytree(daemon.folder, other, ignore=shutil.ignore_patterns("ledger", "other", "notify"))
    (other / "ledger").mkdir()
    port = daemon.line("serving")["status"]
    (other / "chancery.yaml").write_text(CONFIG.replace("status: {port: 0}", f"status: {{port: {port}}}"))
    second = subprocess.run([os.environ["CHANCERYD"], "--config", other / "chancery.yaml"], env=daemon.environment,
                            capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert port in second.stderr and "listeners.status" in second.stderr


def test_a_second_daemon_with_the_same_pidfile_is_refused_and_leaves_it(daemon):
    daemon.start()
    other = daemon.folder / "other"
    shutil.copytree(daemon.folder, other, ignore=shutil.ignore_patterns("ledger", "other", "notify"))
    (other / "ledger").mkdir()
    pidfile = daemon.folder / "chanceryd.pid"
    (other / "chancery.yaml").write_text(CONFIG.replace("pidfile: chanceryd.pid", f"pidfile: {pidfile}"))
    second = subprocess.run([os.environ["CHANCERYD"], "--config", other / "chancery.yaml"], env=daemon.environment,
                            capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert f"pidfile {pidfile}: is held by process {daemon.process.pid}" in second.stderr
    assert pidfile.read_text().strip() == str(daemon.process.pid)
    assert daemon.stop() == 0
    assert not pidfile.exists()


def test_sighup_takes_new_tls_files(daemon):
    daemon.start()
    make_tls(daemon.folder, "renewed.example")
    daemon.reload("ok")
    assert "renewed.example" in daemon.certificate()
    assert daemon.metric("chancery_config_last_reload_successful") == 1


def test_a_broken_configuration_keeps_the_old_one(daemon, notify):
    daemon.start(NOTIFY_SOCKET=notify.path)
    notify.next()
    daemon.config.write_text(CONFIG + "colour: blue\n")
    daemon.reload("refused")
    assert notify.next().startswith("RELOADING=1")
    assert notify.next().startswith("READY=1")
    assert daemon.metric("chancery_config_last_reload_successful") == 0
    assert "colour: unknown key" in daemon.line("configuration refused, the old one stays")["problem"]
    assert daemon.ready()[0] == 200
    daemon.config.write_text(CONFIG)
    daemon.reload("ok")
    assert daemon.metric("chancery_config_last_reload_successful") == 1


def test_tls_files_that_do_not_fit_keep_the_old_ones(daemon):
    daemon.start()
    before = daemon.certificate()
    (daemon.folder / "tls.pem").write_text("no certificate\n")
    daemon.reload("refused")
    assert daemon.certificate() == before


def test_a_reload_takes_all_or_nothing(daemon):
    """New principals come with TLS files that do not fit: neither is taken, and the keys that worked work."""
    daemon.start()
    certificate = daemon.certificate()
    trusted = daemon.client()
    (daemon.folder / "principals.yaml").write_text(PRINCIPALS.replace("CHANCERYADMIN0001", "CHANCERYADMIN0002"))
    good = (daemon.folder / "tls-key.pem").read_text()
    (daemon.folder / "tls-key.pem").write_text("no key\n")
    daemon.reload("refused")
    assert "tls-key.pem" in daemon.line("configuration refused, the old one stays")["problem"]
    trusted.list_certificate_authorities()
    (daemon.folder / "tls-key.pem").write_text(good)
    daemon.reload("ok")
    assert daemon.certificate() == certificate
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        trusted.list_certificate_authorities()
    assert raised.value.response["Error"]["Code"] == "UnrecognizedClientException"
    daemon.client("CHANCERYADMIN0002").list_certificate_authorities()


@pytest.mark.parametrize("gone", ["chancery.yaml", "principals.yaml", "policy.json", "admin.secret"])
def test_a_file_that_is_gone_keeps_what_was_read_from_it(daemon, gone):
    daemon.start()
    client = daemon.client()
    (daemon.folder / gone).unlink()
    daemon.reload("refused")
    assert gone in daemon.line("configuration refused, the old one stays")["problem"]
    client.list_certificate_authorities()


def test_a_policy_that_became_wrong_keeps_the_old_one(daemon):
    """I11"""
    daemon.start()
    (daemon.folder / "policy.json").write_text('{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}')
    daemon.reload("refused")
    assert "policy.json" in daemon.line("configuration refused, the old one stays")["problem"]


@pytest.mark.parametrize("template, why", [
    ("SubordinateCACertificate_PathLen0", "makes certificates of authorities"),
    ("BlankEndEntityCertificate_APICSRPassthrough", "lets a device choose extensions"),
])
def test_a_profile_for_authorities_or_chosen_extensions_is_refused_at_start_and_reload(daemon, template, why):
    """I11"""
    profile = ("provisioning: {profiles: [{name: pumps, template: %s, "
               "authority: 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/x'}]}\n" % template)
    daemon.start()
    daemon.config.write_text(CONFIG + profile)
    daemon.reload("refused")
    problem = daemon.line("configuration refused, the old one stays")["problem"]
    assert "profile 'pumps'" in problem and template in problem and why in problem
    daemon.stop()
    daemon.start(wait=False)
    assert daemon.process.wait(60) == 78
    assert "profile 'pumps'" in daemon.log.read_text().rpartition('"drained"')[2]


def test_a_change_that_needs_a_restart_is_said_and_not_made(daemon):
    daemon.start()
    daemon.config.write_text(CONFIG + "pools: {io_threads: 1}\n")
    daemon.reload("ok")
    assert daemon.line("a changed section needs a restart")["section"] == "pools"


def test_a_token_that_is_away_is_named_by_readyz_and_found_when_it_returns(daemon):
    """I19"""
    away = daemon.folder / "away"
    shutil.move(daemon.folder / "hsm/tokens", away)
    (daemon.folder / "hsm/tokens").mkdir()
    daemon.start(wait=False)
    daemon.wait_for(lambda: daemon.line("serving") is not None, "the daemon to serve")
    status, text = daemon.ready()
    assert status == 503 and "token:issuing" in text
    assert daemon.get("/livez")[0] == 200
    (daemon.folder / "hsm/tokens").rmdir()
    shutil.move(away, daemon.folder / "hsm/tokens")
    daemon.wait_for(lambda: daemon.ready()[0] == 200, "the token to be found")


def test_no_secret_is_in_the_log(daemon):
    """I18"""
    daemon.start()
    daemon.reload("ok")
    daemon.stop()
    text = daemon.log.read_text()
    for secret in ("not-a-secret-worth-keeping", (daemon.folder / "hsm/issuing.pin").read_text().strip()):
        assert secret not in text
