"""Looking at what moved since an instant sees what is wrong in it, and the worker looks by itself."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, LiteralString, cast

import pytest

from rempart.bootstrap import minding as bootstrap_minding
from rempart.bootstrap.minding import Minding
from rempart.storage.invariants import CONTINUOUS, check
from support.money import DAY, NOW, SITES

if TYPE_CHECKING:
    from rempart.storage.invariants._told import Connection
    from support.money import MoneyWorld

pytestmark = pytest.mark.postgres
FILE = "main-20261123-01.xml"
GIFT = (
    "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
    "select 'owed:a:b', credit, 1, 'gift', gen_random_uuid(), %s from rempart.transfer where kind = 'reserve'"
)


class FixedClock:
    """Moves when it is told to."""

    def __init__(self, instant: int) -> None:
        self.instant = instant

    def now(self) -> int:
        return self.instant

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def paid(money: MoneyWorld) -> MoneyWorld:
    money.decide()
    money.decide(SITES[1])
    money.pay()
    money.confirm(FILE)
    return money


def test_a_fault_is_seen_by_who_looks_from_before_it(paid: MoneyWorld) -> None:
    """From after it, it is not: the look at everything, once a day, sees it still."""
    with paid.sql() as connection:
        connection.execute(GIFT, (NOW + 50,))
    with paid.sql("worker") as connection:
        assert check(connection, NOW + 40)["reserved_is_what_is_open"]
        assert not any(check(connection, NOW + 60, CONTINUOUS).values())
        assert check(connection)["reserved_is_what_is_open"]


def test_a_sound_ledger_is_sound_from_any_instant(paid: MoneyWorld) -> None:
    """What lies before the instant is not missed in the sums of what lies after it."""
    paid.decide(amc=333)
    paid.pay(DAY + timedelta(days=1))
    with paid.sql("worker") as connection:
        for since in (0, NOW - 10, NOW - 5, NOW, NOW + 1, NOW + 2, NOW + 86_400_000_000):
            assert not any(check(connection, since, CONTINUOUS).values()), since


def test_the_worker_rings_once_and_counts(paid: MoneyWorld) -> None:
    """A broken invariant is an alarm with its name, told once, and a metric until a look at everything is clean."""
    clock = FixedClock(NOW + 100)
    minding = Minding(paid.settings, paid.database.url("worker"), clock)
    with paid.sql("worker") as connection:
        assert minding.round(connection) == {}
        with paid.sql() as admin:
            admin.execute(GIFT, (NOW + 101,))
        clock.instant += 60_000_000
        assert list(minding.round(connection)) == ["reserved_is_what_is_open"]
        minding.round(connection)
    assert paid.one("select count(*) from rempart.alarm where code = 'invariant-broken'") == 1
    assert paid.one("select context->>'invariant' from rempart.alarm") == "reserved_is_what_is_open"
    assert minding.figures.broken.of()["reserved_is_what_is_open"] == 2  # type: ignore[index]  # a level with a label


def test_after_a_long_look_the_worker_rests_and_misses_nothing(
    paid: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What broke while it rested is found by the next look, however long ago it was."""
    monkeypatch.setattr(bootstrap_minding, "LONG", 0.0)
    monkeypatch.setattr(bootstrap_minding, "REST", 1_000_000)
    clock = FixedClock(NOW + 100)
    minding = Minding(paid.settings, paid.database.url("worker"), clock)
    with paid.sql("worker") as connection:
        assert minding.round(connection) == {}
        with paid.sql() as admin:
            admin.execute(GIFT, (NOW + 101,))
        clock.instant += 4 * 3_600_000_000
        assert minding.round(connection) == {}
        monkeypatch.setattr(minding, "_rested", 0.0)
        assert list(minding.round(connection)) == ["reserved_is_what_is_open"]


def test_the_worker_begins_changes_and_carries_notices(paid: MoneyWorld) -> None:
    """What waited long enough becomes the payee, and each notice lies once in the demonstration's spool."""
    from rempart.application.bank_details import Said
    from rempart.bootstrap.bank_details import NewDetails, changing, propose
    from support.money import OPERATOR, iban

    paid.configure("unsafe_clear_files = true\ndemo_payee_verification = true\ndemo_notices = true")
    new = NewDetails(SITES[0], OPERATOR, "Pharmacie", iban(77), "D-1", "agent-1")
    change = propose(paid.settings, new, NOW)
    with changing(paid.settings) as (details, _):
        assert details.approve(change, Said("agent-2", "the owner"), NOW) == ""  # type: ignore[arg-type]  # it is an id
    clock = FixedClock(NOW + 72 * 3_600_000_000)
    minding = Minding(paid.settings, paid.database.url("worker"), clock)
    with paid.sql("worker") as connection:
        minding.round(connection)
        minding.round(connection)
    assert paid.one("select count(*) from rempart.payee where site = %s", SITES[0]) == 2
    spool = sorted(path.name[13:] for path in (paid.settings.paths.spool / "notices").iterdir())
    assert spool == ["bank-details-active.json", "bank-details-approved.json", "bank-details-proposed.json"]


class _Explaining:
    """A connection that explains each statement beside running it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plans: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: LiteralString, parameters: dict[str, int]) -> Any:
        rows = self._connection.execute(f"explain {statement}", parameters).fetchall()
        self.plans.append("\n".join(row[0] for row in rows))
        return self._connection.execute(statement, parameters)


@pytest.mark.parametrize("since", [0, NOW])
def test_no_look_goes_through_a_list_for_each_row(paid: MoneyWorld, since: int) -> None:
    """A condition on a sub-select costs list times rows beyond some 200,000: a million invoices took minutes."""
    with paid.sql("worker") as connection:
        looked = _Explaining(connection)
        check(cast("Connection", looked), since, CONTINUOUS)
        assert len(looked.plans) > 15
        assert not [plan for plan in looked.plans if re.search(r"ANY \(.*SubPlan", plan)]
