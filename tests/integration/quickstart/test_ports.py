"""Ports that are taken: found out, said, and either replaced or refused."""
import re
import socket

import pytest

from tests.support.running import free_port


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_default_is_replaced_and_named(development):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", 8443))
            listener.listen()
        except OSError:
            pass  # somebody else has taken it: all the same
        printed = development.good(CHANCERY_API_PORT=None)
    said = re.search(r"^port +8443 is taken: the api listener takes (\d+) \(set CHANCERY_API_PORT to choose\)$", printed, re.M)
    assert said and said[1] != "8443", printed
    assert f"https://localhost:{said[1]}" in printed
    # What was chosen stays chosen, although 8443 is free again.
    development.good("stop", CHANCERY_API_PORT=None)
    again = development.good(CHANCERY_API_PORT=None)
    assert f"https://localhost:{said[1]}" in again and "is taken" not in again


@pytest.mark.parametrize("variable, listener", [("CHANCERY_API_PORT", "api"), ("CHANCERY_STATUS_PORT", "status"),
                                                ("CHANCERY_OPS_PORT", "operations")])
def test_a_port_that_was_asked_for_is_never_replaced(development, taken, variable, listener):
    refused = development.run(**{variable: taken})
    assert refused.returncode == 1
    assert f"port {taken} for the {listener} listener ({variable}) is taken: choose another" in refused.stderr
    assert not (development.folder / "chanceryd.pid").exists()
    development.good()


def test_one_port_for_two_listeners_is_refused(development):
    port = free_port()
    refused = development.run(CHANCERY_API_PORT=port, CHANCERY_OPS_PORT=port)
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr and "CHANCERY_OPS_PORT" in refused.stderr


@pytest.mark.parametrize("nonsense", ["http", "0", "65536", "-1", "80 81"])
def test_a_port_that_is_none_is_refused(development, nonsense):
    refused = development.run(CHANCERY_API_PORT=nonsense)
    assert refused.returncode == 1
    assert "CHANCERY_API_PORT" in refused.stderr and "1 to 65535" in refused.stderr


def test_another_port_moves_a_running_daemon(development):
    development.good()
    pid, port = development.pid, free_port()
    printed = development.good(CHANCERY_API_PORT=port)
    assert development.pid != pid
    assert re.search(r"^restart +.*port", printed, re.M), printed
    assert f"https://localhost:{port}" in printed
    assert f"https://localhost:{port}" in (development.folder / "env").read_text()
