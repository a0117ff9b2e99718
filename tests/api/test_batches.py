"""The body of a batch: refused whole for its own shape, item by item for theirs; its release owes nothing to it."""

from __future__ import annotations

from uuid import UUID

import pytest

from rempart.api import batches
from rempart.api.deposits import Refusal
from rempart.ground.instants import MICROSECONDS
from rempart.ground.options import Batches
from rempart.storage.batches import BatchRow

HOUR = 3_600 * MICROSECONDS
ROW = BatchRow(UUID(int=1), "answered", 1, 10 * HOUR)


def item(number: int, question: str = '{"member":"a"}') -> str:
    return f'{{"item":{number},"question":{question}}}'


def body(*items: str) -> bytes:
    return f'{{"items":[{",".join(items)}]}}'.encode()


@pytest.mark.parametrize(
    ("sent", "code", "fault"),
    [
        (b"{", "malformed-body", ""),
        (b"\xff", "malformed-body", ""),
        (b"{}", "invalid-fields", "wrong-shape"),
        (body(), "invalid-fields", "no-items"),
        (body(*map(item, range(1, 2002))), "invalid-fields", "too-many-items"),
        (body(item(1), item(1)), "invalid-fields", "item-twice"),
        (body(item(0)), "invalid-fields", "wrong-shape"),
        (body(item(2**31)), "invalid-fields", "wrong-shape"),
        (body('{"item":1,"item":2,"question":{}}'), "repeated-field", ""),
        (body('{"item":1,"question":{},"name":"x"}'), "invalid-fields", "wrong-shape"),
        (b" " * (batches.BODY_MOST + 1), "body-too-large", ""),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(sent: bytes, code: str, fault: str) -> None:
    """By a stable code and a path, and no value of it."""
    found = batches._shaped(sent)
    assert isinstance(found, Refusal)
    assert (found.code, "".join(error.code for error in found.errors)) == (code, fault)


def test_2000_items_are_taken_and_one_wrong_question_spoils_none() -> None:
    """What a question holds is looked at item by item."""
    found = batches._shaped(body(*map(item, range(1, 2000)), item(9_999, '{"what":["ever"]}')))
    assert not isinstance(found, Refusal)
    assert len(found.items) == 2000


def test_a_batch_sealed_anew_is_known_by_its_mark() -> None:
    """All but the seals is compared, and without a mark the seals too."""

    def told(jwe: str, mark: str, reference: str = "r") -> bytes:
        question = f'{{"identity_jwe": "{jwe}","site_reference":"{reference}"}}'
        whole = body(item(1, question))
        return whole[:-1] + f',"sealed_mark":"{mark}"}}'.encode() if mark else whole

    def compared(sent: bytes) -> bytes:
        found = batches._shaped(sent)
        assert not isinstance(found, Refusal)
        return batches._comparable(found, sent)

    assert compared(told("a.b", "m")) == compared(told("c.d", "m"))
    assert compared(told("a.b", "m")) != compared(told("a.b", "n"))
    assert compared(told("a.b", "m")) != compared(told("a.b", "m", "other"))
    assert compared(told("a.b", "")) != compared(told("c.d", ""))


def test_a_release_is_ten_to_sixty_minutes_away_and_drawn_anew() -> None:
    """The configuration cannot bring it nearer or further, but a demonstration's."""
    drawn = [batches._delay(Batches()) for _ in range(2_000)]
    assert 600 * MICROSECONDS <= min(drawn) <= max(drawn) <= HOUR
    assert len(set(drawn)) > 1_900
    widest = Batches(release_spread_seconds=3_000)
    assert max(batches._delay(widest) for _ in range(2_000)) <= HOUR
    assert batches._delay(Batches(demo_release_seconds=1)) < 2 * MICROSECONDS


@pytest.mark.parametrize(
    ("state", "instant", "told"),
    [
        ("waiting", 9 * HOUR, "waiting"), ("waiting", 11 * HOUR, "waiting"), ("answered", 10 * HOUR - 1, "waiting"),
        ("answered", 10 * HOUR, "ready"), ("answered", 34 * HOUR - 1, "ready"), ("answered", 34 * HOUR, "expired"),
        ("expired", 50 * HOUR, "expired"),
    ],
)  # fmt: skip
def test_a_batch_is_ready_at_its_release_and_for_a_day(state: str, instant: int, told: str) -> None:
    """However early the worker was done, nothing is told before."""
    assert batches._standing(ROW._replace(state=state), instant, Batches()) == told
