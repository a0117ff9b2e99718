"""The number that guarantees payment survives being copied by hand, and is bound to what it was given for."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.accreditation import ALPHABET, LENGTH, RANDOM_BYTES, bind, number, parse, printed, stored

randoms = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)
SAMPLE = number(bytes(range(RANDOM_BYTES)))


@given(random=randoms, prefix=st.sampled_from("AP"))
def test_a_number_is_read_back_as_it_was_made(random: bytes, prefix: str) -> None:
    """Compact, printed by fours of five, lower case or with hyphens: it is the same number."""
    made = number(random, prefix=prefix)
    assert len(made) == LENGTH
    assert set(made) <= set(ALPHABET)
    for text in (made, printed(made), made.lower(), printed(made).replace(" ", "-"), f"  {made}\n"):
        assert parse(text, prefix=prefix) == made
    assert parse(made, prefix="P" if prefix == "A" else "A") is None


@given(random=randoms)
def test_any_single_wrong_character_is_seen(random: bytes) -> None:
    """Each of the 20 places, each of the 31 other characters: none passes."""
    made = number(random)
    for place, character in product(range(LENGTH), ALPHABET):
        if character != made[place]:
            assert parse(made[:place] + character + made[place + 1 :]) is None


@given(random=randoms)
def test_swapped_neighbours_are_seen_but_for_one_pair(random: bytes) -> None:
    """Luhn's algorithm misses the swap of the first and the last character of the alphabet, and no other."""
    made = number(random)
    for place in range(LENGTH - 1):
        one, other = made[place], made[place + 1]
        swapped = made[:place] + other + one + made[place + 2 :]
        if one != other and {one, other} != {ALPHABET[0], ALPHABET[-1]}:
            assert parse(swapped) is None


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    """O is zero, I and L are one, whoever writes them."""
    made = next(n for n in (number(bytes([x]) * RANDOM_BYTES) for x in range(256)) if "0" in n and "1" in n)
    assert parse(made.replace("0", "O").replace("1", "I")) == made
    assert parse(made.replace("0", "o").replace("1", "l")) == made


def test_what_is_no_number_is_none() -> None:
    """Too short, too long, empty, a letter outside the alphabet, a character that has no place in ASCII."""
    for text in ("", "A", SAMPLE[:-1], SAMPLE + "0", "U" + SAMPLE[1:], SAMPLE[:5] + "U" + SAMPLE[6:], "é" * LENGTH):
        assert parse(text) is None


@given(one=randoms, other=randoms)
def test_numbers_and_what_is_stored_of_them_differ_with_the_random_bits(one: bytes, other: bytes) -> None:
    """90 of the 96 bits make the number, and the stored hash follows the number."""
    kept = (1 << 90) - 1
    same = int.from_bytes(one, "big") & kept == int.from_bytes(other, "big") & kept
    assert (number(one) == number(other)) is same
    assert (stored(number(one)) == stored(number(other))) is same
    assert len(stored(number(one))) == 16


def test_the_binding_changes_with_each_part() -> None:
    """Another person, number, site, set of domains, first or last day: another MAC, and never a confusion of parts."""
    hashed = stored(SAMPLE)
    macs = {
        bind(b"k" * 32, hashed, "992300010", (3, 20_000, 20_007)),
        bind(b"l" * 32, hashed, "992300010", (3, 20_000, 20_007)),
        bind(b"k" * 32, bytes(16), "992300010", (3, 20_000, 20_007)),
        bind(b"k" * 32, hashed, "992300028", (3, 20_000, 20_007)),
        bind(b"k" * 32, hashed, "992300010", (1, 20_000, 20_007)),
        bind(b"k" * 32, hashed, "992300010", (3, 20_001, 20_007)),
        bind(b"k" * 32, hashed, "992300010", (3, 20_000, 20_008)),
        bind(b"k" * 32, hashed, "992300010", (20_000, 3, 20_007)),
    }
    assert len(macs) == 8
    assert {len(mac) for mac in macs} == {16}
    assert bind(b"k" * 32, hashed, "992300010", (3, 20_000, 20_007)) in macs
