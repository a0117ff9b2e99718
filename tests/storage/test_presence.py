"""Presence codes in the database: used up once, at one site, in time; after too many wrong ones none is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rempart.application.presence import Kept
from rempart.domain.presence import LIFE, WRONG_OF_CLIENT, WRONG_OF_SITE
from rempart.storage import door, presence
from support.settle_ledger import DAY, INSURER, NOW, OTHER, SITE, Ledger

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres
ENDS = NOW + LIFE * 1_000_000
KEPT = Kept(INSURER, "operator-1", b"sealed")


def finder(number: int) -> bytes:
    return number.to_bytes(16, "big")


class Codes:
    """The hub's own functions over its own connection."""

    def __init__(self, database: Database) -> None:
        self._url = database.url("hub")

    def _run(self, what: Callable[[door.Database], Coroutine[Any, Any, Any]]) -> Any:
        async def run() -> Any:
            database = door.Database(self._url)
            try:
                return await what(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def give(self, number: int, *, site: str = "", instant: int = NOW) -> Any:
        expires = instant + LIFE * 1_000_000
        return self._run(
            lambda hub: presence.give(hub, finder(number), KEPT, site=site, instant=instant, expires=expires)
        )

    def claim(self, *numbers: int, site: str = SITE, client: str = "client-1", instant: int = NOW) -> Any:
        """What the last one gets."""

        async def each(hub: door.Database) -> Any:
            found = [
                await presence.claim(hub, finder(one), site=site, client=client, instant=instant) for one in numbers
            ]
            return found[-1]

        return self._run(each)


@pytest.fixture
def ledger(postgres: Database) -> Ledger:
    made = Ledger(postgres)
    made.fill()
    made.sql(
        "insert into rempart.insurer (insurer, name, operator, member_rule, since) values (%s, 'I', 'op', '{}', 0)",
        INSURER,
    )
    return made


@pytest.fixture
def codes(ledger: Ledger) -> Codes:
    return Codes(ledger.database)


def test_a_code_is_good_once(codes: Codes, ledger: Ledger) -> None:
    """What was kept comes back; then nothing of it is left, for anybody who reads the table."""
    assert codes.give(1) == "ok"
    assert codes.claim(1) == KEPT
    assert ledger.sql("select * from rempart.presence_code") == []
    assert codes.claim(1) == ""


def test_one_answer_for_unknown_used_over_and_elsewhere(codes: Codes) -> None:
    """Each is counted alike; a code of another site stays good there."""
    codes.give(2, site=OTHER)
    codes.give(3)
    assert [codes.claim(one) for one in (1, 2)] == ["", ""]
    assert codes.claim(3, instant=ENDS) == ""
    assert codes.claim(2, site=OTHER) == KEPT


def test_a_client_that_guesses_is_stopped_for_the_day(codes: Codes) -> None:
    """Then a good code is not looked at either, and is not used up; a colleague and the next day go on."""
    codes.give(1)
    assert codes.claim(*range(100, 100 + WRONG_OF_CLIENT)) == ""
    assert codes.claim(1) == "presence-attempts"
    assert codes.claim(1, client="client-2") == KEPT
    assert codes.claim(1, instant=NOW + DAY) == ""


def test_a_site_whose_clients_guess_is_stopped_together(codes: Codes) -> None:
    """Many accounts have no more guesses than their site."""
    codes.give(1)
    for place in range(WRONG_OF_SITE // WRONG_OF_CLIENT):
        assert codes.claim(*range(100, 100 + WRONG_OF_CLIENT), client=f"client-{place}") == ""
    assert codes.claim(1, client="client-new") == "presence-attempts"
    assert codes.claim(1, client="client-new", site=OTHER) == KEPT


def test_right_codes_never_count(codes: Codes) -> None:
    """However many people forget their cards in a day."""
    for number in range(1, WRONG_OF_CLIENT + 3):
        codes.give(number)
        assert codes.claim(number) == KEPT


def test_what_is_over_is_forgotten_when_a_new_one_is_given(codes: Codes, ledger: Ledger) -> None:
    """Codes that nobody used, and counts of a month ago."""
    codes.give(1)
    codes.claim(9)
    codes.give(2, instant=NOW + 31 * DAY)
    assert ledger.sql("select finder from rempart.presence_code") == [(finder(2),)]
    assert ledger.sql("select distinct day from rempart.presence_count") == [(NOW // DAY + 31,)]


def test_an_insurer_has_so_many_codes_a_day(codes: Codes, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused, and none is kept; the next day it goes on."""
    monkeypatch.setattr("rempart.domain.presence.GIVEN_A_DAY", 2)
    assert [codes.give(number) for number in (1, 2, 3)] == ["ok", "ok", "presence-budget"]
    assert codes.give(4, instant=NOW + DAY) == "ok"
    assert ledger.sql("select count(*) from rempart.presence_code where finder = %s", finder(3)) == [(0,)]


@pytest.mark.parametrize("role", ["hub", "worker", "auditor"])
def test_nobody_reads_the_codes(ledger: Ledger, role: str) -> None:
    """The hub calls two functions, and no program may list what they keep."""
    for table in ("presence_code", "presence_count"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ledger.sql(f"select * from rempart.{table}", role=role)  # noqa: S608 - names of this test
