"""scripts/bench runs from beginning to end; what it measures in one second is of no interest here."""
import os
import re
import subprocess
from pathlib import Path

SOURCE = Path(os.environ["CHANCERY_SOURCE"])


def test_the_table_is_written_where_it_is_asked_for(tmp_path):
    committed = SOURCE / "docs/benchmarks.md"
    before = committed.read_bytes()
    table = tmp_path / "table.md"
    done = subprocess.run([SOURCE / "scripts/bench", "--seconds", "1", "--rounds", "1", "--revoked", "2000", "--output", table,
                           "--work", tmp_path], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    text = table.read_text()
    assert done.stdout == text
    assert "Machine: " in text and "SQLite 3." in text and "1 round of 1 s" in text
    floor = re.search(r"^\| floor: .* \| (\d+) \|", text, re.M)
    assert floor and int(floor[1]) > 0
    for connections in (1, 8, 32):
        row = re.search(rf"^\| issue, {connections} connections? \| (\d+) \| [\d.]+ \| [\d.]+ \| (\d+) \| [\d.]+ \|$", text, re.M)
        assert row and int(row[1]) > 0 and row[2] == "0", text
    row = re.search(r"^\| OCSP, kept answer, 32 connections \| (\d+) \| [\d.]+ \| [\d.]+ \| (\d+) \| \|$", text, re.M)
    assert row and int(row[1]) > 0 and row[2] == "0", text
    for before_it in (0, 2000):
        row = re.search(rf"^\| revocations, one after another \| {before_it} \| (\d+) \|", text, re.M)
        assert row and int(row[1]) > 0, text
    assert re.search(r"^\| one CRL: .* \| 6000 \| ", text, re.M), text
    assert committed.read_bytes() == before
    assert list(tmp_path.iterdir()) == [table]


def test_an_unknown_argument_measures_nothing(tmp_path):
    done = subprocess.run([SOURCE / "scripts/bench", "--second", "1"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "usage" in done.stderr
