"""Closing and restricting take one person, opening two different ones; every step is written down for good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rempart.domain.identifiers import Fault
from rempart.storage.compartments import (
    Opening,
    Shutting,
    closures,
    compartments,
    history,
    holds_somebody,
    open_again,
    shut,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def worker(postgres: Database) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection, autocommit."""
    with psycopg.connect(postgres.url("worker"), autocommit=True) as connection:
        yield connection


def close(worker: psycopg.Connection[Any], name: str, reason: str, instant: int, state: str = "closed") -> Fault | None:
    """One officer closes or restricts."""
    return shut(worker, Shutting(name, state, reason, "Anne  B"), instant)


def test_two_different_people_open(worker: psycopg.Connection[Any]) -> None:
    """One voice is not enough, the same person's second neither; a different one opens."""
    assert close(worker, "hub", "drill", 10) is None
    assert open_again(worker, "hub", "Anne", 11) == Opening("closed", ("anne",))
    assert open_again(worker, "hub", "  ANNE ", 12) == Fault("officer", "officer-already-spoke")
    assert compartments(worker)[0].agreed == ("anne",)
    assert open_again(worker, "hub", "Bruno", 13) == Opening("open", ("anne", "bruno"))
    assert [(row.compartment, row.state) for row in compartments(worker)] == [("hub", "open")]
    assert open_again(worker, "hub", "Chloe", 14) == Fault("compartment", "not-closed")


def test_what_was_said_of_one_closing_opens_no_later_one(worker: psycopg.Connection[Any]) -> None:
    """Closed again, even while closed or with an instant that stands still, it needs two new voices."""
    close(worker, "hub", "drill", 10)
    open_again(worker, "hub", "anne", 11)
    close(worker, "hub", "again", 10)
    assert open_again(worker, "hub", "bruno", 12) == Opening("closed", ("bruno",))
    assert open_again(worker, "hub", "anne", 13) == Opening("open", ("bruno", "anne"))
    worker.execute("update rempart.compartment set state = 'closed'")
    with pytest.raises(psycopg.errors.CheckViolation):
        worker.execute("update rempart.compartment set state = 'open'")


@pytest.mark.parametrize("role", ["worker", "owner", "admin"])
@pytest.mark.parametrize(
    "statement",
    [
        "update rempart.compartment set state = 'open'",
        "update rempart.compartment set state = 'restricted'",
        "update rempart.compartment set changed = 0, state = 'open'",
        "update rempart.compartment set compartment = 'channel:api'",
        "delete from rempart.compartment",
    ],
)
def test_raw_sql_cannot_open_alone(
    worker: psycopg.Connection[Any], postgres: Database, role: str, statement: str
) -> None:
    """Neither by state, nor by moving or deleting the row; the voices cannot be rewritten."""
    close(worker, "hub", "drill", 10)
    open_again(worker, "hub", "anne", 11)
    with psycopg.connect(postgres.url(role), autocommit=True) as raw:
        with pytest.raises(psycopg.Error) as refused:
            raw.execute(statement.encode())
        assert refused.value.sqlstate in {"23514", "42501"}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("update rempart.compartment_opening set officer = 'bruno'")
    assert compartments(worker)[0].state == "closed"


@pytest.mark.parametrize(
    ("name", "reason", "code"),
    [
        ("everything", "drill", "compartment-unknown"),
        ("insurer:12", "drill", "compartment-unknown"),
        ("hub", "Mme Martin, née 1985", "reason-shape"),
        ("hub", "", "reason-shape"),
    ],
)
def test_a_name_or_reason_that_is_none_closes_nothing(
    worker: psycopg.Connection[Any], name: str, reason: str, code: str
) -> None:
    """A misspelt compartment would close nothing and reassure; a reason is no place for a person."""
    fault = close(worker, name, reason, 10)
    assert fault is not None
    assert (fault.code, compartments(worker)) == (code, ())


def test_a_restriction_needs_two_people_too(worker: psycopg.Connection[Any]) -> None:
    """It is opened as a closing is; closed meanwhile, what was said of the restriction counts no more."""
    assert close(worker, "region:971", "attack", 10, "restricted") is None
    assert open_again(worker, "region:971", "anne", 11) == Opening("restricted", ("anne",))
    with pytest.raises(psycopg.errors.CheckViolation):
        worker.execute("update rempart.compartment set state = 'open'")
    assert close(worker, "region:971", "attack", 11) is None
    assert open_again(worker, "region:971", "bruno", 12) == Opening("closed", ("bruno",))
    assert close(worker, "region:971", "calmer", 13, "restricted") == Fault("compartment", "closed-already")
    assert open_again(worker, "region:971", "anne", 14) == Opening("open", ("bruno", "anne"))


