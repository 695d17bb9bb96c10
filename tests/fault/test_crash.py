"""kill -9 under load (I1, I2, I3, I5, I19)."""
import sqlite3

from tests.fault.load import Load, check_everything_told_is_true


def test_nothing_that_a_client_was_told_is_lost_by_kill_9(running):
    load = Load(running)
    try:
        for already in (20, 40, 60):
            running.wait_for(lambda: len(load.delivered) >= already, f"{already} certificates")
            running.kill()
            running.start()
    finally:
        load.stop()
    check_everything_told_is_true(running, load)
    assert len(load.delivered) >= 60

    running.quickstart("stop")
    store = sqlite3.connect(f"file:{running.folder / 'ledger/ledger.db'}?mode=ro", uri=True)
    lines = [row[0] for row in store.execute("SELECT line FROM audit ORDER BY seq")]
    issued = sum('"type":"certificate.issued"' in line for line in lines)
    pending = sum('"type":"certificate.pending"' in line for line in lines)
    rows = store.execute("SELECT count(*), count(DISTINCT serial) FROM certificates").fetchone()
    assert rows[0] == rows[1] == pending == issued
    running.start()
