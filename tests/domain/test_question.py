"""A question id names one instant of one hub, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.accreditation import ALPHABET
from rempart.domain.question import LENGTH, identifier, parse

instants = st.integers(0, 2**52 - 1)
hubs = st.integers(0, 255)


@given(instant=instants, hub=hubs)
def test_an_id_is_read_back_as_its_instant_and_hub(instant: int, hub: int) -> None:
    """Upper or lower case, with spaces around: the same two numbers."""
    made = identifier(instant, hub)
    assert len(made) == LENGTH
    assert set(made) <= set(ALPHABET)
    assert parse(made) == parse(f" {made.lower()}\n") == (instant, hub)


@given(one=st.tuples(instants, hubs), other=st.tuples(instants, hubs))
def test_two_questions_have_two_ids_in_the_order_of_time(one: tuple[int, int], other: tuple[int, int]) -> None:
    """Ids differ as soon as instant or hub does, and sort as the instants do."""
    made, also = identifier(*one), identifier(*other)
    assert (made == also) is (one == other)
    assert (made < also) is (one < other)


def test_an_id_of_this_century_fits() -> None:
    """52 bits of microseconds reach the year 2112."""
    last = 4_481_000_000 * 1_000_000  # 31 December 2111
    assert parse(identifier(last, 255)) == (last, 255)


def test_what_is_no_id_is_none() -> None:
    """Too short, too long, empty, or a character outside the alphabet."""
    made = identifier(1_795_420_800_000_000, 3)
    for text in ("", made[:-1], made + "0", "U" + made[1:], "é" * LENGTH):
        assert parse(text) is None
