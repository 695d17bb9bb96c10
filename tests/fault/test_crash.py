"""kill -9 under load (I1, I2, I3, I5, I12, I19)."""
from tests.fault.load import Load, check_everything_told_is_true


def test_nothing_that_a_client_was_told_is_lost_by_kill_9(running):
    load = Load(running)
    try:
        for already in (20, 40, 60):
            running.wait_for(lambda: len(load.delivered) >= already, f"{already} certificates")
            noticed = len(load.unanswered)
            running.kill()
            # A kill that nobody noticed would prove nothing.
            running.wait_for(lambda: len(load.unanswered) > noticed, "a client to notice the kill")
            running.start()
    finally:
        load.stop()
    assert len(load.delivered) >= 60
    answered_later = load.unanswered & set(load.accepted.values())
    assert answered_later == load.unanswered
    check_everything_told_is_true(running, load)
    running.quickstart("stop")
    running.start()
    check_everything_told_is_true(running, load)
