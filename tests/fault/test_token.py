"""The token goes away under load and comes back: no restart, nothing accepted is lost (I1, I19)."""
import shutil
import time

from tests.fault.load import Load, check_everything_told_is_true


def test_requests_are_accepted_while_the_token_is_away_and_signed_when_it_returns(running):
    tokens = running.folder / "softhsm/tokens"
    away = running.folder / "away"
    pid = running.pid
    load = Load(running)
    try:
        running.wait_for(lambda: len(load.delivered) >= 20, "the first certificates")
        shutil.move(tokens / next(tokens.iterdir()).name, away)
        before = len(load.accepted)
        running.wait_for(lambda: len(load.accepted) >= before + 20, "requests to be accepted without a token")
        running.wait_for(lambda: not running.ready(), "the loss to be noticed")
        name = away.name
        shutil.move(away, tokens / name)
        back = time.monotonic()
        delivered = len(load.delivered)
        running.wait_for(lambda: len(load.delivered) >= delivered + 5, "signatures after the return")
        print(f"first signatures {time.monotonic() - back:.2f} s after the return")
    finally:
        load.stop()
    check_everything_told_is_true(running, load)
    assert running.pid == pid
    assert load.absences == 0 and not load.unanswered
    running.wait_for(running.ready, "the daemon to be ready again")
