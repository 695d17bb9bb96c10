"""Shares in their custodians' hands: typed wrong in many ways, and compared with what the ceremony wrote down."""
import hashlib
import re

import pytest

from ceremony_table import Table


@pytest.fixture
def table(bench):
    made = Table(bench)
    assert made.root().code == 0
    return made


def body_lines(text):
    return [line for line in text.splitlines() if re.match(r"\d+ ", line)]


def check(table, *files, transcript=True):
    more = ["--transcript", table.out() / "transcript.jsonl"] if transcript else []
    return table.bench.run("ceremony", "check-share", *files, *more)


def forged(text):
    """Another share of the same set and number, whose check values are right: what a custodian could make who knows how."""
    words = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line and line[0] in "sp"}
    numbers = [int(word) for word in re.findall(r"\d+", " ".join(words["share"]))]
    share, count, threshold = numbers
    head = bytes.fromhex("".join(words["set"])) + bytes.fromhex("".join(words["proof"]))
    octets = bytearray(bytes.fromhex("".join("".join(line.split()[1:-1]) for line in body_lines(text))))
    octets[11] ^= 1

    def value(line, data, length):
        return hashlib.sha256(head + bytes([threshold, count, share, line]) + data).digest()[:length].hex()

    def groups(digits):
        return " ".join(re.findall("....", digits))
    lines = text[:text.index("\n1  ") + 1]
    for number in range(1, len(octets) // 8 + 1):
        part = bytes(octets[8 * number - 8:8 * number])
        lines += f"{number}  {groups(part.hex())}  {value(number, part, 2)}\n"
    return lines + f"check  {groups(value(0, bytes(octets), 4))}\n"


def test_a_custodian_alone_checks_that_a_sheet_is_the_ceremonys(table):
    for number in (1, 2, 3):
        answer = check(table, table.share(number))
        assert answer.code == 0 and f"is the share of custodian-{number} of example-root-g1" in answer.out, answer.err
    text = table.share(2).read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    typed = table.folder / "typed"
    typed.write_text("\r\n".join(line.upper().replace("  ", " ") if re.match(r"\d+ ", line) else line for line in lines))
    answer = table.bench.run("ceremony", "check-share", typed, "--transcript", table.out() / "transcript.jsonl", "--output", "json")
    assert answer.json() == {"ok": True, "shares": [{"file": str(typed), "recorded": True, "role": "custodian-2"}]}
    for line in body_lines(text):
        assert line.split(None, 1)[1] not in answer.out + answer.err  # nothing of it is shown
    # By eye, and with sha256sum.
    transcript = (table.out() / "transcript.jsonl").read_text()
    assert f'"check value of custodian-2":"{lines[-1].split(None, 1)[1]}"' in transcript
    assert hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest() in transcript


def test_a_share_that_was_changed_with_right_check_values_is_found_and_named(table):
    right = table.share(1).read_text()
    table.share(1).write_text(forged(right))
    assert check(table, table.share(1), transcript=False).code == 0  # alone it looks whole
    both = check(table, table.share(1), table.share(2), transcript=False)
    assert both.code == 1 and "one of them was changed" in both.err and "--transcript tells which" in both.err
    named = check(table, table.share(1), table.share(2))
    assert named.code == 3 and "custodian-1.share was CHANGED" in named.out and "the share of custodian-2" in named.out
    table.subordinate()
    stopped = table.run("sign-subordinate", *table.shares(1, 2))
    assert stopped.code == 1 and "no PIN was tried" in stopped.err and "check-share --transcript" in stopped.err


def test_a_share_beyond_the_threshold_is_tried_as_well(table):
    """Which are enough without it: nobody may go home with a share that opens nothing."""
    right = table.share(3).read_text()
    table.share(3).write_text(forged(right))
    table.subordinate()
    for numbers, told in (((1, 2, 3), "share 3 does not fit the others"), ((3, 1, 2), "one of them was changed")):
        checked = check(table, *map(table.share, numbers), transcript=False)
        assert checked.code == 1 and told in checked.err and "restore the PINs" not in checked.out, checked.out + checked.err
        signed = table.run("sign-subordinate", *table.shares(*numbers))
        assert signed.code == 1 and told in signed.err and "no PIN was tried" in signed.err, signed.out + signed.err
    table.share(3).write_text(right)
    assert check(table, *map(table.share, (3, 1, 2)), transcript=False).code == 0
    signed = table.run("sign-subordinate", *table.shares(3, 1, 2))
    assert signed.code == 0 and "shares 3, 1, 2" in signed.out, signed.err


def test_a_share_is_held_against_the_right_transcript_only(table):
    other = Table(table.bench, "another-root")
    assert other.root().code == 0
    answer = check(table, other.share(1))
    assert answer.code == 3 and "of ANOTHER ceremony" in answer.out
    table.subordinate()
    assert table.run("sign-subordinate", *table.shares()).code == 0
    wrong = table.bench.run("ceremony", "check-share", table.share(1), "--transcript",
                            table.out("sign-subordinate") / "transcript.jsonl")
    assert wrong.code == 1 and "a step that made no shares" in wrong.err and "CHANGED" not in wrong.out, wrong.out + wrong.err
    transcript = table.out() / "transcript.jsonl"
    text = transcript.read_text()
    for changed in (text.replace("custodian-1", "custodian-9", 1), "".join(text.splitlines(keepends=True)[:-1]), text[:-3]):
        transcript.write_text(changed)
        answer = check(table, table.share(1))
        assert answer.code == 1 and "was not compared" in answer.err, answer.out


def test_every_slip_of_the_pen_is_found(table):
    """One digit, two digits or groups exchanged, lines exchanged, left out, doubled, the end cut off."""
    right = table.share(3).read_text()
    lines = right.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith("1 "))
    begin = right.index("\nset ") + 1
    slips = [right[:at] + ("0" if right[at] != "0" else "1") + right[at + 1:] for at in range(begin, len(right), 3)
             if right[at] in "0123456789abcdef"]
    slips += [right[:at] + right[at + 1] + right[at] + right[at + 2:] for at in range(right.index("\n1  ") + 4, len(right) - 2, 5)
              if right[at] != right[at + 1] and " " not in right[at:at + 2] and "\n" not in right[at:at + 2]]
    groups = lines[first].split()
    slips += ["".join([*lines[:first], " ".join([groups[0], groups[2], groups[1], *groups[3:]]) + "\n", *lines[first + 1:]])]
    slips += ["".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2:]]) for at in range(first, len(lines) - 1)]
    slips += ["".join([*lines[:at], *lines[at + 1:]]) for at in range(first, len(lines))]
    slips += ["".join([*lines[:at], lines[at], *lines[at:]]) for at in range(first, len(lines))]
    slips += [right.replace("0", "o", 1) if "0" in right[begin:] else "", right[:len(right) // 2], right + "more\n", ""]
    typed = table.folder / "typed"
    for number, text in enumerate(slips):
        if text == right:
            continue
        typed.write_text(text)
        answer = check(table, typed, transcript=False)
        assert answer.code == 1, (number, text)
        assert "line " in answer.err or not text, answer.err


@pytest.mark.parametrize("line", ["set", "share", "proof"])
def test_a_heading_that_is_typed_wrong_is_not_blamed_on_a_line(table, line):
    text = table.share(2).read_text()
    typed = table.folder / "typed"
    typed.write_text(re.sub(rf"^({line} +)([0-9a-f])", lambda found: found[1] + ("3" if found[2] != "3" else "1"), text, flags=re.M))
    answer = table.bench.run("ceremony", "check-share", typed)
    assert answer.code in (1, 3) and "look for the wrong digit in the lines set, share and proof" in answer.out + answer.err, answer.err
    first = body_lines(text)[0]
    typed.write_text(text.replace(first, first[:-1] + ("0" if first[-1] != "0" else "1")))
    answer = table.bench.run("ceremony", "check-share", typed)
    assert answer.code in (1, 3) and "a digit is wrong in it" in answer.out + answer.err and "proof" not in answer.out + answer.err


def test_a_share_of_the_same_set_with_another_threshold_says_so(table):
    other = table.folder / "other"
    other.write_text(forged(table.share(2).read_text().replace("any 2 restore", "any 3 restore")))
    answer = table.bench.run("ceremony", "check-share", table.share(1), other)
    assert answer.code in (1, 3) and "says that any 3 of 3 restore, share 1 of the same set that any 2 of 3 restore" in answer.out + answer.err, answer.err
    assert "another ceremony" not in answer.out + answer.err