def test_voices_about_an_earlier_closing_are_never_heard_again(worker: psycopg.Connection[Any]) -> None:
    """Not even by setting the instant of the closing back to the one that two people spoke about."""
    close(worker, "hub", "drill", 10)
    open_again(worker, "hub", "anne", 11)
    open_again(worker, "hub", "bruno", 12)
    close(worker, "hub", "drill", 20)
    worker.execute("update rempart.compartment set changed = 10")
    assert compartments(worker)[0].changed == 20
    with pytest.raises(psycopg.errors.CheckViolation):
        worker.execute("update rempart.compartment set state = 'open'")


def test_who_when_and_why_is_written_down(worker: psycopg.Connection[Any]) -> None:
    """Closing with its sentences and expected end, each voice, and the opening; of one compartment or of all."""
    asked = Shutting("portal:op", "closed", "attack", "Anne", 500, "Nous revenons.", "We are back soon.")
    assert shut(worker, asked, 10) is None
    (told,) = closures(worker)
    assert (told.reopens, told.french, told.english) == (500, "Nous revenons.", "We are back soon.")
    close(worker, "hub", "drill", 11)
    open_again(worker, "portal:op", "Anne", 12)
    open_again(worker, "portal:op", "Bruno", 13)
    steps = [(one.instant, one.step, one.officer, one.reason, one.reopens) for one in history(worker, "portal:op")]
    assert steps == [
        (10, "closed", "anne", "attack", 500), (12, "agreed", "anne", "", None), (13, "agreed", "bruno", "", None),
        (13, "open", "bruno", "", None),
    ]  # fmt: skip
    assert len(history(worker)) == 5
    assert [one.compartment for one in closures(worker)] == ["hub"]


@pytest.mark.parametrize("role", ["worker", "owner", "admin", "hub"])
def test_nobody_edits_the_history_and_a_bare_statement_is_in_it(
    worker: psycopg.Connection[Any], postgres: Database, role: str
) -> None:
    """The table writes its own history; no role changes, deletes or, but the owner, adds a line."""
    worker.execute("insert into rempart.compartment (compartment, state, changed) values ('hub', 'closed', 7)")
    assert [(one.instant, one.step, one.officer) for one in history(worker)] == [(7, "closed", "")]
    with psycopg.connect(postgres.url(role), autocommit=True) as raw:
        for statement in (
            "update rempart.compartment_event set officer = 'x'",
            "delete from rempart.compartment_event",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(statement.encode())
    for statement in (
        "insert into rempart.compartment_event (compartment, state) values ('hub', 'open')",
        "truncate rempart.compartment_event",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute(statement.encode())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "open"}, "not-restrictable"),
        ({"compartment": "function:bank-details", "state": "restricted"}, "not-restrictable"),
        ({"officer": "  "}, "officer-missing"),
        ({"reopens": 10}, "reopens-in-the-past"),
        ({"french": "Oui."}, "sentence-in-both-languages"),
        ({"french": "a" * 301, "english": "b"}, "sentence-shape"),
    ],
)
def test_what_cannot_be_told_or_kept_closes_nothing(
    worker: psycopg.Connection[Any], changes: dict[str, Any], code: str
) -> None:
    """No opening by the back door, no closing without a person, no sentence that half the public cannot read."""
    fault = shut(worker, replace(Shutting("hub", "closed", "drill", "anne"), **changes), 10)
    assert fault is not None
    assert (fault.code, compartments(worker), history(worker)) == (code, (), ())


def test_a_name_that_holds_nobody_is_noticed(worker: psycopg.Connection[Any]) -> None:
    """A profession, region, insurer, operator or portal that nobody belongs to; the hub and its channels hold all."""
    worker.execute(
        "insert into rempart.site (site, profession, operator, region, since) "
        "values ('992300010', 'pharmacy', 'op', '2A', 0)"
    )
    for name in ("hub", "channel:api", "profession:pharmacy", "region:2A", "operator:op"):
        assert holds_somebody(worker, name)
    for name in ("profession:pharmcy", "region:75", "operator:po", "portal:op", "insurer:0000401166"):
        assert not holds_somebody(worker, name)
