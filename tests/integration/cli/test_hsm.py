"""chancery hsm: slots, tokens and keys."""
from conftest import MODULE


def test_list_slots_shows_every_token_with_its_serial(bench):
    slots = bench.run("hsm", "list-slots", "--module", MODULE, "--output", "json").json()["slots"]
    labels = {slot["token"]["label"] for slot in slots if slot.get("initialized")}
    assert {"root", "issuing"} <= labels
    table = bench.run("hsm", "list-slots", "--module", MODULE)
    assert table.code == 0
    assert "issuing" in table.out


def test_generate_key_makes_a_key_that_cannot_leave(bench):
    made = bench.run("hsm", "generate-key", *bench.token(), "--label", "k1", "--key-type", "EC_prime256v1",
                     "--output", "json").json()
    assert "object=k1" in made["uri"]
    assert "BEGIN PUBLIC KEY" in made["public_key"]


def test_a_label_is_never_used_twice(bench):
    first = bench.run("hsm", "generate-key", *bench.token(), "--label", "k1")
    assert first.code == 0, first.err
    second = bench.run("hsm", "generate-key", *bench.token(), "--label", "k1")
    assert second.code == 1
    assert "k1" in second.err


def test_a_wrong_pin_is_named_and_tried_once(bench):
    bench.pin().write_text("wrong-pin\n")
    answer = bench.run("hsm", "generate-key", *bench.token(), "--label", "k1")
    assert answer.code == 1
    assert "CKR_PIN_INCORRECT" in answer.err
    assert "wrong-pin" not in answer.err + answer.out


def test_a_missing_module_is_named(bench):
    answer = bench.run("hsm", "list-slots", "--module", "/no/such/module.so")
    assert answer.code == 1
    assert "/no/such/module.so" in answer.err


def test_wrong_usage_ends_with_2(bench):
    assert bench.run("hsm", "list-slots").code == 2
    assert bench.run("no-such-verb").code == 2
    assert bench.run("--help").code == 0
